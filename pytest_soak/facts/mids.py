"""The mid of a feed in time: just before an order, some time after it, every second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pytest_soak.facts.feed import Orders, Tops
from pytest_soak.facts.series import Array

SECOND_US = 1_000_000


def moves_bps(orders: Orders, tops: Tops, seconds: float) -> tuple[Array, NDArray[np.bool_]]:
    """How far the mid went with each order within `seconds`, in bps, and whose that is.

    An order is left out where the feed ends sooner, or begins with it.
    """
    later = orders.time_us + round(seconds * SECOND_US)
    seen: NDArray[np.bool_] = _has_mid(orders, tops) & (later <= tops.time_us[-1])
    before = tops.mid_at(orders.time_us[seen])
    move = tops.mid_at(later[seen]) / before - 1.0
    return 1e4 * orders.sign[seen] * move, seen


def paid_bps(orders: Orders, tops: Tops) -> Array:
    """What each order paid over the mid just before it, in bps: the effective half spread."""
    seen = _has_mid(orders, tops)
    before = tops.mid_at(orders.time_us[seen])
    return 1e4 * orders.sign[seen] * (orders.price[seen] / before - 1.0)


def _has_mid(orders: Orders, tops: Tops) -> NDArray[np.bool_]:
    begun: NDArray[np.bool_] = orders.time_us > tops.time_us[0]
    return begun


def returns_bps(tops: Tops, seconds: int) -> Array:
    """Log returns of the mid over `seconds` each, in bps, from a second after the first top on."""
    first, last = tops.time_us[0], tops.time_us[-1]
    mid = tops.mid_at(np.arange(first + SECOND_US, last, SECOND_US * seconds))
    return np.diff(np.log(mid)) * 1e4

"""Feeds made by hand, whose facts are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from pytest_soak.facts.feed import LaneFeed, Orders, Tops

SECOND_US = 1_000_000


def orders_at(
    time_us: ArrayLike, sign: ArrayLike, price: ArrayLike, quantity: ArrayLike = 1.0
) -> Orders:
    """Orders at these times; what is one number is the same for all."""
    time = np.asarray(time_us, np.int64)
    rest = (np.broadcast_to(np.asarray(x, float), time.shape) for x in (sign, price, quantity))
    return Orders(time, *rest)


def tops_at(time_us: ArrayLike, mid: ArrayLike, spread: ArrayLike = 2.0) -> Tops:
    """Tops with a mid and a spread; what is one number is the same for all."""
    time = np.asarray(time_us, np.int64)
    mids, spreads = (np.broadcast_to(np.asarray(x, float), time.shape) for x in (mid, spread))
    return Tops(time, mids - spreads / 2, mids + spreads / 2, np.full(time.shape, 1000.0))


def walk(returns_bps: Sequence[float] | ArrayLike, price: float = 10_000.0) -> Tops:
    """Tops whose mid moves by these log returns, one a second, half a second before it is asked."""
    mid = price * np.exp(np.cumsum(np.r_[0.0, 0.0, np.asarray(returns_bps, float)]) * 1e-4)
    time = np.arange(len(mid)) * SECOND_US - SECOND_US // 2
    return tops_at(np.r_[0, time[1:], time[-1] + SECOND_US], np.r_[mid, mid[-1]])


def quiet(orders: int = 0, seconds: int = 600) -> LaneFeed:
    """A feed in which the mid stays, with orders that pay the half spread of 1 bps, in turns."""
    time = np.linspace(10, seconds - 100, orders).astype(np.int64) * SECOND_US
    sign = np.tile([1.0, -1.0], orders)[:orders]
    tops = tops_at(np.arange(seconds + 1) * SECOND_US, 10_000.0)
    return LaneFeed(orders_at(time, sign, 10_000.0 + sign), tops, tick=1.0)

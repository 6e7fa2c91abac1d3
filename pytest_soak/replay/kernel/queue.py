"""Where an own order stands in its queue; a number that is not known is never good news."""

from __future__ import annotations

import math

from pytest_soak.market.kernel.jit import Record, kernel_function
from pytest_soak.replay.kernel.book import rounded
from pytest_soak.replay.kernel.state import POWER, RISK_AVERSE


@kernel_function
def on_trade(order: Record, size: float) -> None:
    """What traded at its price was ahead of it."""
    order.ahead -= size
    order.traded += size


@kernel_function
def is_first(feed: Record, order: Record) -> bool:
    """Whether more has traded than stood ahead."""
    return bool(rounded(-order.ahead / feed.lot) > 0)


@kernel_function
def on_size(feed: Record, order: Record, before: float, size: float) -> None:
    """The size of its level has changed.

    At most all of it is ahead. With a probability model a decrease that was no trade (trades are in
    it already) is shared between what is ahead and what is behind.
    """
    if feed.queue == RISK_AVERSE:
        order.ahead = min(order.ahead, size)
        return
    change = before - size - order.traded
    order.traded = 0.0
    if change < 0.0:
        order.ahead = min(order.ahead, size)
        return
    ahead = order.ahead
    behind = before - ahead
    share = _share(feed, ahead, behind)
    if math.isinf(share):
        share = 1.0
    left = ahead - (1.0 - share) * change + min(behind - share * change, 0.0)
    order.ahead = size if math.isnan(left) else min(left, size)


@kernel_function
def _share(feed: Record, ahead: float, behind: float) -> float:
    """Which share of a decrease was behind."""
    if feed.queue == POWER:
        weight = behind**feed.power
        return float(weight / (weight + ahead**feed.power))
    weight = math.log(1.0 + behind)
    return float(weight / (weight + math.log(1.0 + ahead)))

"""Lanes by what they earned on a day, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import NamedTuple

import numpy as np

from pytest_soak.artifacts.daily_models import DailyLane
from pytest_soak.dataset.row import Row
from pytest_soak.release.daily_rules import DailyRules
from pytest_soak.stats.batches import lacking, mean_along


class Ranking(NamedTuple):
    """Lanes from the best down, from the worst up, and those with too few fills."""

    best: list[DailyLane]
    worst: list[DailyLane]
    unranked: list[DailyLane]


def earned(lane: str, rows: Sequence[Row]) -> DailyLane:
    """What the rows of a lane come to.

    The interval is that of their mean, which allows for rows that resemble their neighbours, times
    their number.
    """
    fills = sum(row.fills for row in rows)
    nets = [row.net_quote for row in rows if row.net_quote is not None]
    net = fsum(nets) if nets else None
    values = np.array(nets)
    low = high = None
    if more := lacking(values):
        reason = f"{len(nets)} intervals, {more} more needed"
    elif np.ptp(values) == 0.0:
        reason = "every interval is the same, which tells nothing of how they vary"
    else:
        reason, mean = "", mean_along(values)
        low, high = (len(nets) * (mean.mean + way * mean.half_width) for way in (-1.0, 1.0))
    return DailyLane(lane=lane, fills=fills, net_quote=net, low=low, high=high, reason=reason)


def ranked(lanes: Sequence[DailyLane], rules: DailyRules) -> Ranking:
    """The best and the worst lanes by net_quote, none of them twice."""
    able = [one for one in lanes if one.net_quote is not None and one.fills >= rules.least_fills]
    able.sort(key=lambda one: (-(one.net_quote or 0.0), one.lane))
    best, rest = able[: rules.best], able[rules.best :]
    worst = list(reversed(rest))[: rules.worst]
    return Ranking(best, worst, [one for one in lanes if one not in able])

"""Facts and curves of several feeds of one market: means, and how sure they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pytest_soak.facts.curves import GRIDS, SPREAD, curves
from pytest_soak.facts.definitions import FACTS
from pytest_soak.facts.feed import LaneFeed
from pytest_soak.facts.measure import measure
from pytest_soak.facts.series import Array
from pytest_soak.stats.paired import mean_interval

SHOWN_TIME = 0.999
"""Of the spread's distribution: the widest spreads beyond are left out of its curve."""


@dataclass(frozen=True)
class Estimate:
    """The mean over those lanes that have a value, None without any.

    `half_width` is that of the 95 % interval, None with fewer than two lanes.
    """

    mean: float | None
    half_width: float | None
    lanes: int


@dataclass(frozen=True)
class Curve:
    """An estimate at each `x`."""

    x: Sequence[float]
    y: Sequence[Estimate]


@dataclass(frozen=True)
class Survey:
    """What the feeds of a market show, by the names in `definitions.FACTS` and of `curves`."""

    facts: Mapping[str, Estimate]
    curves: Mapping[str, Curve]


def survey(feeds: Iterable[LaneFeed]) -> Survey:
    """Facts and curves over feeds that are independent of each other; one at a time is held."""
    measured = [(measure(feed), curves(feed)) for feed in feeds]
    facts = {
        fact.name: estimate(np.array([lane[fact.name] for lane, _ in measured])) for fact in FACTS
    }
    drawn = {
        name: _curve(grid, np.array([lane[name] for _, lane in measured]))
        for name, grid in GRIDS.items()
    }
    return Survey(facts, {SPREAD: _spread([lane[SPREAD] for _, lane in measured]), **drawn})


def estimate(values: Array) -> Estimate:
    """The estimate from one value a lane, NaN where a lane has none."""
    held = values[np.isfinite(values)]
    if len(held) == 0:
        return Estimate(None, None, 0)
    if len(held) == 1:
        return Estimate(float(held[0]), None, 1)
    return Estimate(*mean_interval(held), len(held))


def _curve(x: Sequence[float], lanes: Array) -> Curve:
    return Curve(x, [estimate(column) for column in lanes.T])


def _spread(lanes: Sequence[Array]) -> Curve:
    """The share of time by ticks; a lane of no length has no say."""
    longest = max(map(len, lanes))
    padded = np.array([np.pad(lane, (0, longest - len(lane))) for lane in lanes if len(lane)])
    if len(padded) == 0:
        return Curve([], [])
    shown = int(np.searchsorted(padded.mean(axis=0).cumsum(), SHOWN_TIME)) + 1
    return _curve(list(range(min(shown, longest))), padded[:, :shown])

"""The facts of the feed, without a maker, market by market."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.estimates import Array, lanes_told, short
from benchmarks.lanes import MARKETS, table
from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.facts.definitions import FACTS
from pytest_soak.facts.measure import measure
from pytest_soak.facts.simulated import market_feeds

HOURS = 3


def facts_table(seeds: Sequence[int]) -> str:
    """A row a fact, the markets side by side."""
    by_market = [lanes_of(market, seeds) for market in MARKETS]
    rows = [
        [f"`{fact.name}`", fact.published, *(_told(lanes[fact.name]) for lanes in by_market)]
        for fact in FACTS
    ]
    return table(["fact", "published", *MARKETS], rows)


def lanes_of(market: str, seeds: Sequence[int]) -> dict[str, Array]:
    """Each fact, one value a lane."""
    lanes = [measure(feed) for feed in market_feeds(BUILT_IN[market], seeds, HOURS, {})]
    return {fact.name: np.array([lane[fact.name] for lane in lanes]) for fact in FACTS}


def _told(values: Array) -> str:
    """Mean, interval and median: a lane in which one large order is worked pulls a mean far off."""
    return f"{lanes_told(values)} ({short(float(np.nanmedian(values)))})"

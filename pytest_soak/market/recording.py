"""Feeds of a simulated market for tests: what was traded and quoted, as columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pytest_soak.config.scenarios import Scenario
from pytest_soak.market.exchange import Exchange


@dataclass(frozen=True)
class Feed:
    """One-dimensional arrays of rows in order of time, in microseconds since the feed began.

    help(pytest_soak.market.exchange.Events) has the columns.

    Attributes:
        trades: TRADE rows: everybody's.
        tops: TOP rows: each change of the top of the book.
        seconds: SECOND rows: the mid.
    """

    trades: NDArray[np.void]
    tops: NDArray[np.void]
    seconds: NDArray[np.void]


def record_feed(
    market: str | Scenario = "calm",
    seed: int = 42,
    minutes: float = 60.0,
    settings: Mapping[str, float] | None = None,
) -> Feed:
    """Return the feed of a market with nobody but the crowd in it: the same for the same arguments.

    `market` is a scenario or the name of a built-in one, `settings` are those of
    `--soak-market-set`. Raises ValueError
    for an unknown market or setting, or a length that is not above 0.
    """
    if not minutes > 0:
        raise ValueError(f"minutes={minutes:g}: expected more than 0")
    exchange = Exchange(market, seed, settings)
    exchange.advance(round(minutes * 60e6))
    events = exchange.take_events()
    return Feed(trades=events.trades, tops=events.tops, seconds=events.seconds)

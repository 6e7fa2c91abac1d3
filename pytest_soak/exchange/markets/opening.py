"""How a symbol's market is opened: the built-in one, or a recorded feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Literal

from pytest_soak.config.instruments import Latency, Venue
from pytest_soak.config.scenarios import Scenario, load_scenario, scenario_shelf
from pytest_soak.exchange.ids import derived
from pytest_soak.exchange.instruments import Listing, traded
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.market.exchange import Exchange

Delays = Literal["venue", "none"]
Whole = tuple[Scenario, Mapping[str, float]]
"""A market that need not be looked for: its scenario, and the knobs that were turned."""
FEED = "feed:"


def open_market(
    symbol: str, listing: Listing, market: str | Whole, seed: int, open_us: int, delays: Delays
) -> SymbolMarket:
    """The market of a symbol, which opens at `open_us`.

    Raises SoakUsageError for a market that cannot be meant.
    """
    given = listing.market or market
    own = derived(seed, symbol)
    if isinstance(given, str) and given.startswith(FEED):
        from pytest_soak.exchange.markets.recorded import open_recorded

        return open_recorded(symbol, listing, given.removeprefix(FEED), own, open_us, delays)
    scenario, knobs = _scenario(given, listing)
    venue = scenario.venue if delays == "venue" else without_delays(scenario.venue)
    built = scenario.model_copy(update={"venue": venue})
    exchange = Exchange(built, own, knobs, limit_per_minute=None)
    listed = traded(symbol, listing, listing.instrument)
    lag = lags(venue.market_data, own)
    return SymbolMarket(listed, exchange, open_us, lag, delayed=delays == "venue")


def _scenario(given: str | Whole, listing: Listing) -> Whole:
    base = Path.cwd()
    if isinstance(given, str):
        given = load_scenario(given, scenario_shelf(base), base, "market"), {}
    found, knobs = given
    venue = listing.venue or found.venue
    own = found.model_copy(update={"instrument": listing.instrument, "venue": venue})
    return own, knobs


_NONE = Latency.model_construct(base_ms=0.0, median_ms=0.0, log_sd=0.0)


def without_delays(venue: Venue) -> Venue:
    """A venue that answers at once."""
    ways = ("to_gateway", "from_gateway", "service", "market_data")
    return venue.model_copy(update=dict.fromkeys(ways, _NONE))


def lags(latency: Latency, seed: int) -> Callable[[], int]:
    """Draws of how late market data is, in microseconds."""
    from math import log

    if latency.median_ms == 0:
        return lambda: 0
    random = Random(derived(seed, "lag"))
    median = log(latency.median_ms * 1e3)
    base = round(latency.base_ms * 1e3)
    return lambda: base + round(random.lognormvariate(median, latency.log_sd))

"""How a symbol's market is opened: the built-in one, or a recorded feed."""

from __future__ import annotations

from pathlib import Path

from pytest_soak.config.scenarios import Scenario, load_scenario, scenario_shelf
from pytest_soak.exchange.ids import derived
from pytest_soak.exchange.instruments import Listing, traded
from pytest_soak.exchange.markets.delays import lags, without_delays
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.settings import ExchangeSettings
from pytest_soak.market.exchange import Exchange

FEED = "feed:"


def open_market(
    symbol: str,
    listing: Listing,
    settings: ExchangeSettings,
    open_us: int,
) -> SymbolMarket:
    """The market of a symbol, which opens at `open_us`.

    Raises SoakUsageError for a market that cannot be meant.
    """
    given, delays = listing.market or settings.market, settings.latency
    own = derived(settings.seed, symbol)
    if given.startswith(FEED):
        from pytest_soak.exchange.markets.recorded import open_recorded

        path, told = given.removeprefix(FEED), [*settings.feed_settings, *listing.feed_settings]
        return open_recorded(symbol, listing, path, told, own, open_us, delays)
    scenario = _scenario(given, listing)
    venue = scenario.venue if delays == "venue" else without_delays(scenario.venue)
    exchange = Exchange(scenario.model_copy(update={"venue": venue}), own, limit_per_minute=None)
    listed = traded(symbol, listing, listing.instrument)
    lag = lags(venue.market_data, own)
    return SymbolMarket(listed, exchange, open_us, lag, delayed=delays == "venue")


def _scenario(given: str, listing: Listing) -> Scenario:
    base = Path.cwd()
    found = load_scenario(given, scenario_shelf(base), base, "market")
    venue = listing.venue or found.venue
    return found.model_copy(update={"instrument": listing.instrument, "venue": venue})

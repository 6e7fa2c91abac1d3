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
from pytest_soak.replay.scenario import feed_scenario

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
    delays, own = settings.latency, derived(settings.seed, symbol)
    scenario = _scenario(settings, listing)
    if scenario.feed is not None:
        from pytest_soak.exchange.markets.recorded import open_recorded

        return open_recorded(symbol, listing, scenario.feed, own, open_us, delays)
    scenario = _listed(scenario, listing)
    venue = scenario.venue if delays == "venue" else without_delays(scenario.venue)
    built = scenario.model_copy(update={"venue": venue})
    knobs = {} if listing.market else settings.knobs
    exchange = Exchange(built, own, knobs, limit_per_minute=None)
    listed = traded(symbol, listing, listing.instrument)
    lag = lags(venue.market_data, own)
    start_us = open_us - round(settings.history_minutes * 60e6)
    opened = SymbolMarket(listed, exchange, start_us, lag, delayed=delays == "venue")
    opened.live_until(open_us)
    return opened


def _scenario(settings: ExchangeSettings, listing: Listing) -> Scenario:
    """The market that a symbol names, else that of the exchange."""
    base, given = Path.cwd(), listing.market or settings.market
    if settings.scenario is not None and not listing.market:
        return settings.scenario
    if given.startswith(FEED):
        told = [*settings.feed_settings, *listing.feed_settings]
        return feed_scenario(given.removeprefix(FEED), told, base, "--market", "feed_settings")
    return load_scenario(given, scenario_shelf(base), base, "--market")


def _listed(scenario: Scenario, listing: Listing) -> Scenario:
    """The same market, of the instrument of the listing."""
    venue = listing.venue or scenario.venue
    return scenario.model_copy(update={"instrument": listing.instrument, "venue": venue})

"""How a symbol's market is opened: the built-in one, or a recorded feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_soak.config.recorded import RecordedFeed
from pytest_soak.config.scenarios import Scenario, load_scenario, scenario_shelf
from pytest_soak.exchange.ids import derived
from pytest_soak.exchange.instruments import Listing, traded
from pytest_soak.exchange.markets.delays import lags, without_delays
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.settings import ExchangeSettings
from pytest_soak.market.exchange import Exchange

Whole = tuple[Scenario, Mapping[str, float]]
"""A market that need not be looked for: its scenario, and the knobs that were turned."""
FEED = "feed:"


def open_market(
    symbol: str,
    listing: Listing,
    settings: ExchangeSettings,
    open_us: int,
    market: Whole | None = None,
) -> SymbolMarket:
    """The market of a symbol, which opens at `open_us`; `market` is what the settings only name.

    Raises SoakUsageError for a market that cannot be meant.
    """
    given = listing.market or market or settings.market
    own, delays = derived(settings.seed, symbol), settings.latency
    feed = _feed(given, [*settings.feed_settings, *listing.feed_settings])
    if feed is not None:
        from pytest_soak.exchange.markets.recorded import open_recorded

        return open_recorded(symbol, listing, feed, own, open_us, delays)
    scenario, knobs = _scenario(given, listing)
    venue = scenario.venue if delays == "venue" else without_delays(scenario.venue)
    built = scenario.model_copy(update={"venue": venue})
    exchange = Exchange(built, own, knobs, limit_per_minute=None)
    listed = traded(symbol, listing, listing.instrument)
    lag = lags(venue.market_data, own)
    history_us = round(settings.history_minutes * 60e6)
    start_us = open_us - history_us
    opened = SymbolMarket(listed, exchange, start_us, lag, delayed=delays == "venue")
    opened.live_until(open_us)
    return opened


def _feed(given: str | Whole, settings: Sequence[str]) -> RecordedFeed | None:
    """The recording that is meant, if one is."""
    if not isinstance(given, str):
        return given[0].feed
    if not given.startswith(FEED):
        return None
    from pytest_soak.replay.scenario import feed_scenario

    path = given.removeprefix(FEED)
    return feed_scenario(path, settings, Path.cwd(), "--market", "--feed-set").feed


def _scenario(given: str | Whole, listing: Listing) -> Whole:
    base = Path.cwd()
    if isinstance(given, str):
        given = load_scenario(given, scenario_shelf(base), base, "--market"), {}
    found, knobs = given
    venue = listing.venue or found.venue
    own = found.model_copy(update={"instrument": listing.instrument, "venue": venue})
    return own, knobs

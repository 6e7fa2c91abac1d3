"""Feeds of the built-in market, without a maker in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pytest_soak.config.scenarios import Scenario
from pytest_soak.facts.feed import LaneFeed, joined, market_orders, tops_of_book
from pytest_soak.market.exchange import Exchange

HOUR_US = 3_600_000_000


def market_feeds(
    scenario: Scenario, seeds: Sequence[int], hours: float, settings: Mapping[str, float]
) -> Iterator[LaneFeed]:
    """The feed of a market for each seed, made when it is asked for."""
    for seed in seeds:
        yield market_feed(Exchange(scenario, seed, settings), hours)


def market_feed(exchange: Exchange, hours: float) -> LaneFeed:
    """What happens on an exchange from its opening on; taken by the hour, to hold little."""
    end, pieces = round(hours * HOUR_US), []
    while exchange.now_us < end:
        exchange.advance(min(exchange.now_us + HOUR_US, end))
        events = exchange.take_events()
        pieces.append((market_orders(events.trades), tops_of_book(events.tops)))
    return joined(pieces, exchange.tick)

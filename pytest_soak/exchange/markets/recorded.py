"""A recorded feed as the market of a symbol: its book with the account's own orders in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pytest_soak.config.recorded import RecordedFeed
from pytest_soak.exchange.instruments import Listing, traded
from pytest_soak.exchange.markets.books import Book
from pytest_soak.exchange.markets.capture import MOST_LEVELS
from pytest_soak.exchange.markets.delays import Delays, lags, without_delays
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.replay.market import FeedExchange
from pytest_soak.replay.scenario import market_of

EVERYTHING = 1 << 62
"""More lots than there are, also less than the price of a side that is empty."""


def open_recorded(
    symbol: str,
    listing: Listing,
    feed: RecordedFeed,
    seed: int,
    open_us: int,
    delays: Delays,
) -> SymbolMarket:
    """The market of a recording, in its own units and at its own price; fees are the listing's."""
    market = market_of(feed)
    if delays == "none":
        market = replace(market, venue=without_delays(market.venue))
    exchange = FeedExchange(market, seed, limit_per_minute=None)
    fees = {name: getattr(listing.instrument, name) for name in ("maker_fee_bps", "taker_fee_bps")}
    listed = traded(symbol, listing, market.instrument.model_copy(update=fees))
    lag = lags(market.venue.market_data, seed) if delays == "venue" else lambda: 0
    return RecordedMarket(listed, exchange, open_us, lag, delayed=delays == "venue")


class RecordedMarket(SymbolMarket):
    """A symbol whose book was recorded; an order of the account's trades whole."""

    exchange: FeedExchange

    def captured(self, time_us: int, number: int, before: Book | None) -> Book:
        """The recorded book and the account's orders in it."""
        feed = self.exchange.replay["feed"]
        bids, asks = (_side(feed, side) for side in (1, -1))
        best_bid, best_ask = next(iter(bids), None), next(iter(asks), None)
        for order in feed["orders"][: int(feed["open"])]:
            side = bids if int(order["side"]) > 0 else asks
            tick, lots = int(order["tick"]), round(float(order["size"]) / float(feed["lot"]))
            side[tick] = side.get(tick, 0) + lots
        return Book(
            time_us=time_us,
            number=number,
            bids=dict(sorted(bids.items(), reverse=True)),
            asks=dict(sorted(asks.items())),
            crowd_bid=best_bid if best_bid is not None else (before.crowd_bid if before else 0),
            crowd_ask=best_ask if best_ask is not None else (before.crowd_ask if before else 0),
        )

    def remaining(self, handle: int) -> int:
        """What is left of a resting order in the book, in lots; 0 where it rests no more."""
        feed = self.exchange.replay["feed"]
        for order in feed["orders"][: int(feed["open"])]:
            if int(order["id"]) == handle:
                return round(float(order["size"]) / float(feed["lot"]))
        return 0

    def within(self, sign: int, limit: int) -> int:
        """As much as anybody asks for, where the limit crosses: an order trades whole."""
        feed = self.exchange.replay["feed"]
        best = int(feed["asks" if sign > 0 else "bids"]["best"])
        return EVERYTHING if sign * (limit - best) >= 0 else 0


def _side(feed: Any, sign: int) -> dict[int, int]:
    """Lots by price of one side of a feed, the best first."""
    side = feed["bids" if sign > 0 else "asks"]
    best = int(side["best"])
    if abs(best) >= EVERYTHING:
        return {}
    ticks, sizes = side["ticks"], side["sizes"]
    there = np.flatnonzero((ticks != 0) & (sizes > 0) & (sign * ticks <= sign * best))
    order = there[np.argsort(-sign * ticks[there])][:MOST_LEVELS]
    lots = np.rint(sizes[order] / float(feed["lot"])).astype(np.int64)
    return {t: q for t, q in zip(ticks[order].tolist(), lots.tolist(), strict=True) if q > 0}

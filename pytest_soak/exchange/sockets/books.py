"""The topic `orderbook.DEPTH.SYMBOL`: a snapshot first, then what has changed."""

from __future__ import annotations

from itertools import islice
from typing import Any

from pytest_soak.exchange import digest
from pytest_soak.exchange.markets.books import Book, Levels
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.wire.market import rows

EVERY_MS = {
    "linear": {1: 10, 50: 20, 200: 100, 1000: 200},
    "spot": {1: 10, 50: 20, 200: 200, 1000: 200},
}
"""How often each depth is pushed at most."""
QUIET_MS = 3_000
"""After so much quiet the best prices are told again."""


class BookFeed:
    """One depth of one symbol's book, the same for all who have it."""

    def __init__(self, market: SymbolMarket, depth: int, topic: str) -> None:
        self.topic = topic
        self.every_us = EVERY_MS[market.listed.category][depth] * 1000
        self._market = market
        self._depth = depth
        self._update = 0
        self._due_us = 0
        self._pushed_us = 0
        self._number = -1
        self._bids: Levels = {}
        self._asks: Levels = {}

    def news(self, now_us: int, now_ms: int) -> dict[str, Any] | None:
        """What is to be pushed now; None for nothing."""
        if now_us < self._due_us:
            return None
        self._due_us = now_us - now_us % self.every_us + self.every_us
        book = self._market.books.shown(now_us)
        is_quiet = self._depth == 1 and now_us - self._pushed_us >= QUIET_MS * 1000
        if book.number == self._number and not is_quiet:
            return None
        bids, asks = self._cut(book.bids), self._cut(book.asks)
        was = self._bids, self._asks
        is_same = (bids, asks) == was and self._number >= 0
        self._bids, self._asks, self._number = bids, asks, book.number
        if is_same and not is_quiet:
            return None
        self._pushed_us = now_us
        self._update += 1
        if self._depth == 1 or self._update == 1:
            return self._message("snapshot", *self._whole(), book, now_ms)
        return self._message(
            "delta", self._changes(was[0], bids), self._changes(was[1], asks), book, now_ms
        )

    def first(self, now_us: int, now_ms: int) -> dict[str, Any]:
        """What a new subscriber gets: the book of the last message, to which the next belongs."""
        if self._update == 0:
            self.news(now_us, now_ms)
        book = self._market.books.shown(now_us)
        return self._message("snapshot", *self._whole(), book, now_ms)

    def state(self) -> tuple[int, str]:
        """The `u` of the last message, and the digest of the book that it made."""
        best = (
            rows(self._market, dict(islice(side.items(), digest.LEVELS)), digest.LEVELS)
            for side in (self._bids, self._asks)
        )
        return self._update, digest.of(*best)

    def _cut(self, levels: Levels) -> Levels:
        return dict(islice(levels.items(), self._depth))

    def _whole(self) -> tuple[list[list[str]], list[list[str]]]:
        both = (rows(self._market, one, self._depth) for one in (self._bids, self._asks))
        bids, asks = both
        return bids, asks

    def _changes(self, before: Levels, now: Levels) -> list[list[str]]:
        """Levels that are new or other, and those that are gone, with a size of 0."""
        market = self._market
        gone = [[market.price_text(price), "0"] for price in before if price not in now]
        new = [
            [market.price_text(price), market.size_text(lots)]
            for price, lots in now.items()
            if before.get(price) != lots
        ]
        return gone + new

    def _message(self, kind: str, bids: Any, asks: Any, book: Book, now_ms: int) -> dict[str, Any]:
        return {
            "topic": self.topic,
            "type": kind,
            "ts": now_ms,
            "data": {
                "s": self._market.listed.symbol,
                "b": bids,
                "a": asks,
                "u": self._update,
                "seq": book.number,
            },
            "cts": book.time_us // 1000,
        }

"""The topics `tickers.SYMBOL` and `kline.INTERVAL.SYMBOL`."""

from __future__ import annotations

from typing import Any

from pytest_soak.exchange.markets.bars import INTERVALS, Bar
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.wire.market import ticker

TICKER_US, CANDLE_US = 100_000, 1_000_000


class TickerFeed:
    """A symbol's figures: of linear ones what has changed, of spot all of them."""

    def __init__(self, market: SymbolMarket, topic: str) -> None:
        self.topic = topic
        self._market = market
        self._last: dict[str, Any] = {}
        self._due_us = 0

    def first(self, now_us: int, now_ms: int) -> dict[str, Any]:
        """What a new subscriber gets."""
        book = self._market.books.shown(now_us)
        return self._message("snapshot", ticker(self._market, book, now_us // 1000), now_ms)

    def news(self, now_us: int, now_ms: int) -> dict[str, Any] | None:
        """What is to be told now; None for nothing."""
        if now_us < self._due_us:
            return None
        self._due_us = now_us - now_us % TICKER_US + TICKER_US
        market = self._market
        figures = ticker(market, market.books.shown(now_us), now_us // 1000)
        last, self._last = self._last, figures
        if figures == last:
            return None
        if not last or market.listed.category == "spot":
            return self._message("snapshot", figures, now_ms)
        changed = {name: one for name, one in figures.items() if last[name] != one}
        return self._message("delta", {"symbol": figures["symbol"], **changed}, now_ms)

    def _message(self, kind: str, figures: dict[str, Any], now_ms: int) -> dict[str, Any]:
        number = self._market.books.latest.number
        return {"topic": self.topic, "type": kind, "data": figures, "cs": number, "ts": now_ms}


class CandleFeed:
    """The candle under way, and once more when it is over."""

    def __init__(self, market: SymbolMarket, interval: str, topic: str) -> None:
        self.topic = topic
        self._market = market
        self._interval = interval
        self._length_ms = INTERVALS[interval]
        self._due_us = 0
        self._start_ms = 0

    def news(self, now_us: int, now_ms: int) -> dict[str, Any] | None:
        """What is to be told now; None for nothing."""
        if now_us < self._due_us:
            return None
        self._due_us = now_us - now_us % CANDLE_US + CANDLE_US
        start = now_us // 1000 // self._length_ms * self._length_ms
        since = self._start_ms or start
        self._start_ms = start
        bars = self._market.bars.candles(self._length_ms, since, start)
        rows = [self._row(bar, bar.start_ms < start, now_us // 1000) for bar in bars]
        return {"topic": self.topic, "type": "snapshot", "ts": now_ms, "data": rows}

    def _row(self, bar: Bar, confirm: bool, now_ms: int) -> dict[str, Any]:
        market = self._market
        return {
            "start": bar.start_ms,
            "end": bar.start_ms + self._length_ms - 1,
            "interval": self._interval,
            "open": market.price_text(bar.opened),
            "close": market.price_text(bar.closed),
            "high": market.price_text(bar.high),
            "low": market.price_text(bar.low),
            "volume": market.size_text(bar.lots),
            "turnover": market.turnover_text(bar.turnover),
            "confirm": confirm,
            "timestamp": now_ms,
        }

"""Candles of a market's trades: minutes, and what longer ones are made of."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_soak.exchange.markets.told import PublicTrade

MINUTE_MS = 60_000
DAY_MS = 86_400_000
MOST_MINUTES = 10_080
"""Minutes that are kept: a week."""
INTERVALS = {
    **{str(n): n * MINUTE_MS for n in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720)},
    "D": DAY_MS,
    "W": 7 * DAY_MS,
}
"""The intervals of candles by their names on the wire, in milliseconds."""


@dataclass(slots=True)
class Bar:
    """A candle that begins at `start_ms`: prices in ticks, `lots`, and ticks times lots."""

    start_ms: int
    opened: int
    high: int
    low: int
    closed: int
    lots: int = 0
    turnover: int = 0

    def add(self, later: Bar) -> None:
        """Take in what came after."""
        self.high, self.low = max(self.high, later.high), min(self.low, later.low)
        self.closed = later.closed
        self.lots += later.lots
        self.turnover += later.turnover


def flat(start_ms: int, price: int) -> Bar:
    """A candle without a trade."""
    return Bar(start_ms, price, price, price, price)


class Bars:
    """Minutes with their trades; before the first one the price stood still."""

    def __init__(self, price: int) -> None:
        self.first_price = price
        self._minutes: OrderedDict[int, Bar] = OrderedDict()

    def add(self, trade: PublicTrade) -> None:
        """One trade, in the order of time."""
        start = trade.time_us // 1000 // MINUTE_MS * MINUTE_MS
        price, lots = trade.price, trade.lots
        one = Bar(start, price, price, price, price, lots, price * lots)
        if start in self._minutes:
            self._minutes[start].add(one)
            return
        self._minutes[start] = one
        while len(self._minutes) > MOST_MINUTES:
            _, gone = self._minutes.popitem(last=False)
            self.first_price = gone.closed

    def candles(self, length_ms: int, since_ms: int, until_ms: int) -> list[Bar]:
        """Candles that begin from `since_ms` until `until_ms`, the earliest first."""
        start = since_ms // length_ms * length_ms
        start += length_ms if start < since_ms else 0
        last = self._before(start)
        found: list[Bar] = []
        meant = self._between(start, until_ms + length_ms)
        waiting = next(meant, None)
        for begin in range(start, until_ms + 1, length_ms):
            bar = flat(begin, last)
            is_first = True
            while waiting is not None and waiting.start_ms < begin + length_ms:
                if is_first:
                    bar = Bar(begin, *_figures(waiting))
                    is_first = False
                else:
                    bar.add(waiting)
                waiting = next(meant, None)
            last = bar.closed
            found.append(bar)
        return found

    def day(self, now_ms: int) -> Bar:
        """The last 24 hours as one candle."""
        bar = flat(now_ms - DAY_MS, self._before(now_ms - DAY_MS))
        for minute in self._between(now_ms - DAY_MS, now_ms + 1):
            bar.add(minute)
        return bar

    def _before(self, time_ms: int) -> int:
        """The price at a time."""
        for start in reversed(self._minutes):
            if start < time_ms:
                return self._minutes[start].closed
        return self.first_price

    def _between(self, since_ms: int, until_ms: int) -> Iterator[Bar]:
        return (bar for start, bar in self._minutes.items() if since_ms <= start < until_ms)


def _figures(bar: Bar) -> tuple[int, int, int, int, int, int]:
    return bar.opened, bar.high, bar.low, bar.closed, bar.lots, bar.turnover

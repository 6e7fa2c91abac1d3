"""Raw Hyperliquid streams: `l2Book`, which are whole books, and `trades`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.binance import MS, check_symbols
from pytest_soak.replay.messages import Messages
from pytest_soak.replay.rows import BOTH, BUY, SELL, TRADE, Rows
from pytest_soak.replay.sources import Source
from pytest_soak.replay.streams import stamped_messages
from pytest_soak.replay.told import Told
from pytest_soak.replay.whole_books import GUESSED, WholeBooks


def hyperliquid_rows(sources: Sequence[Source], symbol: str | None, told: Told) -> Iterator[Rows]:
    """The rows of files that follow each other; raises SoakUsageError as `binance_rows` does."""
    told.venue = "hyperliquid"
    stream = _Stream(symbol, told)
    for source in sources:
        stream.out = Messages(source.shown)
        for line, local, message in stamped_messages(source.path, source.shown, told):
            stream.take(line, local, message)
            if stream.out.is_full:
                yield stream.out.rows()
        yield stream.out.rows()
    check_symbols(told.symbols, symbol, stream.out.shown)


class _Stream:
    def __init__(self, symbol: str | None, told: Told) -> None:
        self._symbol, self._told = symbol, told
        self._books = WholeBooks()
        self._first: int | None = None  # time of the first book
        self._newest: int | None = None
        self._trades: set[Any] = set()
        self.out = Messages("")

    def take(self, line: int, local: int, message: Any) -> None:
        """Take the next message."""
        try:
            channel, data = message["channel"], message["data"]
            if channel == "l2Book":
                if self._is_chosen(data["coin"]):
                    self._book(data, local, line)
            elif channel == "trades":
                for trade in data:
                    if self._is_chosen(trade["coin"]):
                        self._traded(trade, local, line)
            else:
                self._told.counts["other_messages"] += 1
        except (KeyError, TypeError, ValueError) as error:
            name = error.args[0] if isinstance(error, KeyError) else None
            problem = f"has no field {name!r}" if name else f"is no message of it ({error})"
            raise SoakUsageError(f"{self.out.shown}, line {line}", problem) from None

    def _is_chosen(self, symbol: str) -> bool:
        self._told.symbols[symbol] += 1
        if self._symbol is None:
            self._symbol = symbol
        if symbol == self._symbol:
            return True
        self._told.counts["other_symbols"] += 1
        return False

    def _book(self, data: Any, local: int, line: int) -> None:
        exchange = data["time"] * MS
        if self._newest is not None and exchange <= self._newest:
            self._told.counts["duplicates"] += 1
            return
        self._newest = exchange
        self._first = self._first or exchange
        bids, asks = ([(level["px"], level["sz"]) for level in side] for side in data["levels"])
        self._told.counts["snapshots"] += 1
        if self._books.put(self.out, exchange, local, line, (bids, asks)):
            self._told.snapshots_only = True
            self._told.remark(GUESSED)

    def _traded(self, trade: Any, local: int, line: int) -> None:
        """A subscription begins with the latest trades, which are from before it."""
        exchange, number = trade["time"] * MS, trade["tid"]
        if number in self._trades:
            self._told.counts["duplicates"] += 1
        elif self._first is None or exchange < self._first:
            self._told.counts["old_trades"] += 1
        else:
            side = BUY if trade["side"] == "B" else SELL
            self.out.one(BOTH | side | TRADE, exchange, local, line, trade["px"], trade["sz"])
        self._trades.add(number)

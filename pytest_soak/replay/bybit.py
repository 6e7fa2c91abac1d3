"""Bybit's archives: depth as JSON lines, trades as CSV; the venue's clock alone is in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson

from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.binance import MS, check_symbols
from pytest_soak.replay.messages import Messages
from pytest_soak.replay.reading import blocks_of_lines
from pytest_soak.replay.rows import BOTH, BUY, CLEAR, DEPTH, GAP, SELL, SNAPSHOT, Rows
from pytest_soak.replay.sources import Source
from pytest_soak.replay.tabled import Columns, check_figures, sides, trade_rows
from pytest_soak.replay.tables import check_columns, tables
from pytest_soak.replay.told import Told

TRADES = ("timestamp", "symbol", "side", "size", "price")


def bybit_books(sources: Sequence[Source], symbol: str | None, told: Told) -> Iterator[Rows]:
    """The rows of files of depth that follow each other, with `exch_ts` as both stamps."""
    told.venue, told.has_receipt = "bybit", False
    book = _Book(symbol, told)
    for source in sources:
        book.out = Messages(source.shown)
        for block in blocks_of_lines(source.path, source.shown, told):
            for place, line in enumerate(block.lines):
                if line.strip():
                    book.take(line, block.number + place, block.torn)
            yield book.out.rows()
    check_symbols(told.symbols, symbol, book.out.shown)


def bybit_trades(sources: Sequence[Source], symbol: str | None, told: Told) -> Iterator[Rows]:
    """The rows of files of trades that follow each other, with `exch_ts` as both stamps."""
    told.venue, told.has_receipt = "bybit", False
    for source in sources:
        for table in tables(source, told):
            check_columns(table, TRADES)
            names, counts = np.unique(table.texts("symbol").astype(str), return_counts=True)
            told.symbols.update(dict(zip(names.tolist(), counts.tolist(), strict=True)))
            chosen = symbol if symbol is not None else next(iter(told.symbols), "")
            table = table.only(table.are("symbol", (chosen,)))
            time = table.times("timestamp", "s")
            price, size = table.numbers("price", "price"), table.numbers("size", "quantity")
            columns = Columns(time, time, price, size, sides(table, "side", ("Buy",), ("Sell",)))
            check_figures(table, columns)
            yield trade_rows(columns)
    check_symbols(told.symbols, symbol, sources[-1].shown)


class _Book:
    def __init__(self, symbol: str | None, told: Told) -> None:
        self._symbol, self._told = symbol, told
        self._last: int | None = None
        self.out = Messages("")

    def take(self, text: bytes, line: int, torn: bool) -> None:
        """Take the next line."""
        source = f"{self.out.shown}, line {line}"
        try:
            message = orjson.loads(text)
            self._message(message, message["data"], line)
        except orjson.JSONDecodeError as error:
            if not torn:
                raise SoakUsageError(source, f"expected a JSON object ({error})") from None
            self._told.remark(f"{self.out.shown}: its last line ({line}) is torn and left out")
        except (KeyError, TypeError, AttributeError) as error:
            name = error.args[0] if isinstance(error, KeyError) else None
            problem = f"has no field {name!r}" if name else f"is no message of Bybit ({error})"
            raise SoakUsageError(source, problem) from None

    def _message(self, message: Any, data: Any, line: int) -> None:
        symbol = data["s"]
        self._told.symbols[symbol] += 1
        self._symbol = self._symbol or symbol
        if symbol != self._symbol:
            self._told.counts["other_symbols"] += 1
            return
        time, number = message["ts"] * MS, data["u"]
        if message["type"] == "snapshot":
            self._told.counts["snapshots"] += 1
            self.out.one(BOTH | CLEAR, time, time, line, 0)
            kind = SNAPSHOT
        elif self._last is None:
            self._told.counts["before_snapshot"] += 1
            return
        elif number <= self._last:
            self._told.counts["duplicates"] += 1
            return
        elif number != self._last + 1:
            self._told.counts["gaps"] += 1
            for event in (GAP, CLEAR):
                self.out.one(BOTH | event, time, time, line, 0)
            self._last = None
            return
        else:
            kind = DEPTH
        self._last = number
        self.out.levels(BOTH | BUY | kind, time, time, line, data["b"])
        self.out.levels(BOTH | SELL | kind, time, time, line, data["a"])

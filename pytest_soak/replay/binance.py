"""Raw Binance streams, combined or not: USD-M and COIN-M futures, spot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from pytest_soak.config.instruments import Kind
from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.joining import Joining, Update
from pytest_soak.replay.messages import Messages
from pytest_soak.replay.rows import (
    BEST,
    BOTH,
    BUY,
    CLEAR,
    DEPTH,
    GAP,
    LOCAL,
    SELL,
    SNAPSHOT,
    TRADE,
    Rows,
)
from pytest_soak.replay.sources import Source
from pytest_soak.replay.streams import stamped_messages
from pytest_soak.replay.terms import Terms
from pytest_soak.replay.told import Told

MS = 1_000_000
LINES_AT_A_TIME = 64
"""After so many lines it is looked whether rows should be taken."""
_BIDS, _ASKS = BOTH | BUY | DEPTH, BOTH | SELL | DEPTH
_BEST, _BEST_LOCALLY = BOTH | BUY | BEST, LOCAL | BUY | BEST
_FAR = 1.5
"""A snapshot says no symbol: it is of one whose prices are within this factor of its best bid."""


def binance_rows(sources: Sequence[Source], symbol: str | None, told: Told) -> Iterator[Rows]:
    """The rows of files that follow each other, in the order of receipt.

    Raises SoakUsageError for several symbols where none is chosen, and for what cannot be read.
    """
    told.venue = "binance"
    stream = _Stream(symbol, told)
    for source in sources:
        stream.out = Messages(source.shown)
        take, out = stream.take, stream.out
        for line, local, message in stamped_messages(source.path, source.shown, told):
            take(line, local, message)
            if line % LINES_AT_A_TIME == 0 and out.is_full:
                yield out.rows()
        yield stream.out.rows()
    stream.finish()


class _Stream:
    """What is known of the chosen symbol while its messages are read."""

    def __init__(self, symbol: str | None, told: Told) -> None:
        self._typed, self._symbol, self._told = symbol, symbol, told
        self._joining = Joining(told, self._put_update, self._put_gap)
        self._price: float | None = None
        self._trade: int | None = None
        self._trades_of: str | None = None
        self._chosen = 0  # messages of the chosen symbol that are not counted among symbols yet
        self.out = Messages("")

    def take(self, line: int, local: int, message: Any) -> None:
        """Take the next message."""
        data = message.get("data", message)
        try:
            symbol = data.get("s")
            if symbol is None:
                self._unnamed(data, local, line)
                return
            if symbol == self._symbol:
                self._chosen += 1
            elif not self._is_chosen(symbol):
                return
            kind = data.get("e")
            if kind is None or kind == "bookTicker":
                self._best(data, local, line)
            elif kind == "depthUpdate":
                self._depth(data, local, line)
            elif kind in ("trade", "aggTrade"):
                self._traded(kind, data, local, line)
            else:
                self._told.counts["other_messages"] += 1
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            name = error.args[0] if isinstance(error, KeyError) else None
            problem = f"has no field {name!r}" if name else f"is no message of Binance ({error})"
            raise SoakUsageError(f"{self.out.shown}, line {line}", problem) from None

    def _unnamed(self, data: Any, local: int, line: int) -> None:
        if "lastUpdateId" in data:
            self._snapshot(data, local, line)
        else:
            self._told.counts["other_messages"] += 1

    def _is_chosen(self, symbol: str) -> bool:
        self._told.symbols[symbol] += 1
        if self._symbol is None and len(self._told.symbols) == 1:
            self._symbol = symbol
            return True
        self._told.counts["other_symbols"] += 1
        return False

    def _best(self, data: Any, local: int, line: int) -> None:
        time = data.get("T")
        numbers = data["b"], data["B"], data["a"], data["A"]
        if time is None:  # spot
            self._told.counts["made_up_times"] += 1
            self.out.both(_BEST_LOCALLY, local, local, line, numbers)
        else:
            self.out.both(_BEST, time * MS, local, line, numbers)
        if self._price is None:
            self._price = float(data["b"])

    def _depth(self, data: Any, local: int, line: int) -> None:
        self._told.venue = _venue(data)
        time = data["T"] if "T" in data else data["E"]
        numbers = data["U"], data["u"], data.get("pu")
        self._joining.update(Update(*numbers, time * MS, local, line, data))

    def _put_update(self, update: Update) -> None:
        for event, levels in ((_BIDS, update.data["b"]), (_ASKS, update.data["a"])):
            if levels:
                self.out.levels(event, update.exchange, update.local, update.line, levels)

    def _put_gap(self, update: Update) -> None:
        for kind in (GAP, CLEAR):
            self.out.one(BOTH | kind, update.exchange, update.local, update.line, 0)

    def _snapshot(self, data: Any, local: int, line: int) -> None:
        named = data.get("symbol", self._symbol)
        best = float(data["bids"][0][0])
        near = self._price is None or self._price / _FAR < best < self._price * _FAR
        if named != self._symbol or not near:
            self._told.counts["other_symbols"] += 1
            return
        time = data.get("T", data.get("E"))
        known = self._joining.newest_exchange
        exchange = time * MS if time is not None else local if known is None else known
        if time is None:
            self._told.remark("a snapshot has no time of the venue: it takes that of the update "
                              "before it")  # fmt: skip
        put = partial(self._put_book, data, exchange, local, line)
        self._joining.snapshot(int(data["lastUpdateId"]), exchange, local, put)

    def _put_book(self, data: Any, exchange: int, local: int, line: int) -> None:
        self._told.counts["snapshots"] += 1
        self.out.one(BOTH | CLEAR, exchange, local, line, 0)
        self.out.levels(BOTH | BUY | SNAPSHOT, exchange, local, line, data["bids"])
        self.out.levels(BOTH | SELL | SNAPSHOT, exchange, local, line, data["asks"])

    def _traded(self, kind: str, data: Any, local: int, line: int) -> None:
        if self._trades_of not in (None, kind):
            problem = "has trade and aggTrade streams, by which each trade would count twice"
            raise SoakUsageError(self.out.shown, f"{problem}: leave out one")
        self._trades_of = kind
        number = data["t"] if kind == "trade" else data["a"]
        if self._trade is not None:
            if number <= self._trade:
                self._told.counts["duplicates"] += 1
                return
            self._told.counts["missing_trades"] += number - self._trade - 1
        self._trade = number
        if data.get("X", "MARKET") != "MARKET":
            self._told.counts["skipped_trades"] += 1
            return
        side = SELL if data["m"] else BUY
        self.out.one(BOTH | side | TRADE, data["T"] * MS, local, line, data["p"], data["q"])
        if self._price is None:
            self._price = float(data["p"])

    def finish(self) -> None:
        """Say what is known when all is read; raises SoakUsageError for several symbols."""
        self._joining.finish()
        if self._chosen and self._symbol is not None:
            self._told.symbols[self._symbol] += self._chosen
        self._told.terms = _terms(self._told.venue, self._symbol)
        check_symbols(self._told.symbols, self._typed, self.out.shown)


def _venue(data: Any) -> str:
    if "pu" not in data:
        return "binance-spot"
    return "binance-coinm" if "ps" in data else "binance-usdm"


_VALUES = {"BTC": 100.0}
_VALUE = 10.0
"""What Binance's COIN-M contracts are in quote: 100 USD of BTC, 10 USD of all others."""


def _terms(venue: str, symbol: str | None) -> Terms:
    if venue != "binance-coinm":
        return Terms(symbol=symbol, kind=_KINDS.get(venue))
    value = _VALUES.get((symbol or "").split("USD")[0], _VALUE)
    return Terms(symbol=symbol, kind="inverse", contract_value=value)


_KINDS: dict[str, Kind] = {"binance-spot": "spot", "binance-usdm": "linear"}


def check_symbols(found: Counter[str], chosen: str | None, shown: str) -> None:
    """Raise SoakUsageError unless exactly one symbol is meant, and is there."""
    names = ", ".join(f"{name} ({count})" for name, count in found.most_common())
    if chosen is not None and chosen not in found and found:
        raise SoakUsageError("--symbol", f"{chosen!r} is not in {shown}, which has {names}")
    if len(found) > 1 and chosen is None:
        raise SoakUsageError(shown, f"has several symbols: {names}; choose one with --symbol")

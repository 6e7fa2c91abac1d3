"""Columns of trades and of levels as rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.messages import Messages, bad_value
from pytest_soak.replay.rows import BOTH, BUY, DEPTH, SELL, TRADE, Rows, empty
from pytest_soak.replay.tables import Table
from pytest_soak.replay.told import Told
from pytest_soak.replay.whole_books import GUESSED, WholeBooks


class Columns(NamedTuple):
    """Times in nanoseconds; `buys` are bids, or trades whose taker bought."""

    exchange: NDArray[np.int64]
    local: NDArray[np.int64]
    price: NDArray[np.float64]
    quantity: NDArray[np.float64]
    buys: NDArray[np.bool_]


def trade_rows(columns: Columns) -> Rows:
    """A row for each trade."""
    return _rows(columns, TRADE)


def sides(
    table: Table, name: str, buy: tuple[str, ...], sell: tuple[str, ...]
) -> NDArray[np.bool_]:
    """Where a column says `buy`; SoakUsageError for what says neither."""
    buys = table.are(name, buy)
    neither = ~(buys | table.are(name, sell))
    if neither.any():
        at = int(neither.argmax())
        expected = f"expected one of {', '.join((*buy, *sell))}"
        raise SoakUsageError(
            f"{table.shown}, line {table.line(at)}",
            f"side ({name}): {expected}, got {table.texts(name)[at]!r}",
        )
    return buys


def check_figures(table: Table, columns: Columns) -> None:
    """Raise SoakUsageError for the first price that is not above 0, or size below 0."""
    with np.errstate(invalid="ignore"):
        bad = (
            (columns.price, ~(columns.price > 0.0)),
            (columns.quantity, ~(columns.quantity >= 0)),
        )
    for called, (values, wrong) in zip(("price", "quantity"), bad, strict=True):
        wrong |= ~np.isfinite(values)
        if wrong.any():
            at = int(wrong.argmax())
            raise bad_value(table.shown, table.line(at), called, values[at])


def _rows(columns: Columns, kind: int) -> Rows:
    rows = empty(len(columns.price))
    rows["ev"] = np.where(columns.buys, BOTH | BUY | kind, BOTH | SELL | kind)
    rows["exch_ts"], rows["local_ts"] = columns.exchange, columns.local
    rows["px"], rows["qty"] = columns.price, columns.quantity
    return rows


class Levels:
    """Levels in the order of their lines, with whole books among them.

    A whole book that follows on another is written as what differs.
    """

    def __init__(self, shown: str, told: Told) -> None:
        self._told = told
        self._out = Messages(shown)
        self._books = WholeBooks()
        self._held: list[Rows] = []  # of a whole book whose end has not been seen
        self._begun = False

    def take(self, columns: Columns, whole: NDArray[np.bool_]) -> list[Rows]:
        """Rows of the next lines, of which `whole` are parts of whole books."""
        rows = _rows(columns, DEPTH)
        stamps = np.where(whole, columns.local, -1)
        edges = np.flatnonzero(np.diff(stamps) != 0) + 1
        found: list[Rows] = []
        for piece, is_whole in zip(np.split(rows, edges), np.split(whole, edges), strict=True):
            if not len(piece):
                continue
            if not is_whole[0]:
                found += [*self.finish(), self._updates(piece)]
                continue
            if self._held and self._held[-1]["local_ts"][-1] != piece["local_ts"][0]:
                found += self.finish()
            self._held.append(piece)
        return found

    def _updates(self, piece: Rows) -> Rows:
        if not self._begun:
            self._told.counts["before_snapshot"] += len(piece)
            return piece[:0]
        self._books.forget()
        return piece

    def finish(self) -> list[Rows]:
        """The whole book that is held, which has ended."""
        if not self._held:
            return []
        held, self._held = np.concatenate(self._held), []
        self._begun = True
        self._told.counts["snapshots"] += 1
        buys = held["ev"] & np.uint64(BUY) != 0
        both = tuple(
            list(zip(held["px"][of].tolist(), held["qty"][of].tolist(), strict=True))
            for of in (buys, ~buys)
        )
        exchange, local = int(held["exch_ts"][0]), int(held["local_ts"][0])
        if self._books.put(self._out, exchange, local, 0, (both[0], both[1])):
            self._told.snapshots_only = True
            self._told.remark(GUESSED)
        return [self._out.rows()]

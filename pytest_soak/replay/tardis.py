"""Tardis CSV files: `incremental_book_L2` and `trades`, with both clocks in microseconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pytest_soak.replay.binance import check_symbols
from pytest_soak.replay.rows import Rows
from pytest_soak.replay.sources import Source
from pytest_soak.replay.tabled import Columns, Levels, check_figures, sides, trade_rows
from pytest_soak.replay.tables import Table, tables
from pytest_soak.replay.told import Told

HEADER = ("exchange", "symbol", "timestamp", "local_timestamp")


def tardis_trades(sources: Sequence[Source], symbol: str | None, told: Told) -> Iterator[Rows]:
    """The rows of files of trades that follow each other; those without a taker are left out."""
    for source in sources:
        for table in tables(source, told):
            chosen = _of_symbol(table, symbol, told)
            known = ~chosen.are("side", ("unknown",))
            told.counts["skipped_trades"] += int((~known).sum())
            chosen = chosen.only(known)
            yield trade_rows(_columns(chosen, ("buy",), ("sell",)))
    check_symbols(told.symbols, symbol, sources[-1].shown)


def tardis_books(sources: Sequence[Source], symbol: str | None, told: Told) -> Iterator[Rows]:
    """The rows of files of book updates that follow each other."""
    levels = Levels(sources[0].shown, told)
    for source in sources:
        for table in tables(source, told):
            chosen = _of_symbol(table, symbol, told)
            columns = _columns(chosen, ("bid",), ("ask",))
            yield from levels.take(columns, chosen.are("is_snapshot", ("true",)))
    yield from levels.finish()
    check_symbols(told.symbols, symbol, sources[-1].shown)


def _of_symbol(table: Table, symbol: str | None, told: Told) -> Table:
    told.venue = f"tardis {table.texts('exchange')[0]}" if len(table.frame) else told.venue
    names, counts = np.unique(table.texts("symbol").astype(str), return_counts=True)
    told.symbols.update(dict(zip(names.tolist(), counts.tolist(), strict=True)))
    chosen = symbol if symbol is not None else next(iter(told.symbols), "")
    others = ~table.are("symbol", (chosen,))
    told.counts["other_symbols"] += int(others.sum())
    return table.only(~others) if others.any() else table


def _columns(table: Table, buy: tuple[str, ...], sell: tuple[str, ...]) -> Columns:
    columns = Columns(
        table.times("timestamp", "us"),
        table.times("local_timestamp", "us"),
        table.numbers("price", "price"),
        table.numbers("amount", "quantity"),
        sides(table, "side", buy, sell),
    )
    check_figures(table, columns)
    return columns

"""Tables of one's own as rows: a YAML file says what their columns mean.

parts:
  - kind: depth                  # or trades
    files: "*depth*"             # which of the files that are given
    exchange_time: {column: ts, unit: us, zone: UTC}
    local_time: {column: received, unit: us, zone: UTC}
    price: px
    quantity: qty
    side: {column: side, buy: [bid], sell: [ask], of: level}
    snapshot: {column: is_snapshot, is: ["true"]}
    symbol: sym
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from pytest_soak.config.documents import read_document, validate
from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.binance import check_symbols
from pytest_soak.replay.rows import Rows
from pytest_soak.replay.sources import Source
from pytest_soak.replay.tabled import Columns, Levels, check_figures, sides, trade_rows
from pytest_soak.replay.tables import Table, check_columns, tables
from pytest_soak.replay.told import Told

Texts = Annotated[list[str], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Time(_Part):
    """A column of times since 1970 in `unit`; `zone` says that it is UTC."""

    column: str
    unit: Literal["ns", "us", "ms", "s"]
    zone: Literal["UTC"]


class Side(_Part):
    """Which texts are a bid (or a buyer), which an ask (or a seller), and whose side it is."""

    column: str
    buy: Texts
    sell: Texts
    of: Literal["level", "taker", "maker"]


class Snapshot(_Part):
    """Which texts say that a row is part of a whole book."""

    column: str
    is_: Texts = Field(alias="is")


class MappedPart(_Part):
    """The files of one kind, and what their columns mean."""

    kind: Literal["depth", "trades"]
    files: str
    exchange_time: Time
    local_time: Time | None = None
    price: str
    quantity: str
    side: Side
    snapshot: Snapshot | None = None
    symbol: str | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> MappedPart:
        if (self.side.of == "level") != (self.kind == "depth"):
            raise ValueError("side.of: level for depth, taker or maker for trades")
        if (self.snapshot is None) == (self.kind == "depth"):
            raise ValueError(
                "snapshot for depth, which says where a whole book begins, and only it"
            )
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        given = (self.local_time, self.snapshot)
        names = [self.exchange_time.column, self.price, self.quantity, self.side.column]
        names += [part.column for part in given if part is not None]
        return (*names, *([self.symbol] if self.symbol else []))


class FeedTables(_Part):
    """A mapping file."""

    parts: Annotated[list[MappedPart], Field(min_length=1)]


def load_tables(path: Path, shown: str) -> FeedTables:
    """Read a mapping; raises SoakUsageError for anything wrong with it."""
    return validate(FeedTables, read_document(path, shown))


def part_of(mapping: FeedTables, source: Source, shown: str) -> int:
    """Which part a file is of; SoakUsageError where none fits."""
    for number, part in enumerate(mapping.parts):
        if fnmatchcase(source.path.name, part.files):
            return number
    wanted = ", ".join(repr(part.files) for part in mapping.parts)
    raise SoakUsageError(source.shown, f"fits no `files` of {shown}, which has {wanted}")


def mapped_rows(
    part: MappedPart, sources: Sequence[Source], symbol: str | None, told: Told
) -> Iterator[Rows]:
    """The rows of files of one part that follow each other."""
    told.venue = "mapped"
    told.has_receipt &= part.local_time is not None
    levels = Levels(sources[0].shown, told)
    for source in sources:
        for table in tables(source, told):
            check_columns(table, part.columns)
            chosen = _of_symbol(table, part, symbol, told)
            columns = _columns(chosen, part)
            if part.snapshot is None:
                yield trade_rows(columns)
            else:
                whole = chosen.are(part.snapshot.column, tuple(part.snapshot.is_))
                yield from levels.take(columns, whole)
    yield from levels.finish()
    check_symbols(told.symbols, symbol, sources[-1].shown)


def _of_symbol(table: Table, part: MappedPart, symbol: str | None, told: Told) -> Table:
    if part.symbol is None:
        return table
    names, counts = np.unique(table.texts(part.symbol).astype(str), return_counts=True)
    told.symbols.update(dict(zip(names.tolist(), counts.tolist(), strict=True)))
    chosen = symbol if symbol is not None else next(iter(told.symbols), "")
    return table.only(table.are(part.symbol, (chosen,)))


def _columns(table: Table, part: MappedPart) -> Columns:
    time = table.times(part.exchange_time.column, part.exchange_time.unit)
    received = part.local_time
    buys = sides(table, part.side.column, tuple(part.side.buy), tuple(part.side.sell))
    columns = Columns(
        time,
        time if received is None else table.times(received.column, received.unit),
        table.numbers(part.price, "price"),
        table.numbers(part.quantity, "quantity"),
        ~buys if part.side.of == "maker" else buys,
    )
    check_figures(table, columns)
    return columns

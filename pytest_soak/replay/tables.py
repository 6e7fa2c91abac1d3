"""Tables of text and Parquet, block by block, by polars; values that are none are named."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.errors import SoakUsageError, escaped, unknown
from pytest_soak.replay.messages import bad_value
from pytest_soak.replay.reading import blocks_of_lines, unchanged
from pytest_soak.replay.sources import Source
from pytest_soak.replay.told import Told

PARQUET = b"PAR1"
ROWS_AT_A_TIME = 1 << 18
TIME_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
"""Nanoseconds in each."""


def polars(shown: str) -> ModuleType:
    """The library, or SoakUsageError with what to install."""
    try:
        import polars as library
    except ImportError:
        problem = "tables are read by polars, which is missing: pip install 'pytest-soak[feeds]'"
        raise SoakUsageError(shown, problem) from None
    return library


LINE = " line "
"""The column that holds where each row stands; no header has such a name."""


class Table(NamedTuple):
    """Rows of a table of the file `shown`; each knows its line."""

    shown: str
    frame: Any

    def only(self, kept: NDArray[np.bool_]) -> Table:
        """Some of the rows."""
        return Table(self.shown, self.frame.filter(kept))

    def numbers(self, name: str, called: str) -> NDArray[np.float64]:
        """A column as numbers; SoakUsageError for the first that is none, or not finite."""
        return self._cast(name, called, "Float64").astype(np.float64)

    def times(self, name: str, unit: str) -> NDArray[np.int64]:
        """A column of times in nanoseconds; fractions count in seconds and milliseconds."""
        dtype = self.frame.schema[name]
        if dtype.is_temporal():
            return np.asarray(self.frame[name].dt.timestamp("ns").to_numpy(), np.int64)
        if unit in ("us", "ns"):
            return self._cast(name, "time", "Int64").astype(np.int64) * TIME_UNITS[unit]
        text = self.frame[name].cast(polars(self.shown).String)
        parts = text.str.split_exact(".", 1).struct
        digits = {"ms": 6, "s": 9}[unit]
        fraction = (
            parts.field("field_1").fill_null("").str.slice(0, digits).str.pad_end(digits, "0")
        )
        whole = Table(self.shown, self.frame.with_columns(parts.field("field_0").alias(name)))
        rest = Table(self.shown, self.frame.with_columns(fraction.alias(name)))
        units = whole._cast(name, "time", "Int64").astype(np.int64) * TIME_UNITS[unit]
        nanoseconds: NDArray[np.int64] = units + rest._cast(name, "time", "Int64").astype(np.int64)
        return nanoseconds

    def texts(self, name: str) -> NDArray[Any]:
        """A column as text, '' where it is empty."""
        column = self.frame[name].cast(polars(self.shown).String).fill_null("")
        return np.asarray(column.to_numpy(), dtype=object)

    def are(self, name: str, values: tuple[str, ...]) -> NDArray[np.bool_]:
        """Where a column is one of these texts."""
        column = self.frame[name].cast(polars(self.shown).String)
        return np.asarray(column.is_in(list(values)).fill_null(False).to_numpy(), bool)

    def _cast(self, name: str, called: str, to: str) -> NDArray[Any]:
        library = polars(self.shown)
        cast = self.frame[name].cast(getattr(library, to), strict=False)
        if cast.null_count():
            at = int(cast.is_null().arg_max())
            shown = f"{called} ({escaped(name)})" if called != name else called
            raise bad_value(self.shown, self.line(at), shown, self.frame[name][at])
        return np.asarray(cast.to_numpy())

    def line(self, place: int) -> int:
        """The line of a row."""
        return int(self.frame[LINE][place])


def tables(source: Source, told: Told) -> Iterator[Table]:
    """A file's rows; raises SoakUsageError for what is no table."""
    with unchanged(source.path, source.shown) as file:
        is_parquet = file.read(4) == PARQUET
    yield from (_of_parquet(source) if is_parquet else _of_text(source, told))


def _of_parquet(source: Source) -> Iterator[Table]:
    library = polars(source.shown)
    with unchanged(source.path, source.shown) as file:
        try:
            lazy = library.scan_parquet(file)
            count = int(lazy.select(library.len()).collect().item())
            for first in range(0, count, ROWS_AT_A_TIME):
                frame = lazy.slice(first, ROWS_AT_A_TIME).collect()
                yield Table(source.shown, frame.with_row_index(LINE, first + 1))
        except library.exceptions.PolarsError as error:
            raise SoakUsageError(source.shown, f"is no whole Parquet file: {error}") from None


def _of_text(source: Source, told: Told) -> Iterator[Table]:
    library = polars(source.shown)
    header = b""
    for block in blocks_of_lines(source.path, source.shown, told):
        number, lines = block.number, block.lines
        if block.torn:
            told.remark(f"{source.shown}: its last line ({number}) has no end and is left out")
            continue
        if not header:
            header, number, lines = lines[0], number + 1, lines[1:]
        text = b"\n".join([header, *lines]) + b"\n"
        try:
            frame = library.read_csv(io.BytesIO(text), infer_schema=False)
        except library.exceptions.PolarsError as error:
            first = str(error).splitlines()[0]
            problem = f"lines {number} to {number + len(lines)} are no table: {first}"
            raise SoakUsageError(source.shown, problem) from None
        yield Table(source.shown, frame.with_row_index(LINE, number))


def check_columns(table: Table, names: tuple[str, ...]) -> None:
    """Raise SoakUsageError unless the table has these columns."""
    for name in names:
        if name not in table.frame.columns:
            raise SoakUsageError(table.shown, unknown("column", name, (*table.frame.columns[1:],)))


def suffix(path: Path) -> str:
    """The end of a name in small letters, without `.gz`."""
    return Path(path.name.removesuffix(".gz")).suffix.lower()

"""Columns in whatever form a user has them, as lists by name."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pytest_soak.config.documents import read_text, show
from pytest_soak.errors import SoakUsageError

FORMS = "rows or columns by name, a structured numpy array, a DataFrame or a CSV file"


class Given(NamedTuple):
    """Columns of one length, and what they are called in messages; `lines` says that of a CSV."""

    source: str
    columns: dict[str, list[Any]]
    lines: bool = False

    def row(self, place: int) -> str:
        """Where the row stands, for messages: a line of a file, or a row from 0."""
        return f"{self.source}:{place + 2}" if self.lines else f"{self.source} row {place}"


def given_columns(given: Any, name: str) -> Given:
    """The columns of what was given as `name`; SoakUsageError for what has none."""
    if isinstance(given, str | Path):
        return _csv(read_text(Path(given), str(given)), str(given))
    if hasattr(given, "read"):
        text = given.read()
        text = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        return _csv(text, str(getattr(given, "name", name)))
    found = {str(key): _values(f"{name}.{key}", column) for key, column in _pairs(given, name)}
    lengths = {key: len(values) for key, values in found.items()}
    if len(set(lengths.values())) > 1:
        raise SoakUsageError(name, f"expected columns of one length, got {show(lengths)}")
    return Given(name, found)


def _pairs(given: Any, name: str) -> Iterable[tuple[Any, Any]]:
    if isinstance(given, Mapping):
        return given.items()
    if isinstance(given, np.ndarray) and given.dtype.names:
        return [(column, given[column]) for column in given.dtype.names]
    if hasattr(given, "columns") and hasattr(given, "__getitem__"):
        names = list(given.columns)
        _check_unique(names, name)
        return [(column, given[column]) for column in names]
    if isinstance(given, list | tuple):
        return _of_rows(given, name).items()
    raise SoakUsageError(name, f"expected {FORMS}, got {type(given).__name__}")


def _of_rows(rows: Sequence[Any], name: str) -> dict[Any, list[Any]]:
    """The columns of rows, each of which has all of them."""
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            wanted = f"expected values by name, got {show(row)}; or give {FORMS}"
            raise SoakUsageError(f"{name} row {place}", wanted)
        if row.keys() != rows[0].keys():
            odd = sorted(map(str, row.keys() ^ rows[0].keys()))
            raise SoakUsageError(f"{name} row {place}", f"other names than row 0: {', '.join(odd)}")
    return {key: [row[key] for row in rows] for key in rows[0]} if rows else {}


def _check_unique(names: Iterable[Any], source: str) -> None:
    twice = [column for column, count in Counter(names).items() if count > 1]
    if twice:
        raise SoakUsageError(source, f"two columns are called {show(twice[0])}; rename one")


def _values(where: str, column: Any) -> list[Any]:
    if isinstance(column, np.ndarray):
        if column.ndim != 1:
            raise SoakUsageError(where, f"expected one value a row, got the shape {column.shape}")
        if column.dtype.kind == "M":
            remedy = 'if it is UTC, give .astype("datetime64[us]").astype("int64")'
            raise SoakUsageError(where, f"{column.dtype} has no zone; {remedy}")
    for method in ("tolist", "to_list", "to_pylist"):
        if hasattr(column, method):
            return list(getattr(column, method)())
    if isinstance(column, str | bytes) or not isinstance(column, Iterable):
        raise SoakUsageError(where, f"expected one value a row, got {show(column)}")
    return list(column)


def _csv(text: str, source: str) -> Given:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names, *cells = [row for row in rows if row] or [[]]
    except csv.Error as error:
        raise SoakUsageError(f"{source}:{rows.line_num}", f"is no CSV: {error}") from None
    names = [name.strip() for name in names]
    if not any(names):
        raise SoakUsageError(source, "expected CSV with names of columns in its first line")
    _check_unique(names, source)
    for place, row in enumerate(cells):
        if len(row) != len(names):
            problem = f"expected {len(names)} values, as its first line has names, got {len(row)}"
            raise SoakUsageError(f"{source}:{place + 2}", problem)
    return Given(
        source,
        dict(
            zip(names, map(list, zip(*cells, strict=True)), strict=False)
            if cells
            else ((name, []) for name in names)
        ),
        lines=True,
    )

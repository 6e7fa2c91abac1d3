"""The last rows of a table as text: a few bytes a row, bit for bit what they were."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode

import numpy as np
from numpy.typing import NDArray

from pytest_soak.kpi.tables import Rows
from pytest_soak.observation.convert import TABLES

Tail = dict[str, str]
"""By column: times as the steps between them, and each column by itself, since that packs best."""

_LEVEL = 6


def packed(rows: Rows) -> Tail:
    """Every column of rows."""
    names = rows.dtype.names or ()
    return {name: _text(_steps(rows[name]) if name == "time_us" else rows[name]) for name in names}


def check(table: str, tail: Tail) -> None:
    """Raise ValueError for what `packed` did not make."""
    try:
        unpacked(table, tail)
    except (KeyError, ValueError, zlib.error) as error:
        raise ValueError(f"the rows of {table} as `packed` writes them ({error})") from None


def unpacked(table: str, tail: Tail) -> Rows:
    """The rows that `packed` took from a table of an Observation, with the same columns."""
    kinds = {name: TABLES[table][name] for name in tail}
    columns = {name: _values(text, kinds[name]) for name, text in tail.items()}
    rows = np.empty(len(columns["time_us"]), np.dtype(list(kinds.items())))
    for name, values in columns.items():
        rows[name] = np.cumsum(values) if name == "time_us" else values
    return rows


def _steps(times: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.diff(times, prepend=np.int64(0))


def _text(values: NDArray[np.generic]) -> str:
    return b64encode(zlib.compress(np.ascontiguousarray(values).tobytes(), _LEVEL)).decode("ascii")


def _values(text: str, kind: np.dtype[np.generic]) -> NDArray[np.generic]:
    return np.frombuffer(zlib.decompress(b64decode(text)), kind)

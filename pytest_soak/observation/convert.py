"""An Observation as its types say it: what is of another type is converted where nothing is lost.

What cannot be is no measurement: a list, a column that is missing or two-dimensional, a side of
255, a `maker` of 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from pytest_soak.config.documents import show
from pytest_soak.errors import TargetError
from pytest_soak.number import number, whole
from pytest_soak.observation.causes import side_cause, time_cause
from pytest_soak.observation.columns import (
    BLOCK,
    BREAKER,
    ERROR,
    FILL_IDS,
    LATENCY,
    MARK,
    MARKED_FILL,
    OPTIONAL,
    OTHER_MIDS,
    RESOURCE,
    STAND_INS,
    TICK,
    UNFED,
    Observation,
)

TABLES = {
    "fills": MARKED_FILL,
    "ticks": TICK,
    "blocks": BLOCK,
    "acks": LATENCY,
    "marks": MARK,
    "errors": ERROR,
    "breaker": BREAKER,
    "resources": RESOURCE,
}
VALUES = ("ws_lag_ms", "order_age_ms")
AMOUNTS = ("inventory_start", "inventory_end", "mid_start", "mid_end")
TIMES = ("start_us", "end_us")
COUNTS = (
    "intended_changes",
    "orders_sent",
    "cancels_sent",
    "side_time_us",
    "side_time_risk_blocked_us",
)
LAST_US = 253_402_300_800_000_000
"""The end of the year 9999."""


class _UnmeasurableError(Exception):
    """Why what a target gave is no Observation."""


def converted(given: Any, told: str = "what run() returned") -> tuple[Observation, tuple[str, ...]]:
    """`given` with everything of the type that Observation says, and notes on what was changed.

    Raises TargetError, naming array, row, column and value, for what cannot be converted exactly;
    `told` says in it where `given` comes from.
    """
    try:
        return _converted(_parts(given))
    except _UnmeasurableError as problem:
        raise TargetError(f"{told} cannot be measured: {problem}") from None


def _converted(parts: dict[str, Any]) -> tuple[Observation, tuple[str, ...]]:
    changed: list[str] = []
    unread: list[str] = []
    for name, dtype in TABLES.items():
        parts[name] = _table(name, parts[name], dtype, changed, unread)
    for name in VALUES:
        parts[name] = _cells(name, _array(name, parts[name]), np.dtype("f8"), changed)
    for name in AMOUNTS:
        parts[name] = _amount(name, parts[name])
    for name in (*TIMES, *COUNTS):
        parts[name] = _count(name, parts[name])
    for name in TIMES:
        _check_time(name, parts[name])
    parts["block_reasons"] = _reasons(parts["block_reasons"])
    parts["market"] = _market(parts["market"])
    parts["process"] = _process(parts["process"])
    parts["exchange"] = _exchange(parts["exchange"])
    parts["notes"] = _notes(parts["notes"])
    parts["apart"] = _apart(parts["apart"])
    parts["later_mids"] = _later_mids(parts["later_mids"])
    parts["untold"] = _untold(parts["untold"])
    for name in FILL_IDS:
        parts[name] = _ids(name, parts[name], len(parts["fills"]))
    _check_reasons(parts["blocks"]["reason"], parts["block_reasons"])
    notes = [f"columns that are not read: {', '.join(unread)}"] if unread else []
    if changed:
        notes.append(f"converted without loss: {', '.join(changed)}")
    if parts["apart"]:
        notes.append("apart: not held against the window before")
    return Observation(**parts), tuple(notes)


def _refuse(problem: str) -> NoReturn:
    raise _UnmeasurableError(problem)


def _parts(given: Any) -> dict[str, Any]:
    parts = {}
    for field in fields(Observation):
        if hasattr(given, field.name):
            parts[field.name] = getattr(given, field.name)
        elif field.default is not MISSING:
            parts[field.name] = field.default
        elif field.default_factory is not MISSING:
            parts[field.name] = field.default_factory()
        else:
            _refuse(f"{type(given).__name__} has no {field.name}; expected an Observation")
    return parts


def _array(name: str, value: Any, remedy: str = "") -> NDArray[Any]:
    if not isinstance(value, np.ndarray) or isinstance(value, np.ma.MaskedArray):
        _refuse(f"{name}: expected a numpy array, got {type(value).__name__}{remedy}")
    if value.ndim != 1:
        _refuse(f"{name}: expected one dimension, got the shape {value.shape}{remedy}")
    return np.asarray(value)


def _table(
    name: str, value: Any, dtype: np.dtype[np.void], changed: list[str], unread: list[str]
) -> NDArray[np.void]:
    kind = next(k for k, d in _KINDS.items() if d is dtype)
    rows = _array(name, value, f"; build it with np.array(rows, dtype=pytest_soak.{kind})")
    if rows.dtype == dtype:
        return rows
    names = rows.dtype.names or ()
    if not len(rows):
        return np.zeros(0, dtype)
    columns = dtype.names or ()
    for column in columns:
        if column not in names and column not in OPTIONAL:
            _refuse(f"{name}: no column {column!r}; expected those of pytest_soak.{kind}")
    unread += [f"{name}.{column}" for column in names if column not in columns]
    table = np.empty(len(rows), dtype)
    for column in columns:
        if column in names:
            table[column] = _cells(f"{name}.{column}", rows[column], dtype[column], changed)
        else:
            table[column] = np.nan
    return table


_KINDS = {
    "FILL": MARKED_FILL,
    "TICK": TICK,
    "BLOCK": BLOCK,
    "LATENCY": LATENCY,
    "MARK": MARK,
    "ERROR": ERROR,
    "BREAKER": BREAKER,
    "RESOURCE": RESOURCE,
}


def _cells(
    where: str, cells: NDArray[Any], dtype: np.dtype[Any], changed: list[str]
) -> NDArray[Any]:
    """Cells as `dtype`, exactly."""
    if cells.ndim != 1:
        _refuse(f"{where}: expected one value a row, got the shape {cells.shape[1:]}")
    if cells.dtype == dtype:
        return cells
    if not len(cells):
        return np.zeros(0, dtype)
    if cells.dtype.kind not in "iuf":
        _refuse(f"{where}: expected {dtype}, got {cells.dtype}")
    with np.errstate(invalid="ignore", over="ignore"):
        found = cells.astype(dtype)
        same = (found == cells) & (found.astype(cells.dtype) == cells)
    lost = ~(same | (np.isnan(cells) & (dtype.kind == "f")))
    if lost.any():
        row = int(np.argmax(lost))
        cause = side_cause(cells) if where == "fills.side" else ""
        _refuse(f"{where}[{row}]={cells[row].item()}: expected {_expected(where, dtype)}{cause}")
    changed.append(f"{where} {cells.dtype} -> {dtype}")
    return found


def _expected(where: str, dtype: np.dtype[Any]) -> str:
    if where == "fills.side":
        return "+1 or -1"
    return {"b": "0 or 1", "i": f"a whole number that {dtype} holds"}.get(dtype.kind, f"{dtype}")


def _amount(name: str, value: Any) -> float:
    found = number(value)
    if found is None:
        _refuse(f"{name}: expected a number, got {type(value).__name__} {show(value)}")
    return found


def _count(name: str, value: Any) -> int:
    found = whole(value)
    if found is None:
        _refuse(f"{name}: expected a whole number, got {type(value).__name__} {show(value)}")
    return found


def _check_time(name: str, value: int) -> None:
    if not 0 <= value < LAST_US:
        _refuse(
            f"{name}={value}: expected microseconds from 0 to the year 9999"
            f"{time_cause(value, 0, LAST_US)}"
        )


def _reasons(value: Any) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not _are_names(value):
        _refuse(f"block_reasons: expected names, got {show(value)}")
    names = tuple(value)
    if len(set(names)) < len(names):
        _refuse(f"block_reasons: a name is there twice in {show(names)}")
    return names


def _are_names(words: Iterable[Any]) -> bool:
    return all(isinstance(word, str) and word != "" and word.isprintable() for word in words)


def _market(value: Any) -> dict[str, int]:
    if not isinstance(value, Mapping) or not _are_names(value):
        _refuse(f"market: expected counts by name, got {show(value)}")
    return {name: _count(f"market.{name}", count) for name, count in value.items()}


def _process(value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping) or not _are_names(value):
        _refuse(f"process: expected numbers by KPI, got {show(value)}")
    return {name: _amount(f"process.{name}", given) for name, given in value.items()}


def _exchange(value: Any) -> dict[str, float | str]:
    if not isinstance(value, Mapping) or not _are_names(value):
        _refuse(f"exchange: expected numbers or reasons by KPI, got {show(value)}")
    return {
        name: given if isinstance(given, str) else _amount(f"exchange.{name}", given)
        for name, given in value.items()
    }


def _later_mids(value: Any) -> dict[str, NDArray[np.float64]]:
    names = ("mid_1s", *OTHER_MIDS)
    if not isinstance(value, Mapping) or not set(value) <= set(names):
        _refuse(f"later_mids: expected columns by name ({', '.join(names)}), got {show(value)}")
    return {
        name: _cells(f"later_mids.{name}", _array(f"later_mids.{name}", column), np.dtype("f8"), [])
        for name, column in value.items()
    }


def _untold(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or not _are_names([*value, *value.values()]):
        _refuse(f"untold: expected reasons by name, got {show(value)}")
    known = (*STAND_INS, *UNFED)
    if not set(value) <= set(known):
        odd = min(set(value) - set(known))
        _refuse(f"untold: expected reasons by name ({', '.join(known)}), got {show(odd)}")
    return dict(value)


def _apart(value: Any) -> bool:
    if not isinstance(value, bool):
        _refuse(f"apart: expected True or False, got {show(value)}")
    return value


def _notes(value: Any) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(map(_is_text, value)):
        _refuse(f"notes: expected texts, got {show(value)}")
    return tuple(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _ids(name: str, value: Any, fills: int) -> NDArray[Any] | None:
    if value is None:
        return None
    ids = _array(name, value)
    if len(ids) and ids.dtype.kind not in "iuUS":
        _refuse(f"{name}: expected whole numbers or text, got {ids.dtype}")
    if len(ids) != fills:
        _refuse(f"{name}: expected one a fill, got {len(ids)} for {fills} fills")
    return ids


def _check_reasons(reason: NDArray[np.int8], names: tuple[str, ...]) -> None:
    odd = (reason < 0) | (reason >= len(names))
    if odd.any():
        row = int(np.argmax(odd))
        known = ", ".join(f"{n} {name}" for n, name in enumerate(names))
        _refuse(f"blocks.reason[{row}]={reason[row]}: expected a place in block_reasons ({known})")

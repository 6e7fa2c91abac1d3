"""From a table of fills, and perhaps one of mids, to an Observation that says what is not told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.config.documents import show
from pytest_soak.errors import SoakUsageError, unknown
from pytest_soak.number import number
from pytest_soak.observation import feed_kinds as kinds
from pytest_soak.observation.causes import unit_cause
from pytest_soak.observation.cells import cell, expected, is_missing
from pytest_soak.observation.columns import MARKED_FILL, UNFED, Observation
from pytest_soak.observation.feed_files import DAY_US
from pytest_soak.observation.feed_lines import Table
from pytest_soak.observation.feed_schema import FEEDS, FeedField
from pytest_soak.observation.from_feeds import FRESH_US, LATER_MIDS, ids_of, last_mids, mid_at
from pytest_soak.observation.given_columns import Given, given_columns

_FIELDS = {field.name: field for field in FEEDS["fills"].fields if field.name != "seq"}
_NEEDED = ("time_us", "side", "price", "quantity")
_MAY_BE_NULL = ("mid", *LATER_MIDS)
_MIDS = {name: _FIELDS[name] for name in ("time_us", "mid")}
_YEAR_US = 365 * DAY_US
_NO_IDS = np.zeros(0, object)
_Mids = tuple[NDArray[np.int64], NDArray[np.float64]]


def observed_fills(
    fills: Any,
    *,
    span: tuple[int | datetime, int | datetime],
    columns: Mapping[str, str],
    mids: Any,
    inventory_start: float | None,
    ends: Mapping[str, float | None],
    apart: bool,
) -> Observation:
    """What `Observation.from_fills` gives; `span` is its start and end."""
    start_us, end_us = (_instant(*one) for one in zip(("start_us", "end_us"), span, strict=True))
    given = _given(fills, "fills", _FIELDS)
    table = _table(given, _FIELDS, columns, _NEEDED)
    marks = None if mids is None else _mids_of(_given(mids, "mids", _MIDS))
    inside = (table["time_us"] >= start_us) & (table["time_us"] < end_us)
    _check_unit(given, table["time_us"], ~inside, start_us, end_us)
    own = {name: column[inside] for name, column in table.items()}
    untold: dict[str, str] = {name: f"fills alone tell no {name}" for name in UNFED}
    rows = _rows(own, marks, untold)
    signed = table["side"] * table["quantity"]
    if inventory_start is None:
        inventory_start = float(signed[table["time_us"] < start_us].sum())
    held = _amount("inventory_start", inventory_start)
    both: dict[str, Any] = _ends(
        ends, {"mid_start": start_us, "mid_end": end_us}, table, marks, untold
    )
    return Observation(
        start_us=start_us,
        end_us=end_us,
        fills=rows,
        inventory_start=held,
        inventory_end=held + float(signed[inside].sum()),
        **both,
        fill_ids=ids_of(own.get("execution_id", _NO_IDS)),
        order_ids=ids_of(own.get("order_id", _NO_IDS)),
        notes=tuple(_notes(given, columns, inside, own, marks)),
        untold=untold,
        apart=apart,
    )


def _given(value: Any, name: str, fields: Mapping[str, FeedField]) -> Given:
    """The columns that somebody gave; those of no rows are all there."""
    no_rows = isinstance(value, list | tuple) and not value
    return given_columns({field: [] for field in fields} if no_rows else value, name)


def _instant(name: str, value: Any) -> int:
    found = None if isinstance(value, str) else cell(kinds.TIME, value)
    if found is None or not kinds.TIME.holds(found):
        raise SoakUsageError(name, f"expected {expected(kinds.TIME)}, got {show(value)}")
    return int(found)


def _amount(name: str, value: Any) -> float:
    found = number(value)
    if found is None:
        raise SoakUsageError(name, f"expected a number, got {show(value)}")
    return found


def _table(
    given: Given,
    fields: Mapping[str, FeedField],
    columns: Mapping[str, str],
    needed: tuple[str, ...],
) -> Table:
    """The columns that are there, in the terms of their fields."""
    for ours, theirs in columns.items():
        if ours not in fields:
            raise SoakUsageError("columns", unknown("column", ours, fields))
        if theirs not in given.columns:
            problem = unknown("column", str(theirs), given.columns)
            raise SoakUsageError(given.source, f"{problem}; columns calls it {ours}")
    names = {ours: columns.get(ours, ours) for ours in fields}
    for ours in needed:
        if names[ours] not in given.columns:
            remedy = f'name yours, as in columns={{"{ours}": "..."}}'
            there = ", ".join(given.columns) or "none"
            raise SoakUsageError(given.source, f"no column {ours!r}; {remedy} (there are: {there})")
    present = {ours: theirs for ours, theirs in names.items() if theirs in given.columns}
    return {ours: _column(given, fields[ours], theirs) for ours, theirs in present.items()}


def _column(given: Given, field: FeedField, theirs: str) -> NDArray[Any]:
    values, may_be_null = given.columns[theirs], field.name in _MAY_BE_NULL
    null = [may_be_null and is_missing(value) for value in values]
    told = [np.nan if no else cell(field.kind, x) for no, x in zip(null, values, strict=True)]
    known = [value for no, value in zip(null, told, strict=True) if not no]
    if None in known or field.kind.checked(known) is None:
        places = (n for n, no in enumerate(null) if not no)
        row = next(n for n in places if told[n] is None or not field.kind.holds(told[n]))
        wanted = f"{theirs}={show(values[row])}, expected {expected(field.kind)}"
        raise SoakUsageError(given.row(row), wanted)
    return field.kind.column(told)


def _mids_of(given: Given) -> Table:
    table = _table(given, _MIDS, {}, tuple(_MIDS))
    known = np.isfinite(table["mid"])
    order = np.argsort(table["time_us"][known], kind="stable")
    return {name: column[known][order] for name, column in table.items()}


def _check_unit(
    given: Given, times: NDArray[np.int64], outside: NDArray[np.bool_], start_us: int, end_us: int
) -> None:
    """Refuse times outside of a span since 1970 for which another unit is to blame."""
    if start_us < _YEAR_US or not outside.any():
        return
    if cause := unit_cause(float(np.median(times[outside])), start_us, end_us):
        row = int(np.argmax(outside))
        wanted = f"time_us={times[row]}, expected {start_us} to {end_us}{cause}"
        raise SoakUsageError(given.row(row), wanted)


def _rows(own: Table, marks: Table | None, untold: dict[str, str]) -> NDArray[np.void]:
    """The fills; what stands for a column that is not told is in `untold`."""
    rows = np.zeros(len(own["time_us"]), MARKED_FILL)
    for name in rows.dtype.names or ():
        if name in own:
            rows[name] = own[name]
        elif name in _MAY_BE_NULL:
            offset_us = LATER_MIDS.get(name, 0)
            rows[name] = np.nan if marks is None else last_mids(marks, own["time_us"] + offset_us)
        else:
            rows[name] = np.nan if rows.dtype[name].kind == "f" else False
            untold[f"fills.{name}"] = f"the fills have no column {name}"
    if why := _no_mid(rows["mid"], "mid" in own or marks is not None):
        untold["fills.mid"] = why
    return rows


def _no_mid(mid: NDArray[np.float64], given: bool) -> str:
    """Why the mids of fills cannot be used; empty where they can."""
    if not given:
        return "the fills have no column mid, and no mids are given"
    missing = int(np.isnan(mid).sum())
    most = f"{FRESH_US / 1e6:g} s"
    return f"{missing} of {len(mid)} fills have no mid, or none of {most} before" if missing else ""


def _ends(
    given: Mapping[str, float | None],
    times: Mapping[str, int],
    table: Table,
    marks: Table | None,
    untold: dict[str, str],
) -> dict[str, float]:
    """The mids of both ends."""
    mids = _known_mids(table if marks is None else marks)
    found = {}
    for name, time_us in times.items():
        told = given[name]
        if told is not None:
            found[name] = _amount(name, told)
        elif mids is not None:
            found[name] = mid_at(mids, time_us)
        else:
            found[name] = np.nan
            untold[name] = f"no {name} is given, and no mids"
    return found


def _known_mids(table: Table) -> _Mids | None:
    """The mids that there are, in order of time; None without any."""
    if "mid" not in table:
        return None
    known = np.isfinite(table["mid"])
    times, mids = table["time_us"][known], table["mid"][known]
    order = np.argsort(times, kind="stable")
    return (times[order], mids[order]) if len(times) else None


def _notes(
    given: Given,
    columns: Mapping[str, str],
    inside: NDArray[np.bool_],
    own: Table,
    marks: Table | None,
) -> Iterator[str]:
    if not inside.all():
        which = "some" if inside.any() else "all"
        yield f"{given.source}: {which} fills lie outside of the window, and are left out"
    read = {columns.get(name, name) for name in _FIELDS}
    if unread := [name for name in given.columns if name not in read]:
        yield f"{given.source}: columns that are not read: {', '.join(unread)}"
    takers = "maker" in own and not own["maker"].all()
    if marks is not None and "mid" not in own and takers:
        yield "mids of taker fills are of their own time, not of when the order was decided"

"""From the lines of feeds to an Observation of a span of time.

The span is half open: a line belongs to it by its own time. How it begins and ends is told by the
`boundary` marks at its ends. Where there are none:

- the inventory at its start is that of a mark less what was filled since, or plus what was filled
  until then; of all marks the one around which least was traded, since a bot may learn late of its
  fills. Without marks it is what was filled before, from nothing. Its end follows from the fills.
- a mid is that of the last mark up to then, or else of the first one after; without marks, of the
  fills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.errors import TargetError
from pytest_soak.observation.columns import (
    BLOCK,
    LATENCY,
    MARK,
    MARKED_FILL,
    OTHER_MIDS,
    TICK,
    Observation,
)
from pytest_soak.observation.conserve import LATE_US
from pytest_soak.observation.feed_kinds import UNTOLD
from pytest_soak.observation.feed_lines import Table

FRESH_US = 2_000_000
"""How old the mark may be from which a mid of a fill is taken."""
MOST_REASONS = 100
"""Of blocks, different ones."""
LATER_MIDS = {"mid_1s": 1_000_000, **OTHER_MIDS}

_WANTED = ("intended_changes", "side_time_us", "side_time_risk_blocked_us")
_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]


def observed(
    tables: Mapping[str, Table],
    start_us: int,
    end_us: int,
    reasons: Sequence[str] = (),
    held: float = 0.0,
) -> Observation:
    """What a bot did in [start_us, end_us), from tables of its feeds, each in order of time.

    The tables may reach beyond the span. `reasons` are those that have blocked before, `held` is
    the inventory before the first fill of the tables. Raises TargetError where no mark and no fill
    tells a mid.
    """
    inside = {name: between(table, start_us, end_us) for name, table in tables.items()}
    fills, marks, quoting = inside["fills"], inside["marks"], inside["quoting"]
    orders, blocks = inside["orders"], inside["blocks"]
    names = _reasons(quoting, blocks, reasons)
    ages = orders["age_ms"]
    counts: dict[str, Any] = {name: int(quoting[name].sum()) for name in _WANTED}
    ends: dict[str, Any] = _ends(tables["marks"], tables["fills"], start_us, end_us, held)
    return Observation(
        start_us=start_us,
        end_us=end_us,
        fills=_fills(fills, tables["marks"]),
        ticks=as_rows(inside["pipeline_ticks"], TICK),
        blocks=_blocks(blocks, names),
        acks=as_rows(inside["acks"], LATENCY),
        marks=as_rows(_sampled(marks), MARK),
        ws_lag_ms=inside["ws_lag"]["lag_ms"],
        order_age_ms=ages[np.isfinite(ages)],
        orders_sent=int(orders["sent"].sum()),
        cancels_sent=int(orders["cancelled"].sum()),
        block_reasons=names,
        fill_ids=ids_of(fills["execution_id"]),
        order_ids=ids_of(fills["order_id"]),
        **counts,
        **ends,
    )


def between(table: Table, start_us: int, end_us: int) -> Table:
    """The rows of a table in order of time whose time lies in [start_us, end_us)."""
    first, last = np.searchsorted(table["time_us"], (start_us, end_us), "left")
    return {name: column[first:last] for name, column in table.items()}


def count(table: Table, start_us: int, end_us: int) -> int:
    """How many rows `between` has."""
    first, last = np.searchsorted(table["time_us"], (start_us, end_us), "left")
    return int(last - first)


def joined(parts: list[Table]) -> Table:
    """Tables of a feed as one, in order of time."""
    return in_order({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def in_order(table: Table) -> Table:
    """A table in order of time, within a microsecond of number, and without numbers as it was."""
    times, numbers = table["time_us"], table["seq"]
    later, same = times[1:] > times[:-1], times[1:] == times[:-1]
    if (later | (same & (numbers[1:] >= numbers[:-1]))).all():
        return table
    order = np.lexsort((numbers, times))
    return {name: column[order] for name, column in table.items()}


def as_rows(table: Table, dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """The columns of a table that a structured dtype names."""
    rows = np.zeros(len(table["time_us"]), dtype)
    for name in dtype.names or ():
        rows[name] = table[name]
    return rows


def _sampled(marks: Table) -> Table:
    """The marks that a drawdown is measured from."""
    kept = ~marks["boundary"] & np.isfinite(marks["equity_quote"])
    return {name: column[kept] for name, column in marks.items()}


def _fills(fills: Table, marks: Table) -> NDArray[np.void]:
    told = dict(fills)
    for name, offset_us in LATER_MIDS.items():
        column = fills[name]
        absent = column == UNTOLD
        if absent.any():
            known = last_mids(marks, fills["time_us"] + offset_us)
            told[name] = np.where(absent, known, column)
    return as_rows(told, MARKED_FILL)


def last_mids(marks: Table, times: _Ints) -> _Floats:
    """The mid of the last mark up to each time; NaN where that is older than FRESH_US."""
    if not len(marks["time_us"]):
        return np.full(len(times), np.nan)
    place = np.searchsorted(marks["time_us"], times, "right") - 1
    fresh = (place >= 0) & (times - marks["time_us"][place] <= FRESH_US)
    return np.where(fresh, marks["mid"][place], np.nan)


def _blocks(blocks: Table, names: Sequence[str]) -> NDArray[np.void]:
    places = {name: place for place, name in enumerate(names)}
    numbers = np.array([places[name] for name in blocks["reason"].tolist()], "i1")
    return as_rows(blocks | {"reason": numbers}, BLOCK)


def _reasons(quoting: Table, blocks: Table, before: Sequence[str]) -> tuple[str, ...]:
    """The reasons that the bot tells of, each once, in the order in which it does."""
    told = [names for names in quoting["reasons"].tolist() if names is not None]
    declared = [name for names in told for name in names] if told else before
    names = tuple(dict.fromkeys([*declared, *blocks["reason"].tolist()]))
    if len(names) > MOST_REASONS:
        raise TargetError(
            f"the feeds cannot be measured: blocks have {len(names)} different reasons, expected "
            f"{MOST_REASONS} at most; give each kind of reason one name"
        )
    return names


def ids_of(ids: NDArray[np.object_]) -> NDArray[Any] | None:
    """A column of ids, as an Observation has it: of one type; None where one is not known."""
    given = ids.tolist()
    if not given or None in given:
        return None
    whole = all(isinstance(one, int) and abs(one) < 2**63 for one in given)
    return np.array(given, "i8") if whole else np.array([str(one) for one in given])


def _ends(marks: Table, fills: Table, start_us: int, end_us: int, held: float) -> dict[str, float]:
    """Inventories and mids at both ends of the span."""
    opening, closing = _boundary(marks, start_us, -1), _boundary(marks, end_us, 0)
    mids = _mids(marks, fills)
    signed = fills["side"] * fills["quantity"]
    if opening is None:
        began = _inventory(marks, fills, signed, start_us, end_us, held)
        opening = began, mid_at(mids, start_us)
    if closing is None:
        first, last = np.searchsorted(fills["time_us"], (start_us, end_us), "left")
        closing = opening[0] + float(signed[first:last].sum()), mid_at(mids, end_us)
    return {
        "inventory_start": opening[0],
        "mid_start": opening[1],
        "inventory_end": closing[0],
        "mid_end": closing[1],
    }


def _boundary(marks: Table, time_us: int, which: int) -> tuple[float, float] | None:
    """Inventory and mid of a boundary mark: of several the first (0) or the last (-1)."""
    places = np.flatnonzero((marks["time_us"] == time_us) & marks["boundary"])
    if not len(places):
        return None
    place = places[which]
    return float(marks["inventory"][place]), float(marks["mid"][place])


def _inventory(
    marks: Table, fills: Table, signed: _Floats, start_us: int, end_us: int, held: float
) -> float:
    filled = np.concatenate([[0.0], np.cumsum(signed)])
    traded = np.concatenate([[0.0], np.cumsum(fills["quantity"])])
    times = fills["time_us"]
    before = filled[np.searchsorted(times, start_us, "left")]
    near = between(marks, start_us - FRESH_US, end_us)
    marked = near["time_us"]
    if not len(marked):
        return held + float(before)
    around = traded[np.searchsorted(times, marked + LATE_US, "right")]
    around = around - traded[np.searchsorted(times, marked - LATE_US, "left")]
    quiet = int(np.argmin(around))
    since = filled[np.searchsorted(times, marked[quiet], "right")] - before
    return float(near["inventory"][quiet] - since)


def _mids(marks: Table, fills: Table) -> tuple[_Ints, _Floats]:
    source = marks if len(marks["time_us"]) else fills
    if not len(source["time_us"]):
        raise TargetError(
            "the feeds cannot be measured: they have no mark and no fill, so no mid; write marks "
            "once a second"
        )
    return source["time_us"], source["mid"]


def mid_at(mids: tuple[_Ints, _Floats], time_us: int) -> float:
    """The last mid up to a time, or else the first one after; `mids` are times and values."""
    times, values = mids
    return float(values[max(0, int(np.searchsorted(times, time_us, "right")) - 1)])

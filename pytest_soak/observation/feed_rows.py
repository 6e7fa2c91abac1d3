"""From an Observation to the lines of its feeds.

What an Observation tells only of the whole window (counts, ages of orders, market data lags) is
told at the window's last microsecond, with `since_us` as its start. Milliseconds have three
decimals. `boundary` marks tell how the window began and ended.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from pytest_soak.observation.columns import STAND_INS, Observation
from pytest_soak.observation.feed_files import DAY_US, FeedFile

Columns = dict[str, list[Any]]
"""Values by the names of a feed's fields, all of one length; None where a line has none."""

_MS_DECIMALS = 3
_SPARSE = ("marks", "orders")
"""Feeds of whose fields a line has only some."""


class DayLines(NamedTuple):
    """The lines of a feed's file that a window adds: `data` are their bytes."""

    file: FeedFile
    data: bytes
    lines: int
    first_time_us: int
    last_time_us: int
    first_seq: int
    last_seq: int


def day_lines(observation: Observation, after: int) -> list[DayLines]:
    """The lines of a window by feed and UTC day, numbered from `after` + 1 in order of time.

    There are none of a window in which something stands for what is untold.
    """
    if observation.lacks(*STAND_INS):
        return []
    feeds = dict(_feeds(observation))
    times = {name: np.array(columns["time_us"], "i8") for name, columns in feeds.items()}
    numbers = _numbers(list(times.values()), after)
    return [
        lines
        for (name, columns), seq in zip(feeds.items(), numbers, strict=True)
        for lines in _by_day(name, columns, times[name], seq)
    ]


def _numbers(times: list[NDArray[np.int64]], after: int) -> list[NDArray[np.int64]]:
    together = np.concatenate(times)
    numbers = np.empty(len(together), "i8")
    numbers[np.argsort(together, kind="stable")] = np.arange(len(together)) + after + 1
    return np.split(numbers, np.cumsum([len(one) for one in times])[:-1])


def _by_day(
    feed: str, columns: Columns, times: NDArray[np.int64], seq: NDArray[np.int64]
) -> Iterator[DayLines]:
    days = times // DAY_US
    texts = _texts(columns, seq.tolist(), sparse=feed in _SPARSE)
    for day in np.unique(days).tolist():
        place = np.flatnonzero(days == day)
        yield DayLines(
            FeedFile(feed, day),
            b"".join(texts[n] for n in place.tolist()),
            len(place),
            int(times[place].min()),
            int(times[place].max()),
            int(seq[place].min()),
            int(seq[place].max()),
        )


def _texts(columns: Columns, seq: list[int], *, sparse: bool) -> list[bytes]:
    names = ("seq", *columns)
    rows = (dict(zip(names, row, strict=True)) for row in zip(seq, *columns.values(), strict=True))
    if sparse:
        rows = ({name: value for name, value in row.items() if value is not None} for row in rows)
    return [orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows]


def _feeds(observation: Observation) -> Iterator[tuple[str, Columns]]:
    """Each feed of which the window has a line, its lines in order of time."""
    blocks = _table(observation.blocks)
    blocks["reason"] = [observation.block_reasons[place] for place in blocks["reason"]]
    fills = _table(observation.fills)
    fills |= _ids("execution_id", observation.fill_ids) | _ids("order_id", observation.order_ids)
    for name, columns in (
        ("fills", fills),
        ("pipeline_ticks", _table(observation.ticks)),
        ("acks", _table(observation.acks)),
        ("blocks", blocks),
        ("marks", _marks(observation)),
        ("orders", _orders(observation)),
        ("ws_lag", _whole(observation, {"lag_ms": _rounded(observation.ws_lag_ms)})),
        ("quoting", _quoting(observation)),
        ("breaker", _table(observation.breaker)),
    ):
        if columns["time_us"]:
            yield name, columns


def _ids(field: str, ids: NDArray[Any] | None) -> Columns:
    """The column of a field; none of what the bot does not tell."""
    if ids is None:
        return {}
    return {field: [_text(one) if isinstance(one, bytes) else one for one in ids.tolist()]}


def _text(given: bytes) -> str:
    return given.decode(errors="backslashreplace")


def _table(rows: NDArray[np.void]) -> Columns:
    return {
        name: _rounded(rows[name]) if name.endswith("_ms") else rows[name].tolist()
        for name in rows.dtype.names or ()
    }


def _rounded(values: NDArray[np.float64]) -> list[Any]:
    return list(np.round(values, _MS_DECIMALS).tolist())


def _whole(observation: Observation, columns: Mapping[str, list[Any]]) -> Columns:
    """Lines that tell of the whole window."""
    count = len(next(iter(columns.values())))
    last = max(observation.start_us, observation.end_us - 1)
    return {"time_us": [last] * count, "since_us": [observation.start_us] * count, **columns}


def _orders(observation: Observation) -> Columns:
    ages = _rounded(observation.order_age_ms)
    sent, cancelled = observation.orders_sent, observation.cancels_sent
    told = [None] * (1 if sent or cancelled else 0)
    none = [None] * len(ages)
    return _whole(
        observation,
        {
            "sent": [sent for _ in told] + none,
            "cancelled": [cancelled for _ in told] + none,
            "age_ms": told + ages,
        },
    )


def _quoting(observation: Observation) -> Columns:
    names = ("intended_changes", "side_time_us", "side_time_risk_blocked_us")
    columns = {name: [getattr(observation, name)] for name in names}
    return _whole(observation, columns | {"reasons": [list(observation.block_reasons)]})


def _marks(observation: Observation) -> Columns:
    marks, ends = observation.marks, boundaries(observation)
    sampled = _table(marks) | {"boundary": [None] * len(marks)}
    return {name: [ends[0][name], *sampled[name], ends[1][name]] for name in sampled}


def boundaries(observation: Observation) -> tuple[dict[str, Any], dict[str, Any]]:
    """The marks of the window's start and end.

    Their equity is that of the first mark and what was filled since; None without marks.
    """
    start, end = observation.inventory_start, observation.inventory_end
    worth = start * observation.mid_start
    equity = None
    if len(observation.marks):
        mark = observation.marks[0]
        known = int(np.searchsorted(observation.fills["time_us"], mark["time_us"], "right"))
        held = start + _held(observation, known)
        since = _paid(observation, known) + held * float(mark["mid"]) - worth
        equity = float(mark["equity_quote"]) - since
    later = None
    if equity is not None:
        every = len(observation.fills)
        later = equity + _paid(observation, every) + end * observation.mid_end - worth
    return (
        _boundary(observation.start_us, observation.mid_start, start, equity),
        _boundary(observation.end_us, observation.mid_end, end, later),
    )


def _boundary(time_us: int, mid: float, inventory: float, equity: float | None) -> dict[str, Any]:
    return {
        "time_us": time_us,
        "mid": mid,
        "inventory": inventory,
        "equity_quote": equity,
        "boundary": True,
    }


def _held(observation: Observation, count: int) -> float:
    fills = observation.fills[:count]
    return math.fsum((fills["side"] * fills["quantity"]).tolist())


def _paid(observation: Observation, count: int) -> float:
    """What the first fills added to cash, less their fees."""
    fills = observation.fills[:count]
    paid = fills["side"] * fills["quantity"] * fills["price"] + fills["fee_quote"]
    return -math.fsum(paid.tolist())

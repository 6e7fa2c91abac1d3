"""What the kernel puts out: fixed columns that Python empties between two slices of a window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.market.kernel.jit import Record, kernel_function, numbers

CAPACITY = 32768
RESERVE = 8192  # what one event may at most add to a column, with a wide margin

FILL_ROW = np.dtype(
    [
        ("time", "i8"),
        ("price", "i8"),
        ("quantity", "i8"),
        ("fee_quote", "f8"),
        ("mid", "f8"),
        ("side", "i8"),
        ("maker", "i8"),
        ("order", "i8"),  # handle
    ],
    align=True,
)
TICK_ROW = np.dtype(
    [
        ("time", "i8"),
        ("fetch_us", "i8"),
        ("compute_us", "i8"),
        ("wait_us", "i8"),
        ("send_us", "i8"),
        ("cache_hit", "i8"),
        ("deadline_miss", "i8"),
    ],
    align=True,
)
BLOCK_ROW = np.dtype(
    [("time", "i8"), ("reason", "i8"), ("side", "i8"), ("level", "i8")], align=True
)
ACK_ROW = np.dtype([("time", "i8"), ("latency_us", "i8")], align=True)
MARK_ROW = np.dtype(
    [
        ("time", "i8"),
        ("position", "i8"),
        ("cash", "i8"),
        ("fees_quote", "f8"),
        ("mid", "f8"),
        ("feed_lag_us", "i8"),
    ],
    align=True,
)

MID_ROW = np.dtype([("time", "i8"), ("mid", "f8")], align=True)

TRADE_ROW = np.dtype(
    [("time", "i8"), ("price", "i8"), ("quantity", "i8"), ("side", "i8")], align=True
)
TOP_ROW = np.dtype(
    [
        ("time", "i8"),
        ("bid", "i8"),
        ("ask", "i8"),
        ("bid_lots", "i8"),
        ("ask_lots", "i8"),
    ],
    align=True,
)
REPORT_ROW = np.dtype(
    [
        ("time", "i8"),  # of arrival at the agent
        ("sent", "i8"),  # when the request it answers was sent
        ("price", "i8"),
        ("quantity", "i8"),
        ("handle", "i8"),
        ("kind", "i8"),
        ("side", "i8"),
        ("request", "i8"),
        ("maker", "i8"),
        ("reason", "i8"),
    ],
    align=True,
)

COLUMNS = (
    "fills",
    "markouts",
    "ticks",
    "blocks",
    "acks",
    "marks",
    "order_ages",
    "breaker_changes",
    "mids",
    "trades",
    "tops",
    "reports",
)
RUN, STOP_AT_EVENT, STOP_AT_REPORT = numbers(3)
"""How far the kernel goes: to the given time, or to the first event or report before it."""

TAPE = np.dtype(
    [
        ("fills", FILL_ROW, (CAPACITY,)),
        ("fills_count", "i8"),
        ("markouts", "f8", (CAPACITY,)),  # mid one second after each fill, in the fills' order
        ("markouts_count", "i8"),
        ("ticks", TICK_ROW, (CAPACITY,)),
        ("ticks_count", "i8"),
        ("blocks", BLOCK_ROW, (CAPACITY,)),
        ("blocks_count", "i8"),
        ("acks", ACK_ROW, (CAPACITY,)),
        ("acks_count", "i8"),
        ("marks", MARK_ROW, (CAPACITY,)),
        ("marks_count", "i8"),
        ("order_ages", "i8", (CAPACITY,)),  # microseconds
        ("order_ages_count", "i8"),
        ("breaker_changes", "i8", (CAPACITY,)),  # times at which it opens or closes, in turn
        ("breaker_changes_count", "i8"),
        ("mids", MID_ROW, (CAPACITY,)),  # changes of the mid, only while following it
        ("mids_count", "i8"),
        ("mid", "f8"),  # the newest of them; NaN: the next event puts one
        ("following", "i8"),
        ("trades", TRADE_ROW, (CAPACITY,)),  # only while recording
        ("trades_count", "i8"),
        ("tops", TOP_ROW, (CAPACITY,)),  # changes of the top of the book, only while recording
        ("tops_count", "i8"),
        ("top", TOP_ROW),  # the newest of them
        ("reports", REPORT_ROW, (CAPACITY,)),  # to an agent outside the kernel
        ("reports_count", "i8"),
        ("recording", "i8"),
        ("stop", "i8"),
        ("fills_total", "i8"),  # since markouts were last forgotten, also what was taken out
        ("markouts_total", "i8"),
        ("due", "i8", (CAPACITY,)),  # ring of the times at which markouts are due
    ],
    align=True,
)


def empty_tape() -> Any:
    """Return a tape with nothing on it: one record of dtype TAPE."""
    return np.zeros(1, TAPE)[0]


NO_ROWS: dict[str, NDArray[Any]] = {name: np.zeros(0, TAPE[name].base) for name in COLUMNS}
"""Each column without a row."""

_COUNTS = {name: f"{name}_count" for name in COLUMNS}


def drain(tape: Any) -> dict[str, NDArray[Any]]:
    """Take all rows out of the tape: a copy of each column that has any, by name."""
    rows = {}
    for name, counter in _COUNTS.items():
        count = int(tape[counter])
        if count:
            rows[name] = joined([tape[name][:count]])
            tape[counter] = 0
    return rows


def joined(pieces: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return the pieces of a column as one, copied as bytes: numpy copies records by field."""
    return np.concatenate([rows.view(np.uint8) for rows in pieces]).view(pieces[0].dtype)


def pending_markouts(tape: Any) -> int:
    """Return how many of the fills have no markout yet."""
    return int(tape["fills_total"]) - int(tape["markouts_total"])


def forget_pending_markouts(tape: Any) -> None:
    """Let the fills whose second has not passed be without one."""
    tape["fills_total"] = tape["markouts_total"] = 0


def follow_mid(tape: Any) -> None:
    """Let the next event put the mid, and each that changes it from then on."""
    tape["following"] = 1
    tape["mid"] = np.nan


def saved_tape(tape: Any) -> tuple[list[int], NDArray[Any], NDArray[np.int64]]:
    """Return what an empty tape remembers: whether it records, the newest top, markouts due."""
    numbers = np.arange(int(tape["markouts_total"]), int(tape["fills_total"]))
    return [int(tape["recording"])], tape["top"].copy(), tape["due"][numbers & (CAPACITY - 1)]


def restore_tape(
    tape: Any, counters: NDArray[np.int64], top: NDArray[Any], due: NDArray[np.int64]
) -> None:
    """Empty the tape and let it remember what `saved_tape` gave."""
    drain(tape)
    tape["recording"] = counters[0]
    tape["top"] = top[()]
    tape["markouts_total"], tape["fills_total"] = 0, len(due)
    tape["due"][: len(due)] = due


@kernel_function
def nearly_full(tape: Record) -> bool:
    """Whether the next event might not fit."""
    limit = CAPACITY - RESERVE
    return bool(
        tape.fills_count > limit
        or tape.markouts_count > limit
        or tape.marks_count > limit
        or tape.ticks_count > limit
        or tape.blocks_count > limit
        or tape.acks_count > limit
        or tape.order_ages_count > limit
        or tape.breaker_changes_count > limit
        or tape.mids_count > limit
        or tape.trades_count > limit
        or tape.tops_count > limit
        or tape.reports_count > limit
    )


@kernel_function
def place(count: int) -> int:
    """Return the place of the next row, or raise where the column is full."""
    if count >= CAPACITY:
        raise OverflowError("a column of the tape is full")
    return count


@kernel_function
def put_fill(
    tape: Record,
    time: int,
    side: int,
    maker: int,
    price: int,
    quantity: int,
    fee_quote: float,
    mid: float,
    order: int,
) -> None:
    """Record a fill; its markout is due a second later."""
    row = tape.fills[place(tape.fills_count)]
    tape.fills_count += 1
    row.time = time
    row.side = side
    row.maker = maker
    row.price = price
    row.quantity = quantity
    row.fee_quote = fee_quote
    row.mid = mid
    row.order = order
    place(tape.fills_total - tape.markouts_total)
    tape.due[tape.fills_total & (CAPACITY - 1)] = time + 1_000_000
    tape.fills_total += 1


@kernel_function
def put_due_markouts(tape: Record, time: int, mid: float) -> None:
    """Record the mid for every fill whose second has passed before `time`."""
    while (
        tape.markouts_total < tape.fills_total
        and tape.due[tape.markouts_total & (CAPACITY - 1)] <= time
    ):
        tape.markouts[place(tape.markouts_count)] = mid
        tape.markouts_count += 1
        tape.markouts_total += 1


@kernel_function
def put_tick(
    tape: Record,
    time: int,
    fetch_us: int,
    compute_us: int,
    wait_us: int,
    send_us: int,
    cache_hit: int,
    deadline_miss: int,
) -> None:
    """Record a quoting cycle and its stages."""
    row = tape.ticks[place(tape.ticks_count)]
    tape.ticks_count += 1
    row.time = time
    row.fetch_us = fetch_us
    row.compute_us = compute_us
    row.wait_us = wait_us
    row.send_us = send_us
    row.cache_hit = cache_hit
    row.deadline_miss = deadline_miss


@kernel_function
def put_block(tape: Record, time: int, reason: int, side: int, level: int) -> None:
    """Record an intended quote change that was stopped."""
    row = tape.blocks[place(tape.blocks_count)]
    tape.blocks_count += 1
    row.time = time
    row.reason = reason
    row.side = side
    row.level = level


@kernel_function
def put_ack(tape: Record, time: int, latency_us: int) -> None:
    """Record the acknowledgement of an order message."""
    row = tape.acks[place(tape.acks_count)]
    tape.acks_count += 1
    row.time = time
    row.latency_us = latency_us


@kernel_function
def put_mark(
    tape: Record,
    time: int,
    position: int,
    cash: int,
    fees_quote: float,
    mid: float,
    feed_lag_us: int,
) -> None:
    """Record the account and the market data lag."""
    row = tape.marks[place(tape.marks_count)]
    tape.marks_count += 1
    row.time = time
    row.position = position
    row.cash = cash
    row.fees_quote = fees_quote
    row.mid = mid
    row.feed_lag_us = feed_lag_us


@kernel_function
def put_order_age(tape: Record, age_us: int) -> None:
    """Record how old an agent's order was when it left the book."""
    tape.order_ages[place(tape.order_ages_count)] = age_us
    tape.order_ages_count += 1


@kernel_function
def put_breaker_change(tape: Record, time: int) -> None:
    """Record that the maker's circuit breaker has opened or closed."""
    tape.breaker_changes[place(tape.breaker_changes_count)] = time
    tape.breaker_changes_count += 1


@kernel_function
def put_mid(tape: Record, time: int, mid: float) -> None:
    """Record that the mid has changed."""
    row = tape.mids[place(tape.mids_count)]
    tape.mids_count += 1
    row.time = time
    row.mid = mid
    tape.mid = mid


@kernel_function
def put_trade(tape: Record, time: int, side: int, price: int, quantity: int) -> None:
    """Record a trade, of whomever; `side` is that of the order that came in."""
    if tape.recording == 0:
        return
    row = tape.trades[place(tape.trades_count)]
    tape.trades_count += 1
    row.time = time
    row.side = side
    row.price = price
    row.quantity = quantity


@kernel_function
def put_top(tape: Record, time: int, bid: int, bid_lots: int, ask: int, ask_lots: int) -> None:
    """Record the top of the book where it has changed."""
    top = tape.top
    if top.bid == bid and top.ask == ask and top.bid_lots == bid_lots and top.ask_lots == ask_lots:
        return
    top.time = time
    top.bid = bid
    top.ask = ask
    top.bid_lots = bid_lots
    top.ask_lots = ask_lots
    tape.tops[place(tape.tops_count)] = top
    tape.tops_count += 1


@kernel_function
def put_report(tape: Record, time: int, report: Record) -> None:
    """Hand a report to an agent outside the kernel."""
    row = tape.reports[place(tape.reports_count)]
    tape.reports_count += 1
    row.time = time
    row.sent = report.sent
    row.price = report.price
    row.quantity = report.quantity
    row.handle = report.handle
    row.kind = report.kind
    row.side = report.side
    row.request = report.request
    row.maker = report.maker
    row.reason = report.reason

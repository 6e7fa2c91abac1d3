"""Requests that are known beforehand, against the rows: for comparisons and benchmarks."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_soak.market.kernel.jit import Record, kernel_function, numbers
from pytest_soak.replay.kernel.own import crosses, find, remove, rest, take_row
from pytest_soak.replay.rows import EXCHANGE

POST_ONLY, LIMIT, IMMEDIATE, CANCEL = numbers(4)
REQUEST = np.dtype(
    [
        ("time", "i8"),  # of arrival at the venue
        ("kind", "i8"),
        ("id", "i8"),
        ("side", "i8"),
        ("tick", "i8"),
        ("size", "f8"),
    ],
    align=True,
)
FILL = np.dtype(
    [("time", "i8"), ("id", "i8"), ("tick", "i8"), ("size", "f8"), ("maker", "i8")], align=True
)


@kernel_function
def run_script(feed: Record, rows: Any, requests: Any, fills: Any) -> int:
    """Run rows and requests in the order of the venue's time; return how many fills there are.

    At equal times rows come first. `fills` has a place for each request.
    """
    asked = 0
    count = 0
    for place in range(len(rows)):
        row = rows[place]
        if row.ev & EXCHANGE == 0:
            continue
        while asked < len(requests) and requests[asked].time < row.exch_ts:
            count = _carry_out(feed, requests[asked], fills, count)
            asked += 1
        for number in range(take_row(feed, row)):
            order = feed.filled[number]
            count = _put(fills, count, row.exch_ts, order.id, order.tick, order.size, 1)
    return count


@kernel_function
def _carry_out(feed: Record, request: Record, fills: Any, count: int) -> int:
    if request.kind == CANCEL:
        place = find(feed, request.id)
        if place >= 0:
            remove(feed, place)
        return count
    if crosses(feed, request.side, request.tick):
        if request.kind == POST_ONLY:
            return count
        best = feed.asks.best if request.side > 0 else feed.bids.best
        return int(_put(fills, count, request.time, request.id, best, request.size, 0))
    if request.kind != IMMEDIATE:
        rest(feed, request.time, request.id, request.side, request.tick, request.size)
    return count


@kernel_function
def _put(fills: Any, count: int, time: int, number: int, tick: int, size: float, maker: int) -> int:
    row = fills[count]
    row.time = time
    row.id = number
    row.tick = tick
    row.size = size
    row.maker = maker
    return count + 1

"""What a feed shows: each change of its best prices, and what its book looks like meanwhile."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_soak.market.kernel.jit import Record, kernel_function
from pytest_soak.replay.kernel.book import rounded, size_at
from pytest_soak.replay.kernel.own import take_row
from pytest_soak.replay.kernel.state import NO_ASK, NO_BID
from pytest_soak.replay.rows import BUY, DEPTH, EXCHANGE, SELL, SNAPSHOT, TRADE

TOP = np.dtype(
    [("time", "i8"), ("bid", "i8"), ("ask", "i8"), ("bid_size", "f8"), ("ask_size", "f8")],
    align=True,
)
SURVEY = np.dtype(
    [
        ("last_time", "i8"),
        ("without_book", "i8"),  # time
        ("crossed", "i8"),  # times after which a bid is at or above an ask
        ("met_bid", "i8"),  # of levels that met within the time under way, 0 for none
        ("met_ask", "i8"),
        ("off_tick", "i8"),  # rows
        ("tops", "i8"),  # rows of TOP that are written
    ],
    align=True,
)
OFF_TICK = 1e-4  # of a tick


@kernel_function
def survey_rows(feed: Record, found: Record, rows: Any, tops: Any) -> None:
    """Take rows of the exchange side; a place in `tops` for each row is enough."""
    found.tops = 0
    for place in range(len(rows)):
        row = rows[place]
        if row.ev & EXCHANGE == 0:
            continue
        if found.last_time > 0 and _has_no_book(feed):
            found.without_book += row.exch_ts - found.last_time
        if row.exch_ts != found.last_time and found.met_bid != 0:
            found.crossed += _still_meet(feed, found)
            found.met_bid = 0
        found.last_time = row.exch_ts
        kind = row.ev & 0xFF
        if kind in (DEPTH, SNAPSHOT, TRADE):
            ticks = row.px / feed.tick
            found.off_tick += abs(ticks - rounded(ticks)) > OFF_TICK
        if kind in (DEPTH, SNAPSHOT):
            _note_meeting(feed, found, row)
        take_row(feed, row)
        _put_top(feed, found, row, tops)


@kernel_function
def _has_no_book(feed: Record) -> bool:
    return bool(feed.known == 0 or feed.bids.best == NO_BID or feed.asks.best == NO_ASK)


@kernel_function
def _note_meeting(feed: Record, found: Record, row: Record) -> None:
    """Note a level that meets the other side, which may go with another row of the same time."""
    if rounded(row.qty / feed.lot) <= 0:
        return
    tick = rounded(row.px / feed.tick)
    if row.ev & BUY:
        if tick >= feed.asks.best:
            found.met_bid = tick
            found.met_ask = feed.asks.best
    elif row.ev & SELL != 0 and tick <= feed.bids.best:
        found.met_bid = feed.bids.best
        found.met_ask = tick


@kernel_function
def _still_meet(feed: Record, found: Record) -> bool:
    bid, ask = size_at(feed.bids, found.met_bid), size_at(feed.asks, found.met_ask)
    return bool(bid > 0.0 and ask > 0.0)


@kernel_function
def _put_top(feed: Record, found: Record, row: Record, tops: Any) -> None:
    """Write the top where it is another, the newest of one time alone."""
    if _has_no_book(feed):
        return
    bid_size = size_at(feed.bids, feed.bids.best)
    ask_size = size_at(feed.asks, feed.asks.best)
    if found.tops > 0:
        last = tops[found.tops - 1]
        same = last.bid_size == bid_size and last.ask_size == ask_size
        if same and last.bid == feed.bids.best and last.ask == feed.asks.best:
            return
        if last.time == row.exch_ts:
            found.tops -= 1
    top = tops[found.tops]
    found.tops += 1
    top.time = row.exch_ts
    top.bid = feed.bids.best
    top.ask = feed.asks.best
    top.bid_size = bid_size
    top.ask_size = ask_size

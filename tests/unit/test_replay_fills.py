"""The fill rules of a replay, and its book beside a plain one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordings as r
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.replay.compile import load_replay
from pytest_soak.replay.hftbacktest import write_npz
from pytest_soak.replay.kernel.script import FILL, REQUEST
from pytest_soak.replay.kernel.state import LOGARITHM, NO_ASK, NO_BID, POWER, empty_feed
from pytest_soak.replay.rows import BOTH, BUY, CLEAR, DEPTH, GAP, ROW, SELL, SNAPSHOT, TRADE

BID, ASK = BUY | DEPTH, SELL | DEPTH
BOUGHT, SOLD = BUY | TRADE, SELL | TRADE
POST_ONLY, LIMIT, IMMEDIATE, CANCEL = range(4)
Row = tuple[int, int, float, float]
OPENING: list[Row] = [(0, BID, 99, 5.0), (0, BID, 98, 7.0), (0, ASK, 101, 4.0), (0, ASK, 102, 9.0)]


def replayed(
    rows: list[Row], requests: list[tuple[int, int, int, int, int]], queue: int = 0
) -> tuple[list[tuple[int, int, int, bool]], Any]:
    """Fills as (time, id, tick, maker) of requests (time, kind, id, side, tick), and the feed."""
    table = np.zeros(len(rows), ROW)
    for number, (time, event, price, size) in enumerate(rows):
        table[number] = (BOTH | event, time, time, price, size, 0, 0, 0.0)
    asked = np.zeros(len(requests), REQUEST)
    for number, request in enumerate(requests):
        asked[number] = (*request, 1.0)
    fills = np.zeros(len(requests) + 1, FILL)
    feed = empty_feed(1.0, 1.0, queue)
    count = load_replay().run_script(feed.base, table, asked, fills)
    found = [
        (int(f["time"]), int(f["id"]), int(f["tick"]), bool(f["maker"])) for f in fills[:count]
    ]
    return found, feed


BUY_99 = (1, POST_ONLY, 7, 1, 99)
END: Row = (99, BID, 50, 1.0)


@pytest.mark.parametrize(
    ("rows", "fills"),
    [
        ([(5, SOLD, 99, 5.0)], []),  # all that stood ahead, and no more
        ([(5, SOLD, 99, 6.0)], [(5, 7, 99, True)]),
        ([(5, SOLD, 99, 3.0), (6, SOLD, 99, 3.0)], [(6, 7, 99, True)]),
        ([(5, SOLD, 98, 0.1)], [(5, 7, 99, True)]),  # beyond its price
        ([(5, BOUGHT, 99, 60.0)], []),
        ([(5, SOLD, 100, 60.0)], []),
        ([(5, BID, 99, 2.0), (6, SOLD, 99, 3.0)], [(6, 7, 99, True)]),  # less is ahead
        ([(5, BID, 99, 9.0), (6, SOLD, 99, 5.0)], []),  # more is behind
        ([(5, ASK, 99, 1.0)], [(5, 7, 99, True)]),  # the ask reaches it
        ([(5, ASK, 97, 1.0)], [(5, 7, 99, True)]),
        ([(5, ASK, 100, 1.0)], []),
        ([(5, GAP, 0, 0.0), (6, SOLD, 98, 9.0)], []),  # no fill while the book is not known
        (
            [
                (5, GAP, 0, 0.0),
                (5, CLEAR, 0, 0.0),
                (6, BUY | SNAPSHOT, 98, 1.0),
                (7, SOLD, 98, 9.0),
            ],
            [(7, 7, 99, True)],
        ),
    ],
)
def test_a_resting_buy(rows: list[Row], fills: list[tuple[int, int, int, bool]]) -> None:
    assert replayed([*OPENING, *rows, END], [BUY_99])[0] == fills


@pytest.mark.parametrize(
    ("row", "is_filled"),
    [((5, BOUGHT, 101, 5.0), True), ((5, BOUGHT, 101, 4.0), False), ((5, BID, 101, 1.0), True)],
)
def test_a_resting_sell_is_the_mirror(row: Row, is_filled: bool) -> None:
    fills, _ = replayed([*OPENING, row, END], [(1, POST_ONLY, 7, -1, 101)])
    assert [fill[1:] for fill in fills] == ([(7, 101, True)] if is_filled else [])


@pytest.mark.parametrize(
    ("kind", "tick", "fills", "resting"),
    [
        (POST_ONLY, 101, [], 0),
        (LIMIT, 103, [(1, 7, 101, False)], 0),
        (IMMEDIATE, 101, [(1, 7, 101, False)], 0),
        (IMMEDIATE, 100, [], 0),
        (LIMIT, 100, [], 1),
    ],
)
def test_an_order_that_comes_in(
    kind: int, tick: int, fills: list[tuple[int, int, int, bool]], resting: int
) -> None:
    found, feed = replayed([*OPENING, END], [(1, kind, 7, 1, tick)])
    assert found == fills
    assert feed["open"] == resting


def test_rows_come_before_requests_of_the_same_time() -> None:
    rows = [*OPENING, (1, ASK, 100, 1.0), END]
    assert replayed(rows, [(1, POST_ONLY, 7, 1, 100)])[1]["open"] == 0
    assert replayed(rows, [(0, POST_ONLY, 7, 1, 100)])[0] == [(1, 7, 100, True)]


def test_a_cancelled_order_is_not_filled() -> None:
    rows = [*OPENING, (5, SOLD, 98, 1.0), END]
    assert replayed(rows, [BUY_99, (3, CANCEL, 7, 0, 0)])[0] == []
    assert len(replayed(rows, [BUY_99, (5, CANCEL, 7, 0, 0)])[0]) == 1


@pytest.mark.parametrize(("queue", "ahead"), [(POWER, 1.96), (LOGARITHM, 1.333)])
def test_a_probability_queue_shares_what_is_cancelled(queue: int, ahead: float) -> None:
    more: Row = (2, BID, 99, 10.0)
    rows = [*OPENING, more, (5, SOLD, 99, 3.0), (6, BID, 99, 5.0), END]
    _, feed = replayed(rows, [BUY_99], int(queue))
    assert float(feed["orders"]["ahead"][0]) == pytest.approx(ahead, abs=0.01)


class Plain:
    """A book as two dicts; the best of a side that was crossed goes beyond the other's."""

    def __init__(self) -> None:
        self.sides: dict[int, dict[int, float]] = {1: {}, -1: {}}

    def update(self, side: int, tick: int, size: float) -> None:
        mine, other = self.sides[side], self.sides[-side]
        if size:
            mine[tick] = size
            for crossed in [at for at in other if side * (tick - at) >= 0]:
                del other[crossed]
        else:
            mine.pop(tick, None)


LEVELS = st.lists(
    st.tuples(st.sampled_from([1, -1]), st.integers(1, 12), st.sampled_from([0, 1, 2, 5])),
    max_size=40,
)


@given(LEVELS, st.integers(0, 1))
def test_the_book_is_a_plain_one_where_nothing_is_crossed(
    updates: list[tuple[int, int, int]], far: int
) -> None:
    plain, rows, shift = Plain(), [], far << 17
    for side, tick, size in updates:
        best = [at for at in plain.sides[-side] if side * (tick - at) >= 0]
        if size and best:
            continue
        plain.update(side, tick, size)
        rows.append((1, BID if side > 0 else ASK, float(tick + shift * (side < 0)), float(size)))
    _, feed = replayed([*rows, (9, TRADE, 1.0, 1.0)], [])
    bids, asks = plain.sides[1], plain.sides[-1]
    assert feed["bids"]["best"] == max(bids, default=NO_BID)
    assert feed["asks"]["best"] == (min(asks) + shift if asks else NO_ASK)


def test_a_book_of_many_levels_that_came_and_went_is_held() -> None:
    rows: list[Row] = []
    for tick in range(1, 130_000):
        rows += [(tick, BID, tick, 1.0), (tick, BID, tick - 2 if tick > 2 else tick, 0.0)]
    _, feed = replayed(rows, [])
    assert feed["bids"]["best"] == 129_999
    assert feed["bids"]["used"] < 1 << 16


ORACLE = os.environ.get("PYTEST_SOAK_HFTBACKTEST")


@pytest.mark.skipif(
    ORACLE is None,
    reason="PYTEST_SOAK_HFTBACKTEST names no Python with hftbacktest (900 MB, numpy below 2.3)",
)
def test_fills_are_those_of_hftbacktest(tmp_path: Path) -> None:
    rows = r.rows_of(r.read(r.write_lines(tmp_path / "a.gz", r.stream(300))))
    with (tmp_path / "a.npz").open("wb") as file:
        write_npz(file, [rows], len(rows))
    command = [sys.executable, "-m", "benchmarks.replay_fills", str(tmp_path / "a.npz")]
    done = subprocess.run(
        [*command, "--oracle", str(ORACLE)], capture_output=True, text=True, check=True
    )
    assert done.stdout.count(" 0 differences") == 3, done.stdout

"""Rows in the order of two clocks."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.errors import SoakUsageError
from pytest_soak.replay import ordering
from pytest_soak.replay.ordering import in_given_order, merged, ordered, ordered_pieces
from pytest_soak.replay.rows import BOTH, DEPTH, EXCHANGE, LOCAL, Rows, empty, has

STAMPS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12), st.sampled_from([BOTH, BOTH, BOTH, LOCAL])),
    max_size=25,
)


def rows_of(stamps: list[tuple[int, int, int]]) -> Rows:
    """Rows that are known again by their prices."""
    rows = empty(len(stamps))
    for number, (exchange, local, bits) in enumerate(stamps):
        rows[number] = (bits | DEPTH, exchange, local, number, 0, 0, 0, 0)
    return rows


def of(rows: Rows, bit: int) -> list[float]:
    return [float(price) for price in rows["px"][has(rows, bit)]]


@given(STAMPS)
def test_each_side_has_its_rows_in_the_order_of_its_clock(
    stamps: list[tuple[int, int, int]],
) -> None:
    rows, found = rows_of(stamps), ordered(rows_of(stamps))
    for bit, name in ((EXCHANGE, "exch_ts"), (LOCAL, "local_ts")):
        mine = rows[has(rows, bit)]
        assert of(found, bit) == mine["px"][np.argsort(mine[name], kind="stable")].tolist()


def test_a_row_on_which_the_orders_agree_stays_whole() -> None:
    found = ordered(rows_of([(1, 1, BOTH), (5, 2, BOTH), (3, 3, BOTH), (6, 4, BOTH)]))
    assert [hex(int(ev) >> 28) for ev in found["ev"]] == ["0xc", "0x8", "0xc", "0x4", "0xc"]


@given(STAMPS, st.lists(st.integers(1, 6), min_size=1, max_size=10))
def test_pieces_come_to_the_same_as_the_whole(
    stamps: list[tuple[int, int, int]], sizes: list[int]
) -> None:
    rows = rows_of([(e + 3 * n, t + 3 * n, bits) for n, (e, t, bits) in enumerate(stamps)])
    cuts = [cut for cut in np.cumsum(sizes) if cut < len(rows)]
    with mock.patch.object(ordering, "HORIZON_NS", 12):
        found = [*ordered_pieces(np.split(rows, cuts), "x")]
    whole = ordered(rows)
    assert np.concatenate([empty(), *found]).tolist() == whole.tolist()


def test_pieces_are_handed_on_when_nothing_can_come_before_them() -> None:
    rows = rows_of([(n, n, BOTH) for n in range(100)])
    with mock.patch.object(ordering, "HORIZON_NS", 10):
        found = [len(piece) for piece in ordered_pieces(np.split(rows, 10), "x")]
    assert len(found) > 5
    assert sum(found) == 100


def test_a_clock_that_was_set_back_is_refused() -> None:
    rows = rows_of([(n, n, BOTH) for n in range(40)] + [(3, 41, BOTH)])
    behind = r"x: a time of the venue is .* s behind one before it, .* was a clock set back"
    with (
        mock.patch.object(ordering, "HORIZON_NS", 10),
        pytest.raises(SoakUsageError, match=behind),
    ):
        list(ordered_pieces(np.array_split(rows, 4), "x"))


@given(STAMPS, STAMPS, st.integers(1, 5), st.integers(1, 5))
def test_streams_are_merged_by_receipt_wherever_they_are_cut(
    one: list[tuple[int, int, int]], two: list[tuple[int, int, int]], first: int, second: int
) -> None:
    streams = [rows_of(sorted(stamps, key=lambda stamp: stamp[1])) for stamps in (one, two)]
    together = np.concatenate(streams)
    wanted = together[np.argsort(together["local_ts"], kind="stable")]
    cut = [
        iter(np.split(rows, range(size, len(rows), size)))
        for rows, size in zip(streams, (first, second), strict=True)
    ]
    assert np.concatenate([empty(), *merged(cut)]).tolist() == wanted.tolist()


def test_rows_that_say_for_whom_they_count_must_be_in_order() -> None:
    rows = rows_of([(1, 1, BOTH), (2, 9, EXCHANGE), (3, 5, LOCAL), (1, 6, LOCAL)])
    assert np.concatenate([*in_given_order([rows[:2], rows[2:]], "x")]).tolist() == rows.tolist()
    wrong = rows_of([(1, 1, BOTH), (3, 3, BOTH), (2, 4, BOTH)])
    with pytest.raises(SoakUsageError, match=r"x, row 3: exch_ts, the time of the venue, goes"):
        list(in_given_order([wrong[:2], wrong[2:]], "x"))

"""Later mids that are taken from marks as they come are those of marks that are all there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.observation.feed_kinds import UNTOLD
from pytest_soak.observation.feed_lines import Table
from pytest_soak.observation.from_feeds import LATER_MIDS, between, last_mids
from pytest_soak.observation.later_mids import LaterMids

SECOND = 1_000_000
END = 90 * SECOND
SETTLE = 2 * SECOND

times = st.integers(0, 95 * SECOND)
mids = st.sampled_from([UNTOLD, math.nan, 77.0])


def marked(at: list[int]) -> Table:
    return {"time_us": np.array(sorted(at)), "mid": 100.0 + np.arange(len(at))}


def filled(rows: list[tuple[int, float]]) -> Table:
    rows = sorted(rows)
    told = {name: np.array([mid for _, mid in rows], "f8") for name in LATER_MIDS}
    return {"time_us": np.array([at for at, _ in rows], "i8"), **told}


def in_parts(fills: Table, marks: Table, ends: list[int], start_us: int = 0) -> LaterMids:
    """The window [`start_us`, END) in parts, each told with the marks of SETTLE after its end."""
    later = LaterMids(start_us)
    for first, last in zip([start_us, *ends], [*ends, END], strict=True):
        later.add(between(fills, first, last))
        later.settle(between(marks, 0, last + SETTLE), last)
    return later


@given(
    st.lists(times, max_size=40),
    st.lists(st.tuples(st.integers(0, END - 1), mids), max_size=12),
    st.lists(st.integers(1, END - 1), max_size=4, unique=True).map(sorted),
)
def test_in_parts_they_are_those_of_all_marks_that_came_in_time(
    at: list[int], rows: list[tuple[int, float]], ends: list[int]
) -> None:
    fills, marks = filled(rows), between(marked(at), 0, END + SETTLE)
    found = in_parts(fills, marks, ends).columns(marks, END)
    for name, offset_us in LATER_MIDS.items():
        known = last_mids(marks, fills["time_us"] + offset_us)
        expected = np.where(fills[name] == UNTOLD, known, fills[name])
        np.testing.assert_array_equal(found[name], expected)


@pytest.mark.parametrize(
    ("fill", "gone", "lacking"),
    [
        (50, None, set()),
        (85, None, set()),  # what its marks would tell lies too far beyond the window
        (50, range(48, 56), {"mid_1s_before", "mid_100ms", "mid_1s"}),
        (50, range(58, 62), {"mid_10s"}),
        (0, None, set()),  # a second before the window is none of its own
    ],
)
def test_what_marks_should_have_told_is_named(
    fill: int, gone: range | None, lacking: set[str]
) -> None:
    marks = marked([at * SECOND for at in range(93) if gone is None or at not in gone])
    fills = filled([(fill * SECOND + 500_000, UNTOLD)])
    later = in_parts(fills, marks, [30 * SECOND, 60 * SECOND])
    later.columns(marks, END)
    assert later.lacking == lacking

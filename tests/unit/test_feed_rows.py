"""An Observation as lines of feeds, and what they say of it again."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from bot_feeds import same
from builders import blocks, fills, observation
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pytest_soak.observation.columns import BREAKER, LATENCY, MARK, TICK, Observation
from pytest_soak.observation.feed_files import DAY_US
from pytest_soak.observation.feed_lines import Table, empty, parsed
from pytest_soak.observation.feed_rows import boundaries, day_lines
from pytest_soak.observation.feed_schema import FEEDS, line_schema
from pytest_soak.observation.from_feeds import joined, observed

MIDNIGHT = 20_000 * DAY_US
START = MIDNIGHT - 1_800_000_000
HOUR = 3_600_000_000

_Ms = st.integers(0, 10**6).map(lambda us: us / 1e3)
_Price = st.floats(1e-6, 1e6)


def times(count: int, seed: int) -> NDArray[np.int64]:
    """Sorted times within the hour, not of its end."""
    return np.sort(np.random.default_rng(seed).integers(0, HOUR - 1, count))


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """Half an hour before midnight to half an hour after, with a few of everything."""
    row = st.tuples(
        st.sampled_from([1, -1]),
        st.booleans(),
        _Price,
        _Price,
        st.floats(-10, 10),
        _Price,
        st.one_of(_Price, st.just(np.nan)),
    )
    rows = draw(st.lists(row, max_size=6))
    filled = fills(rows)
    filled["time_us"] = times(len(rows), draw(st.integers(0, 99)))
    stages = draw(st.lists(st.tuples(_Ms, _Ms, _Ms, _Ms, _Ms, st.booleans(), st.booleans())))
    ticks = np.zeros(len(stages), TICK)
    for n, values in enumerate(stages):
        ticks[n] = (0, *values)
    ticks["time_us"] = times(len(stages), 1)
    acks = np.array([(0, ms) for ms in draw(st.lists(_Ms))], LATENCY)
    acks["time_us"] = times(len(acks), 2)
    account = st.tuples(st.just(0), _Price, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
    marks = np.array(draw(st.lists(account, max_size=6)), MARK)
    marks["time_us"] = times(len(marks), 3)
    ids = draw(st.sampled_from([None, "i8", "U3", "u8"]))
    return observation(
        start_us=START,
        fills=filled,
        ticks=ticks,
        acks=acks,
        marks=marks,
        blocks=blocks(risk=draw(st.integers(0, 5)), throttle=draw(st.integers(0, 3))),
        fill_ids=None if ids is None else np.arange(len(rows)).astype(ids),
        order_ids=None if ids is None else np.arange(7, len(rows) + 7).astype(ids),
        ws_lag_ms=np.array(draw(st.lists(_Ms)), float),
        order_age_ms=np.array(draw(st.lists(_Ms)), float),
        intended_changes=draw(st.integers(0, 50)),
        orders_sent=draw(st.integers(0, 50)),
        side_time_us=draw(st.integers(0, HOUR)),
        mid_end=draw(_Price),
    )


def tables(given: Observation, after: int = 0) -> dict[str, Table]:
    """What is read of the lines of a window, none of which may be bad."""
    parts: dict[str, list[Table]] = {name: [empty(feed)] for name, feed in FEEDS.items()}
    for lines in day_lines(given, after):
        found = parsed(lines.file, lines.data.splitlines())
        assert found.bad == ()
        assert len(found.table["seq"]) == lines.lines
        parts[lines.file.feed].append(found.table)
    return {name: joined(pieces) for name, pieces in parts.items()}


@given(observations())
def test_what_was_written_is_read_as_it_was_measured(given: Observation) -> None:
    again = observed(tables(given), given.start_us, given.end_us)
    assert same(again, given)
    if given.fill_ids is not None and len(given.fills):
        assert again.fill_ids is not None
        assert again.fill_ids.tolist() == given.fill_ids.tolist()
        assert given.order_ids is not None
        assert again.order_ids is not None
        assert again.order_ids.tolist() == given.order_ids.tolist()


@given(observations(), st.integers(0, 10**9))
def test_lines_are_numbered_in_order_of_time_and_lie_on_their_day(
    given: Observation, after: int
) -> None:
    rows, days = [], set()
    for lines in day_lines(given, after):
        found = [json.loads(line) for line in lines.data.splitlines()]
        assert {row["time_us"] // DAY_US for row in found} == {lines.file.day}
        assert (lines.first_seq, lines.last_seq) == (found[0]["seq"], found[-1]["seq"])
        assert lines.first_time_us == found[0]["time_us"]
        assert lines.last_time_us == found[-1]["time_us"]
        rows += [(row["seq"], row["time_us"]) for row in found]
        days.add(lines.file.day)
    rows.sort()
    assert [seq for seq, _ in rows] == list(range(after + 1, after + len(rows) + 1))
    assert [time for _, time in rows] == sorted(time for _, time in rows)
    assert days == {19_999, 20_000}


def test_the_equity_at_the_ends_follows_from_a_mark_and_the_fills() -> None:
    marks = np.array([(10, 101.0, 2.0, 50.0)], MARK)
    given = observation(
        fills=fills([(1, True, 99.0, 2.0, 0.5, 100.0, 100.0), (-1, False, 103.0, 1.0, 0.5, 1, 1)]),
        marks=marks,
        mid_start=100.0,
        mid_end=104.0,
    )
    given.fills["time_us"] = [5, 20]
    opening, closing = boundaries(given)
    # bought 2 at 99 for 0.5, marked at 101: 3.5 more than at the start; sold one at 103
    assert opening["equity_quote"] == pytest.approx(50.0 - 3.5)
    assert closing["equity_quote"] == pytest.approx(46.5 - 198.5 + 102.5 + 104.0)
    assert (opening["inventory"], closing["inventory"]) == (0.0, 1.0)


def test_without_marks_the_ends_have_no_equity_and_no_drawdown_is_made_up() -> None:
    given = observation(start_us=START, fills=fills([(1, True, 99.0, 2.0, 0.5, 100.0, 100.0)]))
    lines = {lines.file.name: lines.data for lines in day_lines(given, 0)}
    assert b"equity_quote" not in lines["marks_20241003.jsonl"]
    assert len(observed(tables(given), given.start_us, given.end_us).marks) == 0


def test_ids_of_bytes_are_text() -> None:
    given = observation(
        start_us=START,
        fills=fills([(1, True, 99.0, 2.0, 0.5, 100.0, 100.0)]),
        fill_ids=np.array([b"a1"]),
        order_ids=np.array([b"o1"]),
    )
    again = observed(tables(given), given.start_us, given.end_us)
    assert again.fill_ids is not None
    assert again.order_ids is not None
    assert [*again.fill_ids, *again.order_ids] == ["a1", "o1"]


def test_a_breaker_is_told_when_it_changes() -> None:
    changes = np.array([(5, True), (9, False)], BREAKER)
    told = tables(observation(start_us=START, breaker=changes))["breaker"]
    assert told["time_us"].tolist() == [START + 5, START + 9]
    assert told["open"].tolist() == [True, False]


def test_a_reason_of_the_bots_own_comes_back() -> None:
    given = replace(observation(start_us=START, blocks=blocks(risk=3)), block_reasons=("x",) * 6)
    (data,) = [lines.data for lines in day_lines(given, 0) if lines.file.feed == "blocks"]
    assert {json.loads(line)["reason"] for line in data.splitlines()} == {"x"}


def test_a_window_ends_as_it_did_also_where_the_next_one_begins_otherwise() -> None:
    first = observation(start_us=START, mid_end=104.0, inventory_start=3.0)
    second = observation(start_us=first.end_us, mid_start=105.0, inventory_start=3.0)
    both = {
        name: joined([table, tables(second, 100)[name]]) for name, table in tables(first).items()
    }
    for one in (first, second):
        assert same(observed(both, one.start_us, one.end_us), one)


def test_a_schema_has_the_fields_of_its_feed_and_those_that_must_be() -> None:
    for feed in FEEDS.values():
        schema = line_schema(feed)
        assert set(schema["properties"]) == {field.name for field in feed.fields}
        assert "time_us" in schema["required"]
        assert "seq" not in schema["required"]

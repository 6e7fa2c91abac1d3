"""Feeds of a bot that are read while it writes them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from bot_feeds import DAY, MINUTE, NAME, SECOND, START, fill, mark, same, write
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.errors import TargetError
from pytest_soak.observation.bad_lines import FeedProblem
from pytest_soak.observation.columns import OTHER_MIDS, Observation
from pytest_soak.observation.feed_files import DAY_US, FeedFile, feed_file
from pytest_soak.observation.feed_schema import FEEDS
from pytest_soak.observation.growing import MOST_TOLD, GrowingFeeds
from pytest_soak.observation.line_batches import LONGEST_LINE


def polled(folder: Path) -> GrowingFeeds:
    feeds = GrowingFeeds(folder)
    assert feeds.poll() == []
    return feeds


def problems(folder: Path, *rows: Any, feed: str = "fills") -> list[FeedProblem]:
    write(folder, feed, *rows)
    return GrowingFeeds(folder).poll()


def window(feeds: GrowingFeeds, start: float = 0.0, end: float = 60.0) -> Observation:
    return feeds.window(START + round(start * SECOND), START + round(end * SECOND))


_LINES = st.lists(
    st.one_of(
        st.integers(0, 59).map(lambda at: json.dumps(fill(at)).encode()),
        st.integers(0, 59).map(lambda at: json.dumps(fill(at, mid_1s=None)).encode()),
        st.binary(max_size=12).filter(lambda line: b"\n" not in line),
        st.sampled_from([b"[]", b'{"time_us":1}', b"{" + b" " * 60, b" " * 70]),
    ),
    max_size=12,
)


@given(_LINES, st.lists(st.integers(0, 3000), max_size=6), st.integers(40, 400))
def test_wherever_a_file_is_cut_between_polls_it_reads_as_at_once(
    lines: list[bytes], cuts: list[int], longest: int
) -> None:
    data = b"".join(line + b"\n" for line in lines)
    ends = [*sorted(min(cut, len(data)) for cut in cuts), len(data)]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("pytest_soak.observation.line_batches.LONGEST_LINE", longest)
        patch.setattr("pytest_soak.observation.tail._CHUNK", 64)
        path = Path(folder) / NAME
        path.write_bytes(b"")
        feeds, told = GrowingFeeds(Path(folder)), []
        for begin, end in zip([0, *ends], ends, strict=False):
            with path.open("ab") as file:
                file.write(data[begin:end])
            told += feeds.poll()
        whole = GrowingFeeds(Path(folder))
        assert whole.poll() == told
        assert whole.bad_lines == feeds.bad_lines == len(told)
        assert whole.last_time_us == feeds.last_time_us
        if whole.last_time_us is not None:
            assert same(window(whole), window(feeds))


def test_a_line_without_its_end_waits(tmp_path: Path) -> None:
    path = write(tmp_path, "fills", fill(1))
    text = json.dumps(fill(2)).encode()
    with path.open("ab") as file:
        file.write(text)
    feeds = polled(tmp_path)
    assert len(window(feeds).fills) == 1
    with path.open("ab") as file:
        file.write(b"\n")
    assert feeds.poll() == []
    assert len(window(feeds).fills) == 2


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "not JSON"),
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b'{"time_us": NaN}', "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"17", "not a JSON object"),
        ({"time_us": START}, "no side, expected 1 for bought or -1 for sold"),
        (fill(side=0), "side=0, expected 1 for bought or -1 for sold"),
        (fill(side=True), "side=True, expected 1 for bought or -1 for sold"),
        (fill(maker=1), "maker=1, expected true or false"),
        (fill(price="99"), "price='99', expected a number above 0"),
        (fill(quantity=0), "quantity=0, expected a number above 0"),
        (fill(mid=None), "no mid, expected a number above 0"),
        (fill(mid_1s=-1.0), "mid_1s=-1.0, expected a number above 0"),
        (fill(execution_id=""), "execution_id='', expected a whole number or text"),
        (fill(seq=0), "seq=0, expected a whole number from 1"),
        (
            fill(time_us=float(START)),
            f"time_us={float(START)}, expected microseconds since 1970 as a whole number",
        ),
        (
            fill(time_us=START // 1000),
            f"time_us={START // 1000}, expected the day of {NAME} (times look like milliseconds)",
        ),
        (
            fill(time_us=START + 2 * DAY_US),
            f"time_us={START + 2 * DAY_US}, expected the day of {NAME}",
        ),
    ],
)
def test_a_bad_line_is_told_with_its_place_and_costs_no_other(
    tmp_path: Path, line: Any, why: str
) -> None:
    write(tmp_path, "fills", fill(1), line, fill(2))
    feeds = GrowingFeeds(tmp_path)
    (problem,) = feeds.poll()
    assert (problem.file, problem.line, problem.why) == (NAME, 2, why)
    assert str(problem).startswith(f"{NAME}:2: {why}")
    assert feeds.bad_lines == 1
    assert window(feeds).fills["time_us"].tolist() == [fill(1)["time_us"], fill(2)["time_us"]]


def test_the_text_of_a_bad_line_is_cut_and_printable(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, b"\x1b[2J" + b"x" * 5000)
    assert len(problem.text) == 200
    assert problem.text.isprintable()


def test_of_many_bad_lines_all_are_counted_and_some_told(tmp_path: Path) -> None:
    write(tmp_path, "fills", *[b"?"] * (3 * MOST_TOLD))
    feeds = GrowingFeeds(tmp_path)
    assert len(feeds.poll()) == MOST_TOLD
    assert feeds.bad_lines == 3 * MOST_TOLD
    assert feeds.poll() == []


def test_a_line_without_end_is_not_held_in_memory(tmp_path: Path) -> None:
    path = write(tmp_path, "fills", fill(1))
    feeds = polled(tmp_path)
    with path.open("ab") as file:
        file.write(b"x" * (3 * LONGEST_LINE))
    (problem,) = feeds.poll()
    assert (problem.line, problem.why) == (2, f"longer than {LONGEST_LINE} bytes")
    assert len(feeds._tails[NAME]._lines._half) == 0
    with path.open("ab") as file:
        file.write(b"x" * LONGEST_LINE + b"\n")
    write(tmp_path, "fills", fill(3))
    assert feeds.poll() == []
    assert feeds.bad_lines == 1
    assert len(window(feeds).fills) == 2


@pytest.mark.parametrize("size", [LONGEST_LINE - 10, LONGEST_LINE + 10])
def test_a_line_is_as_long_as_it_may_be_or_bad_also_when_it_comes_whole(
    tmp_path: Path, size: int
) -> None:
    text = json.dumps(fill()).encode()
    found = problems(tmp_path, text + b" " * (size - len(text)))
    assert len(found) == (size > LONGEST_LINE)


def test_a_file_that_shrank_or_was_replaced_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "fills", fill(1), fill(2))
    feeds = polled(tmp_path)
    path.write_bytes(json.dumps(fill(3)).encode() + b"\n")
    size = path.stat().st_size
    (problem,) = feeds.poll()
    assert str(problem) == f"{NAME}: shrank to {size} bytes: it is read from its start"
    assert window(feeds).fills["time_us"].tolist() == [fill(n)["time_us"] for n in (1, 2, 3)]
    other = tmp_path / "other"
    other.write_bytes(json.dumps(fill(4)).encode() + b"\n" + path.read_bytes())
    other.replace(path)
    (problem,) = feeds.poll()
    assert str(problem) == f"{NAME}: was replaced: it is read from its start"
    assert feeds.poll() == []
    assert len(window(feeds).fills) == 5
    assert feeds.bad_lines == 0


def test_a_half_line_that_was_cut_costs_no_other(tmp_path: Path) -> None:
    path = write(tmp_path, "fills", fill(1))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    feeds = polled(tmp_path)
    path.write_bytes(whole)
    (problem,) = feeds.poll()
    assert problem.why == f"shrank to {len(whole)} bytes: its last line was cut"
    write(tmp_path, "fills", fill(2))
    assert feeds.poll() == []
    assert len(window(feeds).fills) == 2


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_or_a_pipe_is_refused_and_told_once(tmp_path: Path) -> None:
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    path = write(tmp_path, "fills", fill(1))
    (feeds / NAME).symlink_to(path)
    os.mkfifo(feeds / FeedFile("marks", DAY.day).name)
    reading = GrowingFeeds(feeds)
    assert [str(problem) for problem in reading.poll()] == [
        f"{NAME}: is a symbolic link, which is not followed",
        f"{FeedFile('marks', DAY.day).name}: is no regular file",
    ]
    assert reading.poll() == []
    assert reading.last_time_us is None


def test_other_files_and_a_folder_that_is_not_there_are_no_feeds(tmp_path: Path) -> None:
    for name in ("fills.jsonl", "fills_20240231.jsonl", f"{NAME}.gz", f"x_{NAME}", "notes.txt"):
        (tmp_path / name).write_text("?\n")
        assert feed_file(name) is None
    polled(tmp_path)
    polled(tmp_path / "none")


def test_a_window_has_the_lines_of_its_own_time_over_midnight(tmp_path: Path) -> None:
    midnight = DAY.start_us + DAY_US
    for offset in (-1, 0, 1):
        row = fill(time_us=midnight + offset)
        write(tmp_path, "fills", row, day=DAY.day + (offset >= 0))
    feeds = polled(tmp_path)
    before = feeds.window(midnight - MINUTE, midnight)
    after = feeds.window(midnight, midnight + MINUTE)
    assert before.fills["time_us"].tolist() == [midnight - 1]
    assert after.fills["time_us"].tolist() == [midnight, midnight + 1]
    assert (before.inventory_start, before.inventory_end) == (0.0, 2.0)
    assert (after.inventory_start, after.inventory_end) == (2.0, 6.0)


def test_lines_that_come_in_any_order_are_sorted(tmp_path: Path) -> None:
    write(tmp_path, "fills", fill(3), fill(1), fill(2))
    feeds = polled(tmp_path)
    assert window(feeds).fills["time_us"].tolist() == [fill(n)["time_us"] for n in (1, 2, 3)]


def test_what_comes_after_its_window_is_late_and_in_no_other(tmp_path: Path) -> None:
    write(tmp_path, "fills", fill(1))
    feeds = polled(tmp_path)
    assert len(window(feeds, 0, 60).fills) == 1
    write(tmp_path, "fills", fill(59), fill(60), fill(61))
    assert feeds.poll() == []
    assert feeds.late(START + MINUTE) == 1
    assert feeds.late(START + 59 * SECOND) == 0
    assert feeds.late(START + 2 * MINUTE) == 1
    assert window(feeds, 60, 120).fills["time_us"].tolist() == [
        fill(60)["time_us"],
        fill(61)["time_us"],
    ]
    feeds.drop_before(START + MINUTE)
    write(tmp_path, "fills", fill(58))
    feeds.poll()
    assert feeds.late(START + MINUTE) == 2


def test_absent_mids_are_the_last_mark_that_is_no_more_than_two_seconds_old(
    tmp_path: Path,
) -> None:
    write(tmp_path, "marks", *[mark(second, 100.0 + second) for second in range(20)])
    write(tmp_path, "fills", fill(5.5), fill(18.5), fill(19.5, mid_1s=77.0, mid_10s=None))
    found = window(polled(tmp_path)).fills
    assert found["mid_1s"].tolist() == [106.0, 119.0, 77.0]
    assert found["mid_100ms"].tolist() == [105.0, 118.0, 119.0]
    assert found["mid_1s_before"].tolist() == [104.0, 117.0, 118.0]
    assert found["mid_10s"][0] == 115.0
    assert np.isnan(found["mid_10s"][1:]).all()
    assert np.isnan(found["mid_60s"]).all()


@pytest.mark.parametrize(("late", "known"), [(2_000_000, True), (2_000_001, False)])
def test_a_mark_is_too_old_after_two_seconds(tmp_path: Path, late: int, known: bool) -> None:
    write(tmp_path, "marks", mark(0))
    write(tmp_path, "fills", fill(time_us=START + late - SECOND))
    found = window(polled(tmp_path)).fills
    assert bool(np.isfinite(found["mid_1s"][0])) is known


def test_the_account_follows_from_marks_and_fills(tmp_path: Path) -> None:
    write(tmp_path, "fills", fill(10), fill(20, side=-1, quantity=1.0), fill(70))
    write(tmp_path, "marks", mark(5, 100.0, 7.0), mark(30, 101.0, 8.0), mark(80, 102.0, 10.0))
    feeds = polled(tmp_path)
    first, second = window(feeds, 0, 60), window(feeds, 60, 120)
    assert (first.inventory_start, first.inventory_end) == (7.0, 8.0)
    assert (first.mid_start, first.mid_end) == (100.0, 101.0)
    assert (second.inventory_start, second.inventory_end) == (8.0, 10.0)
    assert (second.mid_start, second.mid_end) == (101.0, 102.0)


def test_a_bot_that_learns_late_of_a_fill_has_the_inventory_it_has(tmp_path: Path) -> None:
    write(tmp_path, "fills", fill(0.5))
    marks = [mark(0.6, inventory=0.0), mark(1.6, inventory=2.0), mark(30, inventory=2.0)]
    write(tmp_path, "marks", *marks)
    found = window(polled(tmp_path))
    assert (found.inventory_start, found.inventory_end) == (0.0, 2.0)


def test_without_mark_and_fill_nothing_can_be_measured(tmp_path: Path) -> None:
    write(tmp_path, "acks", {"time_us": START, "latency_ms": 3.0})
    feeds = polled(tmp_path)
    with pytest.raises(TargetError, match="no mark and no fill, so no mid"):
        window(feeds)


def test_what_was_dropped_is_still_in_the_account_and_the_mids(tmp_path: Path) -> None:
    write(tmp_path, "fills", fill(1), fill(30, side=-1, quantity=0.5), fill(60.2))
    write(tmp_path, "marks", mark(59.1, 105.0, 9.0))
    whole, dropped = polled(tmp_path), polled(tmp_path)
    dropped.drop_before(START + MINUTE)
    assert same(window(whole, 60, 120), window(dropped, 60, 120))
    assert len(dropped.table("fills", 0, START + MINUTE)["time_us"]) == 0
    for path in tmp_path.glob("marks*"):
        path.unlink()
    whole, dropped = polled(tmp_path), polled(tmp_path)
    dropped.drop_before(START + MINUTE)
    assert same(window(whole, 60, 120), window(dropped, 60, 120))
    assert window(dropped, 60, 120).inventory_start == 1.5


def test_memory_stays_flat_over_the_windows(tmp_path: Path) -> None:
    feeds = GrowingFeeds(tmp_path)
    for n in range(50):
        write(tmp_path, "marks", *[mark(60 * n + second) for second in range(0, 60, 5)])
        write(tmp_path, "acks", {"time_us": START + n * MINUTE, "latency_ms": 1.0})
        assert feeds.poll() == []
        assert len(window(feeds, 60 * n, 60 * n + 60).marks) == 12
        feeds.drop_before(START + (n + 1) * MINUTE)
        assert sum(len(feeds.table(name, 0, 10**18)["time_us"]) for name in FEEDS) <= 2


def test_blocks_are_told_by_the_reasons_that_the_bot_tells_of(tmp_path: Path) -> None:
    write(tmp_path, "marks", mark(1))
    write(tmp_path, "blocks", {"time_us": START, "reason": "mine", "side": 1})
    feeds = polled(tmp_path)
    assert window(feeds).block_reasons == ("mine",)
    assert window(feeds, 60, 120).block_reasons == ("mine",)
    quoting = {"time_us": START + MINUTE, "intended_changes": 7, "reasons": ["risk", "mine"]}
    write(tmp_path, "quoting", quoting)
    feeds.poll()
    found = window(feeds, 60, 120)
    assert (found.block_reasons, found.intended_changes) == (("risk", "mine"), 7)


def test_too_many_reasons_are_no_measurement(tmp_path: Path) -> None:
    write(tmp_path, "marks", mark(1))
    rows = [{"time_us": START, "reason": f"r{n}", "side": 1} for n in range(200)]
    write(tmp_path, "blocks", *rows)
    with pytest.raises(TargetError, match="200 different reasons, expected 100 at most"):
        window(polled(tmp_path))


def test_ids_are_those_of_the_fills_or_none(tmp_path: Path) -> None:
    write(tmp_path, "fills", fill(2, execution_id=8), fill(1, execution_id=7))
    feeds = polled(tmp_path)
    ids = window(feeds).fill_ids
    assert ids is not None
    assert ids.tolist() == [7, 8]
    write(tmp_path, "fills", fill(3, execution_id="a9"))
    feeds.poll()
    ids = window(feeds).fill_ids
    assert ids is not None
    assert ids.tolist() == ["7", "8", "a9"]
    write(tmp_path, "fills", fill(4))
    feeds.poll()
    assert window(feeds).fill_ids is None


def test_lines_of_every_other_feed_are_read(tmp_path: Path) -> None:
    rows: dict[str, dict[str, Any]] = {
        "orders": {"sent": 3, "cancelled": 1, "age_ms": 5.0},
        "ws_lag": {"lag_ms": 2.0},
        "errors": {"text": "lost"},
        "breaker": {"open": True},
        "resources": {"rss_mb": 10, "cpu_pct": 3.5},
        "kpis": {"kpis": {"net_bps": 3, "risk_ratio": None}},
        "acks": {"latency_ms": 4.0},
    }
    write(tmp_path, "marks", mark(1))
    for feed, row in rows.items():
        write(tmp_path, feed, {"time_us": START + 5, "seq": 1, "note": "not read"} | row)
    feeds = polled(tmp_path)
    assert feeds.told == {"marks", *rows}
    for feed, row in rows.items():
        table = feeds.table(feed, START, START + MINUTE)
        assert {name: table[name].tolist() for name in row} == {k: [v] for k, v in row.items()}
    found = window(feeds)
    assert (found.orders_sent, found.cancels_sent) == (3, 1)
    assert (found.order_age_ms.tolist(), found.ws_lag_ms.tolist()) == ([5.0], [2.0])
    assert found.acks["latency_ms"].tolist() == [4.0]
    assert set(OTHER_MIDS) < {field.name for field in FEEDS["fills"].fields}

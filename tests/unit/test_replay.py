"""Stop criteria over stored feeds: what the soak saw, day by day."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import Any

import pytest
from bot_feeds import DAY, MIDNIGHT, START, mark, tick, write

from pytest_soak import soak
from pytest_soak.artifacts.stored_run import run_in
from pytest_soak.commands.daily_feeds import Lane, Source, read_lane
from pytest_soak.gates.criteria import Criteria, Criterion, criteria_shelf, load_criteria
from pytest_soak.gates.sustained import Transition
from pytest_soak.release.replay import Stood

RESTLESS = """
name: restless
criteria:
  - {name: slow, metric: tick_total_p95_ms, window: 1m, warn_if: "> 38.7", for: 1m}
  - {name: cold, metric: md_cache_hit_ratio, window: 2m, warn_if: "< 0.8", clear_for: 3m}
  - {name: takes, metric: taker_ratio, window: 5m, warn_if: "> 0.03", for: 2m}
  - {name: lag, metric: p95_latency_ms, window: 1m, warn_if: "> 250"}
  - {name: breaker, metric: breaker_open, stop_if: "> 0"}
"""


def test_feeds_replayed_do_what_the_soak_recorded(tmp_path: Path) -> None:
    (tmp_path / "criteria").mkdir()
    (tmp_path / "criteria/restless.yaml").write_text(RESTLESS)
    soak(
        "sim", iterations=3, minutes=20, gate="smoke", stop="restless", feeds=True, folder=tmp_path
    )
    criteria = load_criteria("restless", criteria_shelf(tmp_path), tmp_path, "stop")
    run = run_in(next(path.parent for path in tmp_path.rglob("RESULT.json")))
    (name,) = run.lanes
    told = [one for each in run.files(name).iterations.values() for one in each.stops]
    assert {one.criterion for one in told} == {"slow", "cold", "takes", "lag"}
    lane = read_lane(Source(name, run.folder / "feeds", ()), criteria)
    (stood,) = lane.stood.values()
    found = [one for each in stood.values() for one in each.transitions]
    assert sorted(found, key=str) == sorted(told, key=str)
    assert {each.minutes for each in stood.values()} == {60}
    assert "breaker" not in stood


def late(**more: Any) -> Criteria:
    facts = {"name": "late", "metric": "deadline_miss_ratio", "window": "1m", "stop_if": "> 0.5"}
    return Criteria(name="one", criteria=[Criterion.model_validate(facts | more)])


def read(folder: Path, criteria: Criteria, *recorded: Transition) -> Lane:
    return read_lane(Source("a", folder, recorded), criteria)


def bot(
    folder: Path, minutes: int, missed: Container[int], *, start: float = 0.0, skip: str = ""
) -> None:
    """A tick and a mark a second; in the minutes that are `missed` each tick is late."""
    seconds = [start + n for n in range(60 * minutes)]
    write(folder, "marks", *(mark(second) for second in seconds))
    late = [int((second - start) // 60) in missed for second in seconds]
    ticks = [tick(s, deadline_miss=miss) for s, miss in zip(seconds, late, strict=True)]
    if skip != "ticks":
        write(folder, "pipeline_ticks", *ticks)
    else:
        write(folder, "pipeline_ticks", *ticks[:60])


@pytest.mark.parametrize(
    ("missed", "pending", "longest_min", "acts"),
    [
        (range(0), 0, 0, False),
        (range(5, 8), 3, 2, False),
        (range(5, 10), 5, 4, False),
        (range(5, 11), 5, 4, True),
        ({3, 4, 5, 9, 10}, 5, 2, False),
    ],
)
def test_a_limit_that_holds_is_pending_until_it_acts(
    tmp_path: Path, missed: Container[int], pending: int, longest_min: int, acts: bool
) -> None:
    bot(tmp_path, 20, missed)
    stood = read(tmp_path, late(**{"for": "5m"})).stood[DAY.day]["late"]
    assert (stood.pending, stood.longest_us / 60e6) == (pending, longest_min)
    assert stood.standing.stopped is acts
    assert [one.kind for one in stood.transitions] == (["stop"] if acts else [])
    assert stood.no_data == 0


def test_minutes_without_a_value_are_counted(tmp_path: Path) -> None:
    bot(tmp_path, 20, range(0), skip="ticks")
    stood = read(tmp_path, late()).stood[DAY.day]["late"]
    assert (stood.minutes, stood.no_data) == (19, 18)


def test_what_ends_at_midnight_is_of_the_day_before_and_its_clock_goes_on(tmp_path: Path) -> None:
    before = (MIDNIGHT - START) / 1e6 - 180.0
    bot(tmp_path, 3, range(3), start=before)
    for feed, line in (("marks", mark), ("pipeline_ticks", late_tick)):
        rows = [line(before + 180.0 + n) for n in range(180)]
        write(tmp_path, feed, *rows, day=DAY.day + 1)
    stood = read(tmp_path, late(**{"for": "4m"})).stood
    assert stood[DAY.day]["late"].minutes == 3
    assert stood[DAY.day]["late"].transitions == []
    (acted,) = stood[DAY.day + 1]["late"].transitions
    assert acted.at == MIDNIGHT + 120_000_000
    assert acted.since == MIDNIGHT - 120_000_000


def late_tick(at: float) -> dict[str, Any]:
    return tick(at, deadline_miss=True)


def transition(kind: Any, at: int) -> Transition:
    return Transition(
        criterion="errors",
        kind=kind,
        metric="errors_per_min",
        value=20.0,
        limit="> 10",
        since=at - 60_000_000,
        at=at,
    )


ERRORS = {"name": "errors", "metric": "errors_per_min", "stop_if": None, "warn_if": "> 10"}


def test_the_records_tell_of_what_no_feed_does(tmp_path: Path) -> None:
    bot(tmp_path, 3, range(0))
    at = START + 120_000_000
    lane = read(tmp_path, late(**ERRORS), transition("warn", at), transition("clear", at + 1))
    stood = lane.stood[DAY.day]["errors"]
    assert stood.minutes == 0
    assert [one.kind for one in stood.transitions] == ["warn", "clear"]
    assert not stood.standing.warned
    write(tmp_path, "errors", *({"time_us": START + n, "text": f"E{n % 2}: x"} for n in range(3)))
    fed = read(tmp_path, late(**ERRORS), transition("warn", at))
    assert fed.stood[DAY.day]["errors"].transitions == []
    assert fed.stood[DAY.day]["errors"].minutes == 2
    assert fed.days[DAY.day].errors == {"E0": 2, "E1": 1}
    assert fed.stood.get(DAY.day + 1, {}).get("errors", Stood()) == Stood()


def test_a_restart_is_counted_where_resources_are_told(tmp_path: Path) -> None:
    bot(tmp_path, 3, range(0))
    assert read(tmp_path, late()).days[DAY.day].restarts is None
    uses = {"rss_mb": 1.0, "cpu_pct": 1.0}
    rows = [
        {"time_us": START + n * 1_000_000, "started_us": START + n // 4, **uses} for n in range(12)
    ]
    write(tmp_path, "resources", *rows)
    assert read(tmp_path, late()).days[DAY.day].restarts == 2


def test_doubled_lines_count_once(tmp_path: Path) -> None:
    bot(tmp_path, 3, range(0))
    errors = [{"time_us": START + n, "text": "E", "seq": 1000 + n % 2} for n in range(4)]
    write(tmp_path, "errors", *errors)
    assert read(tmp_path, late()).days[DAY.day].errors == {"E": 2}

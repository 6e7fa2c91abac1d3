"""Sustained criteria over the windows of a lane: from events to the end of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import FakeTarget, Lane, MemoryJournal, fills, lane_of, observation, plan
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pytest_soak.engine.events import IterationFinished, LaneFinished, StopFired
from pytest_soak.engine.plan import GateMode
from pytest_soak.engine.record import Ending, IterationRecord, LaneResult
from pytest_soak.engine.tail import packed, unpacked
from pytest_soak.engine.watch import Vigil, Watched
from pytest_soak.gates.criteria import Criteria, criteria_shelf, load_criteria
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.model import Gate, Threshold
from pytest_soak.gates.sustained import Transition
from pytest_soak.kpi.usage import Usage
from pytest_soak.observation.columns import BREAKER, ERROR, MARKED_FILL, RESOURCE, TICK, Observation
from pytest_soak.targets.base import Window

MINUTE, HOUR = 60_000_000, 3_600_000_000
STOP = load_criteria("stop", criteria_shelf(Path("/nowhere")), Path("/nowhere"), "test")
EASY = Gate(name="easy", thresholds=[Threshold(metric="num_fills", fail_unless="> 0")])
"""A gate that every window here passes."""


def only(*names: str) -> Criteria:
    """Some of the built-in criteria."""
    return Criteria(name="stop", criteria=[c for c in STOP.criteria if c.name in names])


Then = tuple[Any, int, int, Any]
"""Values of a column: the usual one, from minute, to minute, the one between them."""


def ticks(columns: Mapping[str, Then] = {}, minutes: tuple[int, int] = (0, 60)) -> NDArray[Any]:
    """A tick a second between `minutes`."""
    first, last = minutes
    found = np.zeros((last - first) * 60, TICK)
    found["time_us"] = np.arange(first * 60, last * 60) * 1_000_000 + 500_000
    at = found["time_us"] / MINUTE
    found["total_ms"], found["fetch_md_ms"], found["cache_hit"] = 50.0, 20.0, np.arange(len(at)) % 4
    for name, (usual, start, end, then) in columns.items():
        found[name] = np.where((at >= start) & (at < end), then, usual)
    return found


def hour(number: int = 1, **parts: Any) -> Observation:
    """Hour `number` of a lane: a maker's fill each ten minutes, back and forth, and `parts`."""
    table = fills([((-1) ** n, True, 100.0, 1.0, 0.0, 100.0, 100.0) for n in range(6)])
    table["time_us"] = np.arange(6) * 10 * MINUTE + MINUTE // 2
    return observation(start_us=(number - 1) * HOUR, **({"fills": table} | parts))


def taken(share: float) -> NDArray[Any]:
    """Fills of an hour, a pair each minute, of which takers have so much."""
    pairs = [
        (side, maker, 100.0, quantity, 0.0, 100.0, 100.0)
        for _ in range(60)
        for side in (1, -1)
        for maker, quantity in ((True, 1 - share), (False, share))
        if quantity
    ]
    table = fills(pairs)
    table["time_us"] = np.arange(len(pairs)) * HOUR // len(pairs) + 1
    return table


def resources(hours: float, start: float = 0.0, mb_per_h: float = 0.0) -> NDArray[Any]:
    """What a bot used in an hour that began `start` hours after its start, each 5 s."""
    found = np.zeros(int(hours * 720), RESOURCE)
    found["time_us"] = np.arange(len(found)) * 5_000_000
    at = start + found["time_us"] / HOUR
    saw = 40 * (at * 6 % 1)
    found["rss_mb"] = 300 + saw + mb_per_h * at + np.random.default_rng(1).normal(0, 1, len(at))
    found["open_fds"], found["threads"], found["cpu_pct"] = 20, 4, 35.0
    return found


def lane(*given: Any, criteria: Criteria = STOP, target: Any = None, **more: Any) -> Lane:
    of = plan(EASY, iterations=len(given) or more.pop("iterations", 3), criteria=criteria)
    of = of.model_copy(update={"gate_mode": more.pop("mode", GateMode.SOFT)})
    return lane_of(*given, of=of, target=target, **more)


def soaked(under_way: Lane) -> list[IterationRecord]:
    """Every iteration until the lane ends."""
    while under_way.run.ended is None:
        under_way.run.run_iteration()
    return [e.record for e in under_way.events if isinstance(e, IterationFinished)]


def fired(under_way: Lane) -> list[tuple[str, int, int]]:
    """Which stop fired, since and at which minute."""
    told = [e.fired for e in under_way.events if isinstance(e, StopFired)]
    return [(t.criterion, t.since // MINUTE, t.at // MINUTE) for t in told]


def result(under_way: Lane) -> LaneResult:
    return next(e.result for e in under_way.events if isinstance(e, LaneFinished))


def opened(*at: tuple[int, bool]) -> NDArray[Any]:
    found = np.zeros(len(at), BREAKER)
    for row, (minute, is_open) in zip(found, at, strict=True):
        row["time_us"], row["open"] = minute * MINUTE, is_open
    return found


LATE: dict[str, Then] = {"deadline_miss": (False, 20, 45, True)}
COLD: dict[str, Then] = {"cache_hit": (True, 5, 60, False)}

CAUSES: dict[str, tuple[list[dict[str, Any]], tuple[str, int, int]]] = {
    "deadline": ([{"ticks": ticks(LATE)}], ("deadline", 21, 31)),
    "cache": ([{"ticks": ticks(COLD)}], ("cache", 11, 41)),
    "taker": ([{"fills": taken(0.2)}, {"fills": taken(0.2)}], ("taker", 1, 61)),
    "breaker": ([{"breaker": opened((5, True), (6, False), (30, True))}], ("breaker", 30, 35)),
    "memory": (
        [{"resources": resources(1, n, 150.0)} for n in range(3)],
        ("memory", 121, 121),
    ),
    "no ticks": ([{"ticks": ticks(minutes=(0, 20))}], ("deadline", 25, 27)),
}
"""What brings each criterion about, hour by hour: which fires, since and at which minute."""

HEALTHY: list[dict[str, Any]] = [
    {
        "ticks": ticks(),
        "fills": taken(0.07),
        "breaker": opened((0, False)),
        "resources": resources(1, n, 20.0),
        "errors": np.zeros(0, ERROR),
    }
    for n in range(3)
]


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_fires_its_criterion_in_time(cause: str) -> None:
    hours, expected = CAUSES[cause]
    under_way = lane(*(hour(n, **parts) for n, parts in enumerate(hours, 1)))
    last = soaked(under_way)[-1]
    assert fired(under_way) == [expected]
    assert (last.verdict, last.ending, last.graded) == (Verdict.FAIL, Ending.STOP, False)
    assert last.fired_at == expected[2] * MINUTE
    assert last.failure is not None
    assert last.failure.startswith(f"stop: {expected[0]}: ")


def test_its_healthy_twin_does_not() -> None:
    under_way = lane(*(hour(n, **parts) for n, parts in enumerate(HEALTHY, 1)))
    records = soaked(under_way)
    assert fired(under_way) == []
    assert [r.verdict for r in records] == [Verdict.PASS] * 3
    assert [r.stops for r in records] == [()] * 3


@pytest.mark.parametrize("mode", GateMode)
def test_a_stop_ends_the_lane_as_fail_whatever_the_gate_mode(mode: GateMode) -> None:
    under_way = lane(hour(ticks=ticks(LATE)), hour(2), mode=mode)
    assert [record.verdict for record in soaked(under_way)] == [Verdict.FAIL]
    found = result(under_way)
    assert (found.verdict, found.ending) == (Verdict.FAIL, Ending.STOP)
    assert found.reasons[0].startswith(
        "iteration 1: deadline: deadline_miss_ratio = 1, > 0.05 for 10 min"
    )
    assert found.reasons[0].split(" (stop)")[0].endswith("at 1970-01-01T00:31:00Z")
    assert found.stopped is not None
    assert found.evidence.graded == 0


def test_clocks_and_windows_go_on_over_iterations() -> None:
    late: list[dict[str, Then]] = [
        {"deadline_miss": (False, 55, 60, True)},
        {"deadline_miss": (True, 8, 60, False)},
    ]
    hours = [hour(n, ticks=ticks(columns)) for n, columns in enumerate(late, 1)]
    under_way = lane(*hours)
    soaked(under_way)
    assert fired(under_way) == [("deadline", 56, 66)]


@given(st.lists(st.integers(1, 359), max_size=12, unique=True), st.sampled_from([7, 10, 60]))
@settings(max_examples=25)
def test_parts_fire_as_the_whole_window_does(cuts: list[int], misses_from: int) -> None:
    seen = hour(ticks=ticks({"deadline_miss": (False, misses_from, 60, True)}))
    whole = Vigil(STOP, Watched(), Usage())
    told = whole.hear(seen)
    found, last = whole.close()
    parts = Vigil(STOP, Watched(), Usage())
    edges = [0, *(10_000_000 * cut for cut in sorted(cuts)), HOUR]
    heard = [new for first, end in pairwise(edges) for new in parts.hear(span(seen, first, end))]
    again, end = parts.close()
    assert [*heard, *end] == [*told, *last]
    assert again.sustained == found.sustained
    if not found.transitions:
        assert again.tails == found.tails


def span(seen: Observation, first: int, end: int) -> Observation:
    """What was seen from `first` to before `end`."""
    tables: dict[str, Any] = {
        name: rows[(rows["time_us"] >= first) & (rows["time_us"] < end)]
        for name, rows in (("ticks", seen.ticks), ("fills", seen.fills))
    }
    return replace(seen, start_us=first, end_us=end, **tables)


class Reporting(FakeTarget):
    """Reports the minutes of an hour until the window is stopped."""

    def run(self, overrides: Any, window: Window) -> Any:
        self.windows.append(window)
        seen = hour(window.iteration, ticks=ticks(LATE), fills=np.zeros(0, MARKED_FILL))
        for minute in range(60):
            if window.stopped:
                break
            start = seen.start_us + minute * MINUTE
            window.report(span(seen, start, start + MINUTE))


def test_a_window_that_is_reported_ends_at_once() -> None:
    under_way = lane(target=Reporting(), iterations=2)
    [record] = soaked(under_way)
    kinds = under_way.kinds
    assert kinds[kinds.index("stop_fired") - 1] == "sampled"
    assert kinds.count("sampled") == 32
    assert fired(under_way) == [("deadline", 21, 31)]
    assert record.summary.faults == ()
    assert record.fired_at == 31 * MINUTE


def test_outside_a_soak_no_window_is_stopped() -> None:
    assert not Window(1, 0.0, 60.0).stopped


def test_a_bot_that_ignores_it_is_stopped_by_the_same_record() -> None:
    class Deaf(Reporting):
        def run(self, overrides: Any, window: Window) -> Any:
            super().run(overrides, replace(window, cancelled=lambda: False))

    under_way = lane(target=Deaf(), iterations=2)
    [record] = soaked(under_way)
    assert under_way.kinds.count("stop_fired") == 1
    assert (record.fired_at, record.summary.samples["tick_total_p95_ms"]) == (31 * MINUTE, 3600)


def test_what_the_target_does_not_give_is_noted_once() -> None:
    under_way = lane(hour(1, ticks=ticks()), hour(2, ticks=ticks()))
    notes = [[n for n in r.notes if n.startswith("stop criteria")] for r in soaked(under_way)]
    told = "stop criteria n/a, the target gives no events for them: memory, breaker, errors"
    assert notes == [[told], []]


def test_ready_made_kpis_leave_nothing_to_watch() -> None:
    under_way = lane({"num_fills": 5.0}, {"num_fills": 5.0})
    records = soaked(under_way)
    assert next(n for r in records for n in r.notes if "n/a" in n).endswith("errors")
    assert result(under_way).verdict is Verdict.PASS


def test_a_feed_that_begins_late_is_judged_from_then_on() -> None:
    under_way = lane(hour(1), hour(2, ticks=ticks(minutes=(30, 50))))
    soaked(under_way)
    assert fired(under_way) == [("deadline", 115, 117)]


def test_no_fill_for_an_hour_is_a_warning() -> None:
    idle = np.zeros(0, MARKED_FILL)
    under_way = lane(hour(1), hour(2, fills=idle), hour(3), criteria=only("taker"))
    records = soaked(under_way)
    assert [(t.kind, t.at // MINUTE) for r in records for t in r.stops] == [
        ("warn", 111),
        ("clear", 121),
    ]
    assert records[1].judgement.checks[0].reason.startswith("taker: taker_ratio has no data for 0")
    assert [r.ending for r in records] == [None] * 3


def test_a_warning_warns_in_each_iteration_that_it_lasts() -> None:
    slow: dict[str, Then] = {"total_ms": (50.0, 10, 60, 190.0)}
    under_way = lane(
        hour(1, ticks=ticks(slow)),
        hour(2, ticks=ticks({"total_ms": (190.0, 0, 0, 0.0)})),
        hour(3, ticks=ticks()),
    )
    records = soaked(under_way)
    assert [r.verdict for r in records] == [Verdict.WARN, Verdict.WARN, Verdict.PASS]
    assert records[1].judgement.reasons() == ["slow_tick: still warns (stop)"]
    assert [t.kind for r in records for t in r.stops] == ["warn", "clear"]
    assert result(under_way).verdict is Verdict.PASS


def test_errors_are_counted_a_minute() -> None:
    errors = np.zeros(60 * 12, ERROR)
    errors["time_us"] = np.arange(len(errors)) * HOUR // len(errors)
    under_way = lane(hour(errors=errors), criteria=only("errors"))
    [record] = soaked(under_way)
    assert [(t.kind, t.value) for t in record.stops] == [("warn", 12.0)]


@pytest.mark.parametrize("iterations", [1, 2])
def test_a_resumed_lane_stops_as_an_uninterrupted_one(iterations: int) -> None:
    hours = [hour(n, ticks=ticks(), resources=resources(1, n - 1, 150.0)) for n in (1, 2)]
    late = hour(3, ticks=ticks({"deadline_miss": (True, 40, 60, False)}))
    given = [*hours, late, hour(4)]
    whole = lane(*given)
    records = soaked(whole)
    first = lane(*given)
    for _ in range(iterations):
        first.run.run_iteration()
    journal = MemoryJournal(first.journal.again().past)
    later = FakeTarget(given[iterations:])
    second = lane(*given, journal=journal, target=later, file=first.file)
    assert [r.model_dump_json() for r in soaked(second)] == [r.model_dump_json() for r in records]
    assert fired(second) == fired(whole) == [("deadline", 121, 131)]


def test_a_resumed_lane_that_a_stop_ended_has_ended() -> None:
    first = lane(hour(ticks=ticks(LATE)), hour(2))
    soaked(first)
    second = lane(hour(ticks=ticks(LATE)), hour(2), journal=first.journal.again())
    assert [r.ending for r in soaked(second)] == [Ending.STOP]
    assert second.target.calls == []


def test_a_gap_between_two_windows_is_no_want_of_data() -> None:
    later = replace(hour(9, ticks=ticks()), market={})
    under_way = lane(hour(1, ticks=ticks()), later, criteria=only("deadline", "cache"))
    soaked(under_way)
    assert fired(under_way) == []


def test_a_clock_that_was_set_back_does_not_end_the_run() -> None:
    under_way = lane(hour(5, ticks=ticks()), hour(1, ticks=ticks(LATE)), hour(6, ticks=ticks()))
    assert len(soaked(under_way)) == 3


@given(st.lists(st.tuples(st.integers(0, 2**50), st.floats(), st.booleans()), max_size=50))
def test_a_tail_comes_back_bit_for_bit(rows: list[tuple[int, float, bool]]) -> None:
    table = np.zeros(len(rows), [(n, TICK[n]) for n in ("time_us", "total_ms", "cache_hit")])
    for row, values in zip(table, sorted(rows, key=lambda one: one[0]), strict=True):
        row["time_us"], row["total_ms"], row["cache_hit"] = values
    assert unpacked("ticks", packed(table)).tobytes() == table.tobytes()


def test_what_is_kept_for_the_next_window_is_no_more_than_it_may_look_at() -> None:
    vigil = Vigil(STOP, Watched(), Usage())
    vigil.hear(hour(ticks=ticks(), breaker=opened((0, False))))
    watched, _ = vigil.close()
    kept = {table: len(unpacked(table, tail)) for table, tail in watched.tails.items()}
    assert kept == {"ticks": 600, "fills": 6, "breaker": 1}


def test_without_criteria_nothing_is_kept() -> None:
    under_way = lane(hour(), criteria=Criteria(name="off", criteria=[]))
    soaked(under_way)
    assert [done.watched for done in under_way.journal.kept] == [None]


def test_a_window_that_cannot_be_true_is_not_watched() -> None:
    wrong = replace(hour(ticks=ticks(LATE)), mid_end=-1.0)
    under_way = lane(wrong)
    [record] = soaked(under_way)
    assert fired(under_way) == []
    assert record.summary.faults
    assert not any("n/a" in note for note in record.notes)


def test_the_growth_of_memory_is_a_kpi_of_the_lane_so_far() -> None:
    hours = [hour(n, resources=resources(1, n - 1, 60.0)) for n in (1, 2, 3)]
    records = soaked(lane(*hours, criteria=only()))
    grown = [r.summary.kpis["rss_growth_mb_per_h"] for r in records]
    assert grown[0] is None
    assert records[0].summary.reasons["rss_growth_mb_per_h"] == "resources of less than two hours"
    assert grown[2] == pytest.approx(60.0, abs=6.0)
    assert records[0].summary.kpis["open_fds_max"] == 20.0
    assert records[2].summary.kpis["fds_growth_per_h"] == 0.0


def test_a_target_without_resources_has_no_kpis_of_them() -> None:
    [record] = soaked(lane(hour(), criteria=only()))
    assert not {"rss_mb_max", "threads_max", "rss_growth_mb_per_h"} & set(record.summary.kpis)


def test_a_part_that_claims_to_be_of_days_is_not_waited_for() -> None:
    vigil = Vigil(only("slow_tick"), Watched(), Usage(), 60.0)
    vigil.hear(replace(hour(ticks=ticks()), end_us=10 * 24 * HOUR))
    assert vigil.close()[0].sustained.at == 120 * MINUTE


def test_a_window_of_many_parts_keeps_no_more_rows_than_it_needs() -> None:
    vigil = Vigil(only("deadline"), Watched(), Usage(), 60.0)
    seen = hour(ticks=ticks())
    for minute in range(60):
        vigil.hear(span(seen, minute * MINUTE, (minute + 1) * MINUTE))
    assert len(vigil._rows["ticks"]) < 600


def test_growth_is_the_same_part_by_part() -> None:
    hours = [hour(n, resources=resources(1, n - 1, 150.0)) for n in (1, 2, 3)]
    whole = lane(*hours, criteria=only("memory"))
    soaked(whole)
    state, usage, found = Watched(), Usage(), list[Transition]()
    for seen in hours:
        vigil = Vigil(only("memory"), state, usage)
        for first in range(seen.start_us, seen.end_us, 5 * MINUTE):
            table = seen.resources
            mine = table[(table["time_us"] >= first) & (table["time_us"] < first + 5 * MINUTE)]
            part = replace(seen, start_us=first, end_us=first + 5 * MINUTE, resources=mine)
            found += vigil.hear(part)
        state, last = vigil.close()
        found += last
        usage = usage.with_rows(seen.resources)
        assert state.fired or vigil._usage == usage, "each row was counted, and once"
    assert [(t.at // MINUTE, t.value) for t in found] == [
        (e.fired.at // MINUTE, e.fired.value) for e in whole.events if isinstance(e, StopFired)
    ]


@pytest.mark.parametrize("text", ["?", "AAAA"])
def test_rows_that_somebody_damaged_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the rows of ticks"):
        Watched.model_validate({"tails": {"ticks": {"time_us": text}}})
    with pytest.raises(ValueError, match="the rows of ticks"):
        Watched.model_validate({"tails": {"ticks": {"no_such": "eJwDAAAAAAE="}}})


def test_resources_below_0_cannot_be_true() -> None:
    used = resources(1)
    used["rss_mb"][7] = -1.0
    [record] = soaked(lane(hour(resources=used)))
    assert record.summary.faults == ("resources.rss_mb[7]=-1: expected 0 or more",)

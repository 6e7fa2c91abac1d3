"""A lane under way: its target, its runtime file, its events."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from builders import FakeTarget, Lane, fills, gate, lane_of, observation, plan, preset
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.config.parameters import ParameterTable
from pytest_soak.engine.events import (
    IterationFailed,
    IterationFinished,
    LaneFinished,
    Notice,
    pack,
    unpack,
)
from pytest_soak.engine.plan import GateMode
from pytest_soak.engine.record import Ending, LaneResult
from pytest_soak.errors import SoakUsageError, TargetError
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.model import Threshold
from pytest_soak.kpi.summary import Summary
from pytest_soak.testing import GOOD

BAD = {**GOOD, "net_bps": 0.0}


def result(lane: Lane) -> LaneResult:
    end = lane.events[-1]
    assert isinstance(end, LaneFinished)
    return end.result


def test_a_lane_is_started_run_window_by_window_and_stopped() -> None:
    lane = lane_of(of=plan(iterations=3))
    for _ in range(3):
        lane.run.run_iteration()
    assert lane.target.calls == ["start", "run", "run", "run", "stop"]
    assert [window.start_minutes for window in lane.target.windows] == [0.0, 60.0, 120.0]
    windows = ["iteration_started", "iteration_finished"] * 3
    assert lane.kinds == ["lane_started", *windows, "lane_finished"]
    assert (result(lane).ending, result(lane).verdict) == ("completed", Verdict.PASS)


def test_nothing_happens_before_the_first_iteration() -> None:
    lane = lane_of()
    assert (lane.target.calls, lane.events, lane.file.content) == ([], [], {})
    lane.run.end(Ending.INTERRUPTED, "Ctrl-C")
    assert (lane.target.calls, lane.events) == ([], [])


def test_a_lane_ends_once_and_runs_no_more() -> None:
    lane = lane_of(of=plan(iterations=1))
    lane.run.run_iteration()
    for ending in (Ending.TEST, Ending.INTERRUPTED):
        lane.run.end(ending, "again")
    with pytest.raises(RuntimeError, match="has ended"):
        lane.run.run_iteration()
    assert lane.kinds.count("lane_finished") == 1
    assert lane.target.calls == ["start", "run", "stop"]


def test_hard_ends_the_lane_at_its_first_graded_fail() -> None:
    lane = lane_of(GOOD, BAD, of=plan(mode=GateMode.HARD, iterations=9))
    lane.run.run_iteration()
    assert lane.run.run_iteration().ending
    assert result(lane).ending == "gate"
    assert lane.target.calls[-1] == "stop"


def test_the_target_is_given_a_copy_of_the_overrides() -> None:
    lane = lane_of()
    lane.run.run_iteration()
    given = lane.target.overrides[0]
    assert isinstance(given, dict)
    given.clear()
    assert lane.run.state.overrides == lane.file.content != {}


def test_an_operators_edit_is_in_force_from_the_next_iteration_on() -> None:
    lane = lane_of(edits={2: {"tail_age_ms": 700.04}})
    first, second, third = (lane.run.run_iteration() for _ in range(3))
    assert [o["tail_age_ms"] for o in lane.target.overrides] == [620.0, 700.0, 700.0]
    assert [r.sources["tail_age_ms"] for r in (first, second, third)] == [
        "default",
        "operator",
        "operator",
    ]
    assert second.notes == ("operator set tail_age_ms: 620 -> 700",)
    assert third.notes == ()
    assert lane.file.content["tail_age_ms"] == 700.0
    assert first.state_hash != second.state_hash == third.state_hash


def test_an_edit_of_the_first_iteration_is_replayed_as_a_change_of_what_its_phase_made() -> None:
    warmup = preset({"min_interval_ms": {"add": 10}}, warmup=(1, 1))
    of = plan(iterations=2, warmup=warmup)
    lane = lane_of(of=of, edits={1: {"min_interval_ms": 77}})
    record = lane.run.run_iteration()
    assert record.notes == ("operator set min_interval_ms: 75 -> 77",)
    assert lane_of(of=of, journal=lane.journal.again()).run.run_iteration() == record


def test_an_edit_that_rounds_to_what_is_in_force_is_none() -> None:
    lane = lane_of(edits={1: {"tail_age_ms": 620.004}})
    record = lane.run.run_iteration()
    assert (record.notes, record.sources["tail_age_ms"]) == ((), "default")


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        ({"tail_age_ms": 9000}, "tail_age_ms: expected a number from 400 to 1000, got 9000"),
        ({"tail_age_ms": float("nan")}, "tail_age_ms: expected a number from 400 to 1000, got nan"),
        ({"tail_age_ms": "700"}, "tail_age_ms: expected a number from 400 to 1000, got '700'"),
        ({"tail_age": 700}, "unknown parameter 'tail_age'; did you mean 'tail_age_ms'?"),
        ({"tail_age_ms": 700, "min_interval_ms": 1}, "min_interval_ms: expected a number from 40"),
        (None, "runtime_overrides.json: is gone"),
        (SoakUsageError("runtime_overrides.json:3", "is not valid JSON"), "json:3: is not valid"),
    ],
)
def test_a_bad_edit_is_told_and_the_last_good_values_are_kept(edit: Any, why: str) -> None:
    lane = lane_of(edits={2: {"min_interval_ms": 70}, 3: edit}, of=plan(iterations=4))
    lane.run.run_iteration()
    good = lane.run.run_iteration()
    after_bad, last = lane.run.run_iteration(), lane.run.run_iteration()
    [note] = after_bad.notes
    assert note.startswith("edit refused, last good values kept: ")
    assert why in note
    assert after_bad.overrides == good.overrides == last.overrides == lane.file.content
    assert last.notes == ()


def test_a_lost_key_is_a_bad_edit() -> None:
    lane = lane_of()
    lane.run.run_iteration()
    del lane.file.content["tail_age_ms"]
    record = lane.run.run_iteration()
    assert "missing parameter 'tail_age_ms'; every parameter must stay" in record.notes[0]
    assert lane.file.content["tail_age_ms"] == 620.0


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.floats(-9, 9)), max_size=5))
def test_what_is_in_the_file_is_always_what_is_in_force(edits: list[dict[str, float]]) -> None:
    table = ParameterTable.of(dict.fromkeys("abc", 0.0), "bot")
    of = plan(iterations=len(edits) + 1, table=table)
    lane = lane_of(of=of, edits=dict(enumerate(edits, 1)))
    wanted = table.defaults()
    for edit in [*edits, {}]:
        record = lane.run.run_iteration()
        wanted |= {name: table[name].round(value) for name, value in edit.items()}
        assert record.overrides == lane.file.content == lane.target.overrides[-1] == wanted


def failing(lane: Lane) -> str:
    """The cause for which the next iteration of `lane` fails."""
    with pytest.raises(TargetError) as caught:
        lane.run.run_iteration()
    failed, ended = lane.events[-2:]
    assert isinstance(failed, IterationFailed)
    assert isinstance(ended, LaneFinished)
    assert failed.iteration == lane.run.state.iteration + 1
    assert failed.cause == str(caught.value)
    assert ended.result.reasons[0] == f"iteration {failed.iteration}: {failed.cause}"
    assert (ended.result.ending, ended.result.verdict) == ("target", Verdict.FAIL)
    return failed.cause


def test_a_target_that_raises_at_its_start_fails_the_first_iteration_and_is_stopped() -> None:
    lane = lane_of(target=FakeTarget(on_start=OSError("no exchange")))
    assert failing(lane) == "the target's start raised OSError: no exchange"
    assert lane.target.calls == ["start", "stop"]
    assert lane.kinds == ["lane_started", "iteration_failed", "lane_finished"]


@pytest.mark.parametrize("mode", list(GateMode))
def test_a_target_that_raises_fails_its_lane_in_every_mode_and_keeps_what_was_done(
    mode: GateMode,
) -> None:
    lane = lane_of(GOOD, ZeroDivisionError("division by zero"), of=plan(mode=mode))
    lane.run.run_iteration()
    assert failing(lane) == "the target's run raised ZeroDivisionError: division by zero"
    assert result(lane).iterations == 1
    assert result(lane).counts["PASS"] == 1
    assert lane.target.calls == ["start", "run", "run", "stop"]


def test_the_cause_keeps_the_targets_exception() -> None:
    error = ValueError()
    lane = lane_of(error)
    with pytest.raises(TargetError, match=r"^the target's run raised ValueError$") as caught:
        lane.run.run_iteration()
    assert caught.value.__cause__ is error


def test_a_failing_stop_fails_a_completed_lane_and_is_told_in_any_other() -> None:
    completed = lane_of(target=FakeTarget(on_stop=OSError("hung")), of=plan(iterations=1))
    completed.run.run_iteration()
    assert (result(completed).ending, result(completed).verdict) == ("target", Verdict.FAIL)
    assert result(completed).reasons == ("the target's stop raised OSError: hung",)
    interrupted = lane_of(target=FakeTarget(on_stop=OSError("hung")))
    interrupted.run.run_iteration()
    interrupted.run.end(Ending.INTERRUPTED, "Ctrl-C")
    assert result(interrupted).ending == "interrupted"
    assert result(interrupted).reasons[0] == "Ctrl-C; the target's stop raised OSError: hung"
    [told] = [event for event in interrupted.events if isinstance(event, Notice)]
    hung = "the target's stop raised OSError: hung"
    assert (told.text, told.problem) == (f"{interrupted.run.plan.lane.id}: {hung}", True)
    assert interrupted.journal.complaint == hung


def test_what_a_stop_raised_at_an_interruption_is_told_by_the_session_that_goes_on() -> None:
    lane = lane_of(target=FakeTarget(on_stop=OSError("hung")))
    lane.run.run_iteration()
    lane.run.end(Ending.INTERRUPTED, "Ctrl-C")
    resumed = lane_of(journal=lane.journal.again(), file=lane.file)
    resumed.run.run_iteration()
    before = "when the session before was interrupted, the target's stop raised OSError: hung"
    assert [event.text for event in resumed.events if isinstance(event, Notice)] == [before]
    assert resumed.run.run_iteration().notes == (before,)
    assert resumed.run.run_iteration().notes == ()
    again = lane_of(journal=resumed.journal.again(), file=lane.file)
    replayed = [again.run.run_iteration() for _ in range(3)]
    assert [record.notes for record in replayed] == [(), (before,), ()]
    assert not [event for event in again.events if isinstance(event, Notice)]


def test_what_a_stop_returns_is_told_of_the_lane() -> None:
    class Telling(FakeTarget):
        def stop(self) -> str:  # type: ignore[override]
            return "it took long"

    lane = lane_of(target=Telling(), of=plan(iterations=1))
    lane.run.run_iteration()
    [told] = [event for event in lane.events if isinstance(event, Notice)]
    assert (told.lane, told.text, told.problem) == (lane.run.plan.lane.id, "it took long", False)
    assert unpack(pack(told)) == told
    assert result(lane).verdict == Verdict.PASS


def test_an_interruption_passes_through_and_leaves_the_lane_to_be_ended() -> None:
    lane = lane_of(GOOD, KeyboardInterrupt())
    lane.run.run_iteration()
    with pytest.raises(KeyboardInterrupt):
        lane.run.run_iteration()
    assert lane.run.ended is None
    lane.run.end(Ending.INTERRUPTED, "interrupted after iteration 1")
    assert result(lane).iterations == 1
    assert lane.target.calls[-1] == "stop"


def test_why_a_test_ended_a_lane_is_told_on_one_line_that_any_file_can_hold() -> None:
    lane = lane_of()
    lane.run.run_iteration()
    lane.run.end(Ending.TEST, "assert 'a\nb\ud800' == 'c'")
    assert result(lane).reasons == (r"assert 'a b\ud800' == 'c'",)


class Lazy(Mapping[str, float]):
    """A mapping that breaks when it is read."""

    def __getitem__(self, name: str) -> float:
        raise ConnectionError("lost")

    def __iter__(self) -> Iterator[str]:
        raise ConnectionError("lost")

    def __len__(self) -> int:
        return 1


half = dataclasses.make_dataclass("Half", ["fills"])(fills([]))
odd_blocks = observation(blocks=np.zeros(3))


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        (None, "run() returned NoneType, expected an Observation or a mapping of KPIs"),
        (3.5, "run() returned float, expected"),
        ([("net_bps", 3)], "run() returned list, expected"),
        (Lazy(), "what run() returned cannot be measured: ConnectionError: lost"),
        (half, "what run() returned cannot be measured: Half has no start_us; expected an "),
        (odd_blocks, "what run() returned cannot be measured: blocks: no column 'time_us'; "),
    ],
)
def test_a_target_that_returns_no_measurement_fails_its_lane(given: Any, cause: str) -> None:
    assert failing(lane_of(given)).startswith(cause)


nan_mid = observation(fills=fills([(1, True, 100.0, 1.0, 0.0, float("nan"), 100.0)]))
no_weight = observation(fills=fills([(1, True, 100.0, 0.0, 0.0, 100.0, 100.0)]))


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"net_bps": float("nan")}, "net_bps: expected a number, got nan"),
        ({"net_bps": "3"}, "net_bps: expected a number, got str '3'"),
        ({"net_bsp": 3.0}, "unknown KPI 'net_bsp'; did you mean 'net_bps'?"),
        ({"net_bps": 3.0, "risk_ratio": 2}, "risk_ratio: expected 0 to 1, got 2"),
        (Summary(kpis={"net_bps": float("inf")}), "net_bps: expected a number, got inf"),
        (nan_mid, "fills.mid[0]=nan: expected more than 0"),
        (no_weight, "fills.quantity[0]=0: expected more than 0"),
    ],
)
def test_a_value_that_cannot_be_true_fails_its_item_and_the_soak_goes_on(
    given: Any, fault: str
) -> None:
    lane = lane_of(given, of=plan(gate(grace=4)))
    record = lane.run.run_iteration()
    assert record.failure is not None
    assert fault in record.failure
    assert record.verdict is Verdict.FAIL
    assert lane.run.run_iteration().verdict is Verdict.PASS
    lane.run.run_iteration()
    assert result(lane).verdict is Verdict.FAIL
    for kpi in record.summary.kpis.values():
        assert kpi is None or kpi == kpi


def test_what_the_target_did_not_give_is_null_and_fails_the_gate_on_it() -> None:
    lane = lane_of({"risk_ratio": 0.1}, of=plan(declared=("net_bps", "risk_ratio")))
    record = lane.run.run_iteration()
    assert record.summary.kpis == {"net_bps": None, "risk_ratio": 0.1}
    assert record.judgement.reasons() == ["net_bps: no data (not given by the target) (test)"]
    assert record.failure == (
        "the target gave what is no measurement: net_bps: declared, but not given"
    )


def test_an_observation_goes_to_the_journal_but_not_over_the_wire() -> None:
    seen = observation(fills=fills([(1, True, 99.0, 1.0, 0.0, 100.0, 100.0)]))
    lane = lane_of(seen)
    lane.run.run_iteration()
    [kept] = lane.journal.observations
    assert kept.fills is seen.fills
    assert "observation" not in "".join(map(pack, lane.events))


def test_users_kpis_are_measured_from_what_the_target_gave_and_can_be_gated() -> None:
    asked = gate(Threshold(metric="mine", fail_unless=">= 4"))
    extra = {"mine": lambda given, summary: given["net_bps"] + summary.kpis["num_fills"]}
    lane = lane_of({"net_bps": 1.0, "num_fills": 2.0}, of=plan(asked), extra=extra)
    record = lane.run.run_iteration()
    assert record.summary.kpis["mine"] == 3.0
    assert record.verdict is Verdict.FAIL


def test_a_users_kpi_that_raises_fails_the_lane_one_that_is_nan_the_iteration() -> None:
    def broken(given: Any, summary: Summary) -> float:
        raise LookupError("no such thing")

    cause = failing(lane_of(extra={"mine": broken}))
    assert cause == "the target's extra KPI mine raised LookupError: no such thing"
    record = lane_of(extra={"mine": lambda given, summary: float("nan")}).run.run_iteration()
    assert record.failure is not None
    assert record.summary.kpis["mine"] is None


def test_a_users_kpi_in_place_of_a_missing_one_leaves_no_reason_behind() -> None:
    lane = lane_of({"net_bps": None}, extra={"net_bps": lambda given, summary: 5.0})
    record = lane.run.run_iteration()
    assert record.summary.kpis["net_bps"] == 5.0
    assert "net_bps" not in record.summary.reasons


def test_events_travel_as_json_and_come_back_equal() -> None:
    lane = lane_of(GOOD, BAD, ValueError("x | y\n\ud800"), of=plan(gate(grace=1)))
    for _ in range(2):
        lane.run.run_iteration()
    failing(lane)
    assert [unpack(pack(event)) for event in lane.events] == [
        event.model_copy(update={"control": None})
        if isinstance(event, IterationFinished)
        else event
        for event in lane.events
    ]


def test_a_prefix_of_a_lane_completes_and_says_how_many_were_planned() -> None:
    of = plan(iterations=2).model_copy(update={"planned": 24})
    lane = lane_of(of=of)
    lane.run.run_iteration()
    lane.run.run_iteration()
    assert (result(lane).ending, result(lane).iterations, result(lane).planned) == (
        *("completed", 2, 24),
    )


def test_equal_lanes_make_equal_events_but_for_the_time_they_took() -> None:
    def events() -> list[Any]:
        lane = lane_of(GOOD, BAD, GOOD, edits={2: {"tail_age_ms": 700}})
        for _ in range(3):
            lane.run.run_iteration()
        found = [json.loads(pack(event)) for event in lane.events]
        for event in found:
            event.get("record", {}).pop("seconds", None)
        return found

    assert events() == events()


def test_a_failed_test_fails_its_lane_and_does_not_end_it() -> None:
    lane = lane_of(of=plan(iterations=2, mode=GateMode.OFF))
    lane.run.run_iteration()
    lane.run.fail(1, "its test failed:\nno fill")
    lane.run.fail(1, "its teardown failed: told once")
    lane.run.run_iteration()
    assert (result(lane).ending, result(lane).verdict) == ("completed", Verdict.FAIL)
    lane.run.fail(2, "its teardown failed: no disk")
    assert lane.kinds[-2:] == ["lane_finished", "lane_finished"]
    reasons = ("iteration 1: its test failed: no fill", "iteration 2: its teardown failed: no disk")
    assert result(lane).reasons == reasons
    again = lane_of(of=plan(iterations=3, mode=GateMode.OFF), journal=lane.journal.again())
    for _ in range(3):
        again.run.run_iteration()
    assert (result(again).reasons, result(again).verdict) == (reasons, Verdict.FAIL)


def test_a_window_begins_with_what_the_one_before_ended_with() -> None:
    first = observation(fills=fills([(1, True, 100.0, 2.0, 0.0, 100.0, 100.0)]))
    lost = observation(start_us=7, end_us=7 + first.end_us)
    lane = lane_of(first, lost, of=plan(iterations=2))
    assert not lane.run.run_iteration().summary.faults
    assert lane.run.run_iteration().summary.faults == (
        "inventory_start=0: expected 2, the inventory_end of the window before (a bot that trades "
        "on between windows says so: apart=True)",
    )
    assert lane.run.plan.iterations == 2


def test_a_window_apart_from_the_one_before_may_begin_with_something_else() -> None:
    first = observation(fills=fills([(1, True, 100.0, 2.0, 0.0, 100.0, 100.0)]))
    later = observation(start_us=7, end_us=7 + first.end_us)
    lane = lane_of(first, dataclasses.replace(later, apart=True), of=plan(iterations=2))
    note = "apart: not held against the window before"
    assert note not in lane.run.run_iteration().notes
    record = lane.run.run_iteration()
    assert record.summary.faults == ()
    assert note in record.notes


@pytest.mark.parametrize("apart", [1, None, "yes"])
def test_apart_is_a_bool(apart: Any) -> None:
    lane = lane_of(dataclasses.replace(observation(), apart=apart))
    with pytest.raises(TargetError, match="apart: expected True or False"):
        lane.run.run_iteration()


def test_the_window_before_handed_over_once_more_is_no_window() -> None:
    rows = [(1, True, 99.0, 2.0, 0.0, 100.0, 100.0), (-1, True, 101.0, 2.0, 0.0, 100.0, 100.0)]
    same, other = observation(fills=fills(rows)), observation(fills=fills(rows[::-1]))
    lane = lane_of(same, same, other, other, of=plan(iterations=4))
    faults = [lane.run.run_iteration().summary.faults for _ in range(4)]
    again = "fills: all 2 are those of the window before, expected what happened since"
    assert faults == [(), (again,), (), (again,)]


def test_an_id_of_the_window_before_is_no_new_fill() -> None:
    rows = [(1, True, 99.0, 2.0, 0.0, 100.0, 100.0), (-1, True, 101.0, 2.0, 0.0, 100.0, 100.0)]
    ids = [np.array(["a", "b"]), np.array(["c", "b"]), np.array(["d", "e"])]
    windows = [observation(fills=fills(rows), start_us=n, fill_ids=x) for n, x in enumerate(ids)]
    lane = lane_of(*windows, of=plan(iterations=3))
    faults = [lane.run.run_iteration().summary.faults for _ in range(3)]
    told = "expected an id of its own, got one of the window before"
    assert faults == [(), (f"fill_ids[1]=b: {told} (fills look delivered more than once)",), ()]
    lane = lane_of(windows[0], windows[2], of=plan(iterations=2))
    assert [lane.run.run_iteration().summary.faults for _ in range(2)] == [(), ()]


def test_a_note_that_differs_by_its_counts_alone_is_told_once_a_lane() -> None:
    noted = ["a.csv: 2 of 4 fills are left out", "a.csv: 12 of 40 fills are left out", "b: 2 of 4"]
    windows = [
        dataclasses.replace(observation(start_us=n), notes=(text,)) for n, text in enumerate(noted)
    ]
    lane = lane_of(*windows, of=plan(iterations=3))
    told = [lane.run.run_iteration().summary.notes for _ in range(3)]
    assert [noted[n] in notes for n, notes in enumerate(told)] == [True, False, True]


class Kept(FakeTarget):
    """Goes on where it was."""

    def checkpoint(self) -> bytes:
        return b"here"

    def restore(self, data: bytes) -> None:
        assert data == b"here"


def test_a_resumed_window_is_held_against_the_one_before_it_too() -> None:
    rows = [(1, True, 99.0, 2.0, 0.0, 100.0, 100.0), (-1, True, 101.0, 2.0, 0.0, 100.0, 100.0)]
    same, of = observation(fills=fills(rows)), plan(iterations=2)
    first = lane_of(of=of, target=Kept([same]))
    assert not first.run.run_iteration().summary.faults
    again = lane_of(of=of, target=Kept([same]), journal=first.journal.again())
    assert not again.run.run_iteration().summary.faults
    assert "those of the window before" in again.run.run_iteration().summary.faults[0]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_in_a_window_fails_it() -> None:
    class Threaded(FakeTarget):
        def run(self, overrides: Any, window: Any) -> Any:
            def listen() -> None:
                raise ConnectionError("closed by the venue")

            thread = threading.Thread(target=listen, name="feed")
            thread.start()
            thread.join()
            return GOOD

    before = threading.excepthook
    lane = lane_of(target=Threaded())
    told = r"^the target's thread feed died of ConnectionError: closed by .* \(test_run.py:\d+ in"
    with pytest.raises(TargetError, match=told) as caught:
        lane.run.run_iteration()
    assert isinstance(caught.value.__cause__, ConnectionError)
    assert threading.excepthook is before
    assert result(lane).ending == "target"


def test_what_a_bots_own_hook_is_told_of_is_its_own_affair(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[object] = []
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)

    class Handles(FakeTarget):
        def start(self, lane: Any) -> None:
            threading.excepthook = taken.append

        def run(self, overrides: Any, window: Any) -> Any:
            thread = threading.Thread(target=lambda: 1 / 0)
            thread.start()
            thread.join()
            return GOOD

    lane = lane_of(target=Handles())
    assert lane.run.run_iteration().iteration == 1
    assert len(taken) == 1


@pytest.mark.parametrize(
    ("nets", "noted"),
    [
        ((2.0, 3.0), True),  # then anew: 2.0
        ((2.0,), False),
        ((2.0, 2.0), False),
        ((5.0, 3.0), False),
    ],
)
def test_a_target_that_began_anew_and_repeats_itself_is_told(
    nets: tuple[float, ...], noted: bool
) -> None:
    windows = [{**GOOD, "net_bps": net} for net in nets]
    lane = lane_of(*windows, of=plan(iterations=9))
    for _ in nets:
        lane.run.run_iteration()
    anew = 2.0 if nets[0] == 5.0 else nets[0]
    again = [{**GOOD, "net_bps": anew}] * 2
    resumed = lane_of(*again, of=plan(iterations=9), journal=lane.journal.again(), file=lane.file)
    for _ in nets:
        resumed.run.run_iteration()
    for _ in range(2):
        assert resumed.run.run_iteration().notes == ()  # its artifacts are those of one session
    told = [event.text for event in resumed.events if isinstance(event, Notice)]
    assert [text[:47] for text in told] == [
        "iteration 3 measured just what iteration 1 did:"
    ] * noted

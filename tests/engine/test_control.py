"""The control loop in a lane: what an iteration measured, and what is in force in the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from builders import LANE, LIMITS, RULES, gate, lane_of, plan, preset_named

from pytest_soak.artifacts.build import iter_summary
from pytest_soak.canonical import state_hash
from pytest_soak.config.parameters import ParameterTable, reference_table
from pytest_soak.engine.control import TuningRecord
from pytest_soak.engine.events import LaneFinished, PhaseChanged
from pytest_soak.engine.lane import LaneState, advance, begin, prepare
from pytest_soak.engine.measure import measure
from pytest_soak.engine.plan import GateMode, LanePlan
from pytest_soak.engine.record import Ending, IterationRecord, LaneResult
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.model import Failed
from pytest_soak.targets.base import LaneInfo
from pytest_soak.testing import GOOD
from pytest_soak.tuning.guards import Guard
from pytest_soak.tuning.limits import Limits
from pytest_soak.tuning.tuners import TUNERS
from pytest_soak.tuning.view import Proposal

START = reference_table().defaults()
SAFE = START | {"tail_age_ms": 700.0, "min_interval_ms": 80.0}
WARMUP = preset_named("warmup_conservative_v1")

CALM = {**GOOD, "risk_ratio": 0.37, "net_bps": 2.8}  # no rule fires, nothing freezes
BUSY = {**CALM, "min_interval_pct": 40.0}  # min_interval_ms +10
RISKY = {**CALM, "risk_ratio": 0.45}  # min_interval_ms +5, impact_cap_ratio -0.005
BAD = {**CALM, "net_bps": 1.0}
BAD_AND_BUSY = {**BAD, "min_interval_pct": 40.0}


def tuned(iterations: int = 9, **more: Any) -> LanePlan:
    """A lane that applies what is decided."""
    settings: dict[str, Any] = {"iterations": iterations, "auto_tune": True, "fallback": SAFE}
    return plan(**(settings | more))


def soak(
    of: LanePlan, *measured: Mapping[str, float], edits: Mapping[int, Any] | None = None
) -> tuple[list[IterationRecord], LaneResult]:
    of = of.model_copy(update={"iterations": len(measured)})
    lane = lane_of(*measured, of=of, edits=edits)
    records = list[IterationRecord]()
    while lane.run.ended is None:
        records.append(lane.run.run_iteration())
    end = lane.events[-1]
    assert isinstance(end, LaneFinished)
    return records, end.result


def in_force(records: Sequence[IterationRecord], name: str = "min_interval_ms") -> list[float]:
    return [record.overrides[name] for record in records]


def test_a_decision_is_in_force_in_the_next_iteration_with_its_source() -> None:
    records, _ = soak(tuned(), BUSY, CALM, CALM)
    assert records[0].tuning.deltas == {"min_interval_ms": 10.0}
    assert in_force(records) == [65, 75, 75]
    assert [record.sources["min_interval_ms"] for record in records] == [
        "default",
        "tuner",
        "tuner",
    ]
    assert records[1].state_hash == state_hash(START | {"min_interval_ms": 75.0})


def test_without_auto_tune_it_is_only_suggested() -> None:
    records, end = soak(plan(), BUSY, BUSY, BUSY)
    assert [record.tuning.suggested for record in records] == [{"min_interval_ms": 10.0}] * 3
    assert [record.tuning.deltas for record in records] == [{}] * 3
    assert in_force(records) == [65, 65, 65]
    assert end.changed == ()


def test_the_guards_have_their_flags_in_the_summary() -> None:
    records, _ = soak(tuned(), BUSY, BUSY, BUSY, BUSY)
    assert in_force(records) == [65, 75, 75, 85]
    assert [r.tuning.suppressed.get("min_interval_ms") for r in records] == [
        *(None, Guard.COOLDOWN, None, Guard.COOLDOWN),
    ]
    summary = iter_summary(records[1])
    flags = [
        summary.summary.oscillation_detected,
        summary.summary.velocity_violation,
        summary.summary.cooldown_active,
    ]
    assert flags == [False, False, True]
    assert summary.tuning.deltas == {"min_interval_ms": 0.0}
    assert summary.tuning.suppressed == {"min_interval_ms": "SUPPRESSED: cooldown"}


def test_with_guards_off_a_parameter_moves_every_time() -> None:
    records, _ = soak(tuned(guards=False), *[BUSY] * 4)
    assert in_force(records) == [65, 75, 85, 90]


def test_what_an_operator_sets_is_left_alone_by_the_decision_after_it() -> None:
    records, _ = soak(tuned(), CALM, BUSY, BUSY, CALM, edits={2: {"min_interval_ms": 70}})
    assert records[1].sources["min_interval_ms"] == "operator"
    assert records[1].tuning.suppressed == {"min_interval_ms": Guard.OPERATOR}
    assert in_force(records) == [65, 70, 70, 80]


def test_an_operators_edit_beats_the_decision_it_meets() -> None:
    records, _ = soak(tuned(), BUSY, CALM, CALM, edits={2: {"min_interval_ms": 50}})
    assert records[0].tuning.deltas == {"min_interval_ms": 10.0}
    assert in_force(records) == [65, 50, 50]
    assert records[1].sources["min_interval_ms"] == "operator"


def test_a_broken_runtime_file_costs_no_decision() -> None:
    records, _ = soak(tuned(), BUSY, CALM, edits={2: None})
    assert in_force(records) == [65, 75]
    assert "last good values kept" in records[1].notes[0]


def test_a_freeze_keeps_the_lane_still_and_says_so() -> None:
    good = {**GOOD, "min_interval_pct": 40.0}
    records, end = soak(tuned(), good, good, *[BUSY] * 5)
    # +7 after 1; the freeze of iteration 2 keeps it for 3, 4, 5, 6
    assert in_force(records) == [65, 72, 72, 72, 72, 72, 82]
    locks = [record.tuning.lock for record in records]
    assert [lock and (lock.since, lock.until) for lock in locks] == [
        None,
        *[(3, 6)] * 4,
        None,
        None,
    ]
    assert [record.tuning.frozen is not None for record in records] == [
        *(False, True, False, False, False, False, False),
    ]
    assert records[1].tuning.frozen == records[1].overrides
    assert iter_summary(records[2]).tuning.freeze_active
    assert iter_summary(records[2]).tuning.signature_hash == records[1].state_hash
    assert not end.frozen  # the last iteration ran with other values than the snapshot's


def limits(**parts: Mapping[str, Any]) -> Limits:
    """The limits that ship, but for `parts`."""
    changed = {name: getattr(LIMITS, name).model_copy(update=part) for name, part in parts.items()}
    return LIMITS.model_copy(update=changed)


def test_a_lane_goes_by_the_limits_of_its_plan() -> None:
    later, _ = soak(tuned(limits=limits(freeze={"streak": 3})), *[GOOD] * 4)
    assert [n for n, r in enumerate(later, 1) if r.tuning.frozen] == [3]
    restless, _ = soak(tuned(limits=limits(guards={"cooldown_iterations": 1})), *[BUSY] * 3)
    assert in_force(restless) == [65, 75, 85]
    _, ended = soak(tuned(limits=limits(panic={"most": 1})), *[BAD] * 5)
    assert (ended.ending, ended.iterations) == (Ending.PANIC, 3)
    hasty = tuned(limits=limits(effects={"readings": 3}), tuner="effects")
    assert len(advanced(hasty, *[CALM] * 5).control.readings) == 3


def test_a_lane_goes_by_the_rules_of_its_plan() -> None:
    records, _ = soak(tuned(rules=[rule for rule in RULES if rule.name != "risk raised"]), RISKY)
    assert records[0].tuning.suggested == {}


def advanced(of: LanePlan, *measured: Mapping[str, float]) -> LaneState:
    state = begin(of)
    for values in measured:
        state, _ = advance(of, prepare(of, state, {}), measure(values, None, 60.0)[1])
    return state


def test_a_fail_thaws_a_freeze_for_the_decision_after_it() -> None:
    records, _ = soak(tuned(), GOOD, GOOD, BAD_AND_BUSY, CALM)
    assert records[2].tuning.thawed
    assert records[2].tuning.lock is None
    assert records[3].overrides["min_interval_ms"] > records[2].overrides["min_interval_ms"]


def test_grace_counts_for_neither_freeze_nor_panic() -> None:
    frozen, _ = soak(tuned(judged_by=gate(grace=2)), GOOD, GOOD, GOOD, GOOD)
    assert [record.tuning.frozen is not None for record in frozen] == [False, False, False, True]
    panicked, _ = soak(tuned(judged_by=gate(grace=2)), *[BAD] * 5)
    assert [record.tuning.panicked for record in panicked] == [False] * 4 + [True]


def test_warm_up_counts_for_neither_freeze_nor_panic() -> None:
    of = tuned(warmup=WARMUP)
    frozen, _ = soak(of, *[GOOD] * 8)
    assert [n for n, r in enumerate(frozen, 1) if r.tuning.frozen] == [8]
    panicked, _ = soak(of, *[BAD] * 9)
    assert [n for n, r in enumerate(panicked, 1) if r.tuning.panicked] == [9]


@pytest.mark.parametrize("guards", [True, False])
def test_a_panic_reverts_to_the_fallback_and_locks_what_it_reverted_to(guards: bool) -> None:
    records, _ = soak(tuned(guards=guards), *[BAD_AND_BUSY] * 3, *[BUSY] * 5)
    assert [record.tuning.panicked for record in records] == [False, False, True] + [False] * 5
    assert records[2].tuning.deltas == {}  # a revert is no decision
    assert [record.overrides == SAFE for record in records] == [False] * 3 + [True] * 4 + [False]
    assert records[3].sources["tail_age_ms"] == "panic"
    assert records[3].sources["impact_cap_ratio"] == "default"
    assert records[2].tuning.lock is not None
    assert records[2].tuning.lock.signature == records[3].state_hash
    assert iter_summary(records[2]).tuning.freeze_reason == "panic"


def test_a_panic_reverts_to_the_last_freeze() -> None:
    slow = {**GOOD, "min_interval_pct": 40.0}
    records, _ = soak(tuned(), slow, slow, *[BAD_AND_BUSY] * 3, CALM)
    assert records[4].tuning.panicked
    assert records[5].overrides == records[1].overrides != SAFE
    assert records[4].overrides != records[1].overrides


def test_fails_after_a_panic_neither_thaw_nor_move_anything() -> None:
    records, end = soak(tuned(), *[BAD_AND_BUSY] * 6)
    assert [record.overrides for record in records[3:]] == [SAFE] * 3
    assert not any(record.tuning.thawed for record in records)
    assert end.changed == ("min_interval_ms", "tail_age_ms")
    assert end.began_with == records[0].state_hash != records[-1].state_hash


@pytest.mark.parametrize("mode", [GateMode.SOFT, GateMode.OFF])
def test_a_second_panic_ends_the_lane_as_failed(mode: GateMode) -> None:
    records, end = soak(tuned(mode=mode), *[BAD] * 9)
    assert len(records) == 6
    assert (end.ending, end.verdict, end.iterations) == ("panic", Verdict.FAIL, 6)
    assert records[-1].failure is not None
    assert records[-1].failure.startswith("a second panic: net_bps = 1")


def test_without_auto_tune_nothing_panics() -> None:
    records, end = soak(plan(iterations=9), *[BAD] * 9)
    assert len(records) == 9
    assert not any(record.tuning.panicked for record in records)
    assert end.ending == "completed"


def test_what_was_decided_before_a_panic_still_counts_for_the_hour() -> None:
    quick = LaneInfo(**{**vars(LANE), "minutes": 5.0})
    low = START | {"min_interval_ms": 40.0}
    of = tuned(lane=quick, fallback=low)
    records, _ = soak(of, BUSY, CALM, *[BAD_AND_BUSY] * 3, *[BUSY] * 12)
    taken = [r.tuning.deltas.get("min_interval_ms", 0.0) for r in records]
    assert records[4].tuning.panicked
    assert taken[:5] == [10, 0, 10, 0, 0]
    assert taken[8] == 10
    hour = [sum(taken[max(0, n - 11) : n + 1]) for n in range(len(taken))]
    assert max(hour) == 30


def test_the_last_decision_is_no_change_of_what_was_judged() -> None:
    records, end = soak(tuned(), BUSY)
    assert records[0].tuning.deltas == {"min_interval_ms": 10.0}
    assert end.changed == ()
    assert soak(tuned(), BUSY, CALM)[1].changed == ("min_interval_ms",)


def test_a_warm_up_is_no_change_of_what_was_judged() -> None:
    records, end = soak(tuned(warmup=WARMUP), CALM, CALM)
    assert records[-1].overrides != START
    assert end.changed == ()


def test_the_snapshot_is_named_only_while_it_holds_what_was_judged() -> None:
    assert soak(tuned(), GOOD, GOOD)[1].frozen
    assert soak(tuned(), GOOD, GOOD, CALM)[1].frozen
    assert not soak(tuned(), CALM, CALM)[1].frozen
    assert not soak(tuned(), GOOD, GOOD, CALM, edits={3: {"tail_age_ms": 700}})[1].frozen


def test_the_warm_up_acts_on_the_tuned_baseline() -> None:
    records, _ = soak(tuned(warmup=WARMUP), BUSY, *[CALM] * 7)
    assert records[0].tuning.deltas == {"min_interval_ms": 10.0}
    assert in_force(records) == [90, 100, 100, 100, 100, 87.5, 75, 75]
    sources = [record.sources["min_interval_ms"] for record in records]
    assert sources == ["preset:warmup_conservative_v1"] * 6 + ["tuner"] * 2


def test_an_edit_in_warm_up_stands_as_it_is_for_an_iteration_then_is_the_baseline() -> None:
    records, _ = soak(plan(warmup=WARMUP), *[CALM] * 7, edits={2: {"min_interval_ms": 70}})
    assert in_force(records) == [90, 70, 95, 95, 95, 82.5, 70]
    assert [r.sources["min_interval_ms"] for r in records[1:3]] == [
        *("operator", "preset:warmup_conservative_v1"),
    ]
    assert records[1].notes == ("operator set min_interval_ms: 90 -> 70",)


def test_in_warm_up_a_fail_is_a_warning_and_want_of_data_is_not() -> None:
    records, _ = soak(plan(warmup=WARMUP), BAD, {"net_bps": float("nan")}, *[BAD] * 3)
    assert [record.verdict_raw for record in records] == [Verdict.FAIL] * 5
    assert [record.verdict for record in records] == [
        *(Verdict.WARN, Verdict.FAIL, Verdict.WARN, Verdict.WARN, Verdict.FAIL),
    ]


def test_each_phase_is_announced_once() -> None:
    lane = lane_of(of=plan(warmup=WARMUP, iterations=8))
    while lane.run.ended is None:
        lane.run.run_iteration()
    changes = [(e.iteration, e.phase) for e in lane.events if isinstance(e, PhaseChanged)]
    assert changes == [(1, "warmup"), (5, "rampdown"), (7, "steady")]
    plain = lane_of(of=plan(iterations=8))
    while plain.run.ended is None:
        plain.run.run_iteration()
    assert "phase_changed" not in plain.kinds


def test_the_risk_rule_is_stricter_in_warm_up() -> None:
    half = {**CALM, "risk_ratio": 0.5}
    records, _ = soak(tuned(warmup=WARMUP), *[half] * 5)
    assert ["tail_age_ms" in r.tuning.suggested for r in records] == [True] * 4 + [False]


def test_a_tuner_that_raises_costs_its_suggestion_and_never_the_soak(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> Proposal:
        raise LookupError("no such\nthing")

    monkeypatch.setitem(TUNERS, "rules", broken)
    records, end = soak(tuned(), GOOD, GOOD, BUSY)
    assert [record.tuning.error for record in records] == ["rules: LookupError: no such thing"] * 3
    assert records[1].tuning.frozen is not None
    assert end.verdict is not Verdict.FAIL


@pytest.mark.parametrize(
    ("deltas", "step"),
    [
        ({"min_interval_ms": 5.0, "unknown": 1.0}, "unknown +1"),
        ({"min_interval_ms": float("nan")}, "min_interval_ms +nan"),
        ({"min_interval_ms": float("-inf")}, "min_interval_ms -inf"),
    ],
)
def test_a_tuner_that_suggests_what_cannot_be_costs_its_suggestion_too(
    deltas: dict[str, float], step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TUNERS, "rules", lambda *_, **__: Proposal(deltas=deltas))
    records, _ = soak(tuned(), CALM, CALM)
    error = f"rules: ValueError: no step that can be taken: {step}"
    assert [record.tuning for record in records] == [TuningRecord(error=error)] * 2
    assert in_force(records) == [65, 65]


def test_equal_lanes_hold_equal_text_whatever_the_order_of_an_operators_edits() -> None:
    def text(edit: Mapping[str, float]) -> str:
        lane = lane_of(CALM, of=tuned(), edits={1: edit})
        lane.run.run_iteration()
        return lane.run.state.control.model_dump_json()

    one = {"tail_age_ms": 700.0, "min_interval_ms": 70.0, "impact_cap_ratio": 0.1}
    assert '"held":["impact_cap_ratio","min_interval_ms","tail_age_ms"]' in text(one)
    assert text(one) == text(dict(reversed(one.items())))


def test_an_own_table_is_tuned_by_the_rules_that_fit_it() -> None:
    row = {"default": 10, "bounds": [0, 50], "tuner_range": [0, 25], "decimals": 0}
    table = ParameterTable.of({"min_interval_ms": row, "mine": 1.0}, "bot")
    worst = {**BAD_AND_BUSY, "risk_ratio": 0.7}
    records, _ = soak(tuned(table=table, fallback={}), worst, CALM)
    assert records[1].overrides == {"min_interval_ms": 20.0, "mine": 1.0}


def test_a_record_of_nothing_says_nothing() -> None:
    assert TuningRecord().model_dump(exclude_defaults=True) == {}


def end_of(result: LaneResult) -> tuple[str | None, int, list[str]]:
    return result.verdict, result.evidence.graded, [r for r in result.reasons if "as tuned" in r]


@pytest.mark.parametrize(
    ("iterations", "busy", "moved", "verdict"),
    [(12, 8, True, "WARN"), (12, 9, False, "WARN"), (11, 9, True, "HOLD")],
)
def test_a_lane_is_not_moved_when_too_few_iterations_are_left_to_judge_it(
    iterations: int, busy: int, moved: bool, verdict: str
) -> None:
    measured = [BUSY if n == busy else CALM for n in range(1, iterations + 1)]
    records, end = soak(tuned(iterations), *measured)
    step = records[busy - 1].tuning
    assert bool(step.deltas) is moved
    assert step.suppressed == ({} if moved else {"min_interval_ms": "final"})
    assert end_of(end)[0] == verdict


def test_a_tuned_lane_is_judged_on_the_iterations_with_its_last_baseline() -> None:
    poor = {**CALM, "net_bps": -500.0, "min_interval_pct": 40.0}
    rest = [CALM] * 4
    _, end = soak(tuned(9), poor, poor, poor, CALM, *rest)  # moved after 1; cooldown; frozen? no
    assert end.medians["net_bps"] == 2.8
    assert end_of(end)[0] in ("PASS", "WARN")
    _, few = soak(tuned(3), BUSY, CALM, CALM)
    assert end_of(few) == ("HOLD", 2, ["as tuned for 2 of 4 hours, 2 more needed (test)"])
    _, enough = soak(tuned(5), BUSY, CALM, CALM, CALM, CALM)
    assert end_of(enough)[1:] == (4, [])


def test_its_few_last_iterations_can_still_fail_it() -> None:
    _, end = soak(tuned(2), BUSY, BAD)
    assert end.verdict == "FAIL"
    assert "1 of 1 graded" not in "".join(end.reasons)  # the gate says nothing of that


def test_an_operators_edit_begins_the_evidence_anew_and_a_phase_does_not() -> None:
    _, end = soak(plan(), *[CALM] * 5, edits={4: {"tail_age_ms": 700.0}})
    assert end.evidence.tuned
    assert end.evidence.graded < 4
    warm = plan(iterations=8, warmup=WARMUP)
    _, end = soak(warm, *[CALM] * 8)
    assert not end.evidence.tuned
    assert end.evidence.graded == 8


def test_a_record_tells_how_many_iterations_had_its_overrides() -> None:
    records, _ = soak(tuned(6), CALM, CALM, BUSY, CALM, CALM, CALM)
    assert [record.rests_on for record in records] == [1, 2, 3, 1, 2, 3]


def test_of_a_tuned_lane_only_steady_iterations_count() -> None:
    warm = tuned(8, warmup=WARMUP)
    records, end = soak(warm, *[BUSY] * 4, *[CALM] * 4)
    assert records[4].sources["min_interval_ms"] != "default"
    assert [record.rests_on for record in records[4:]] == [0, 0, 1, 2]
    assert end.evidence.graded == 2


def test_what_fails_within_a_warm_up_is_no_failed_iteration() -> None:
    rule = Failed(fail_unless="== 0")
    warm = plan(gate(failed=rule), iterations=8, warmup=WARMUP, guards=False)
    _, end = soak(warm, *[{**CALM, "net_bps": 1.0}] * 4, *[{**CALM, "net_bps": 5.0}] * 4)
    assert (end.evidence.graded, end.evidence.failed) == (8, 0)

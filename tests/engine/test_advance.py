"""A lane as a value: begin, advance and finish, on summaries alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from builders import gate, net_at_least_2, plan, preset_named
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_soak.engine.lane import LaneState, advance, begin, finish, note, prepare
from pytest_soak.engine.plan import GateMode, LanePlan
from pytest_soak.engine.record import Ending, IterationRecord, LaneResult
from pytest_soak.gates.engine import OF_ITERATIONS, Verdict
from pytest_soak.gates.model import Gate, OnMarket, Threshold
from pytest_soak.kpi.summary import Summary, summary_of
from pytest_soak.tuning.phases import Phase

PASS, WARN, FAIL = Verdict.PASS, Verdict.WARN, Verdict.FAIL
HARD, SOFT, OFF = GateMode.HARD, GateMode.SOFT, GateMode.OFF
GOOD, POOR, BAD = 5.0, 2.5, 1.0


def summary(net: float | None) -> Summary:
    """A measurement of `net_bps` alone: 5 passes, 2.5 warns, 1 fails, None is missing."""
    return Summary(kpis={"net_bps": net}, reasons={} if net is not None else {"net_bps": "gone"})


def faulty() -> Summary:
    return summary_of({"net_bps": float("nan")}, ("net_bps",))


def soak(
    of: LanePlan, measured: Sequence[float | Summary | None]
) -> tuple[LaneState, list[IterationRecord]]:
    """The lane after these measurements, as far as its gate lets it come."""
    state, records = begin(of), list[IterationRecord]()
    for x in measured:
        state, record = advance(of, state, x if isinstance(x, Summary) else summary(x))
        records.append(record)
        if record.ending:
            break
    return state, records


def verdicts(of: LanePlan, *measured: float | Summary | None) -> list[tuple[str, str]]:
    return [(r.verdict.value, r.verdict_raw.value) for r in soak(of, measured)[1]]


def final(
    of: LanePlan, *measured: float | Summary | None, ending: Ending = Ending.COMPLETED
) -> LaneResult:
    return finish(of, soak(of, measured)[0], ending)


nets = st.sampled_from([GOOD, POOR, BAD, None])
measurements = st.lists(nets, max_size=14)
modes = st.sampled_from(list(GateMode))
graces = st.integers(0, 5)


@given(measurements, modes, graces)
def test_advance_is_pure(measured: list[float | None], mode: GateMode, grace: int) -> None:
    of = plan(gate(grace=grace), mode)
    state = begin(of)
    for net in measured:
        before = (of.model_dump_json(), state.model_dump_json())
        once, again = advance(of, state, summary(net)), advance(of, state, summary(net))
        assert once == again
        assert (of.model_dump_json(), state.model_dump_json()) == before
        state = once[0]


@given(measurements, modes, graces)
def test_a_lane_goes_on_the_same_after_its_state_was_written_and_read(
    measured: list[float | None], mode: GateMode, grace: int
) -> None:
    of = plan(gate(grace=grace), mode)
    straight = resumed = begin(of)
    for net in measured:
        straight, record = advance(of, straight, summary(net))
        read = LaneState.model_validate_json(resumed.model_dump_json())
        resumed, again = advance(
            LanePlan.model_validate_json(of.model_dump_json()), read, summary(net)
        )
        assert (resumed, again) == (straight, record)
        assert IterationRecord.model_validate_json(record.model_dump_json()) == record
    end = finish(of, straight, Ending.COMPLETED)
    assert LaneResult.model_validate_json(end.model_dump_json()) == end


@settings(max_examples=30)
@given(st.lists(nets, min_size=30, max_size=60))
def test_the_state_does_not_grow_with_the_lane(measured: list[float | None]) -> None:
    of = plan()
    state, _ = soak(of, measured)
    assert len(state.history) == 8
    assert len(state.evidence.last) == 8
    assert len(state.unsoftened) <= 1
    assert state.iteration == len(measured)


@given(measurements, modes, graces)
def test_verdicts_soften_only_as_grace_and_mode_say(
    measured: list[float | None], mode: GateMode, grace: int
) -> None:
    of = plan(gate(grace=grace), mode)
    for record in soak(of, measured)[1]:
        net = record.summary.kpis["net_bps"]
        raw = {GOOD: PASS, POOR: WARN, BAD: FAIL, None: FAIL}[net]
        graded = record.iteration > grace
        softened = mode is OFF or (not graded and net is not None)
        assert record.verdict_raw is raw
        assert record.graded == graded
        assert record.verdict is (WARN if raw is FAIL and softened else raw)
        assert (record.ending is not None) == (mode is HARD and record.verdict is FAIL)
        assert (record.failure is not None) == (record.ending is not None)


@given(measurements, modes, graces)
def test_counts_are_of_the_verdicts(
    measured: list[float | None], mode: GateMode, grace: int
) -> None:
    of = plan(gate(grace=grace), mode)
    state, records = soak(of, measured)
    end = finish(of, state, Ending.COMPLETED)
    assert end.counts == {v: sum(r.verdict is v for r in records) for v in OF_ITERATIONS}
    assert sum(end.counts.values()) == end.iterations == len(records)
    cold = [record.verdict for record in records if not record.graded]
    assert end.ungraded == {verdict: cold.count(verdict) for verdict in set(cold)}


def test_hard_ends_a_lane_at_its_first_graded_fail() -> None:
    of = plan(gate(grace=2), HARD)
    assert verdicts(of, BAD, BAD, GOOD, POOR, BAD, GOOD) == [
        *(("WARN", "FAIL"), ("WARN", "FAIL"), ("PASS", "PASS"), ("WARN", "WARN"), ("FAIL", "FAIL")),
    ]
    state, records = soak(of, [BAD, BAD, BAD])
    assert records[-1].failure == "gate: net_bps = 1, fail unless >= 2 (test)"
    end = finish(of, state, Ending.GATE)
    assert end.verdict is FAIL
    assert end.reasons[0] == "iteration 3: net_bps = 1, fail unless >= 2 (test)"


def test_hard_ends_a_lane_in_its_grace_for_want_of_data() -> None:
    of = plan(gate(grace=4), HARD)
    state, records = soak(of, [GOOD, None, GOOD])
    assert len(records) == 2
    assert records[-1].failure == "gate: net_bps: no data (gone) (test)"
    assert finish(of, state, Ending.GATE).verdict is FAIL


def test_soft_reports_a_failing_iteration_passed_and_goes_on() -> None:
    of = plan(mode=SOFT)
    _, records = soak(of, [BAD, GOOD, GOOD])
    assert [(r.verdict, r.failure, r.ending) for r in records[:1]] == [(FAIL, None, None)]
    assert final(of, BAD, GOOD, GOOD).verdict is PASS
    assert final(of, GOOD, BAD, BAD).verdict is FAIL


def test_a_spell_that_fails_begins_after_the_grace() -> None:
    lasting = Threshold.model_validate({"metric": "net_bps", "fail_unless": ">= 2", "for": 3})
    of = plan(gate(lasting, grace=2))
    raw = [found for _, found in verdicts(of, BAD, BAD, BAD, BAD, BAD)]
    assert raw == ["PASS", "PASS", "PASS", "PASS", "FAIL"]


def test_off_never_fails_on_a_kpi() -> None:
    of = plan(mode=OFF)
    assert verdicts(of, BAD, None) == [("WARN", "FAIL"), ("WARN", "FAIL")]
    end = final(of, BAD, None)
    assert (end.verdict, end.verdict_raw) == (WARN, FAIL)


def test_off_still_fails_what_is_no_verdict_on_a_kpi() -> None:
    of = plan(mode=OFF)
    assert final(of, GOOD, ending=Ending.TARGET).verdict is FAIL
    assert final(of, GOOD, ending=Ending.TEST).verdict is FAIL


@pytest.mark.parametrize("mode", list(GateMode))
def test_what_is_no_measurement_fails_its_item_in_every_mode_and_the_lane_but_in_off(
    mode: GateMode,
) -> None:
    of = plan(gate(grace=4), mode)
    _, records = soak(of, [faulty()])
    assert records[0].failure is not None
    assert "net_bps: expected a number, got nan" in records[0].failure
    assert records[0].verdict is (WARN if mode is OFF else FAIL)
    assert final(of, faulty()).verdict is (WARN if mode is OFF else FAIL)


def test_a_fault_in_a_kpi_that_no_gate_names_fails_too() -> None:
    of = plan(gate(grace=4))
    found = summary_of({"net_bps": GOOD, "risk_ratio": 7}, None)
    _, [record] = soak(of, [found])
    assert (record.verdict_raw, record.verdict) == (FAIL, FAIL)
    assert final(of, found, *[GOOD] * 9).verdict is FAIL


def test_missing_data_in_grace_fails_the_lane_for_good() -> None:
    of = plan(gate(grace=4), SOFT)
    assert verdicts(of, None) == [("FAIL", "FAIL")]
    end = final(of, None, *[GOOD] * 20)
    assert end.verdict is FAIL
    assert end.reasons == ("iteration 1: net_bps: no data (gone) (test)",)
    twice = final(of, None, None, *[GOOD] * 20)
    assert twice.reasons == end.reasons


def test_missing_data_that_the_gate_only_warns_of_is_softened_like_any_warning() -> None:
    asked = gate(Threshold(metric="net_bps", fail_unless=">= 2", no_data="warn"))
    assert verdicts(plan(asked, HARD), None) == [("WARN", "WARN")]
    assert final(plan(asked), None, GOOD, GOOD).verdict is WARN


def test_a_fail_in_grace_does_not_count_for_the_lane() -> None:
    of = plan(gate(grace=4))
    assert final(of, *[BAD] * 4, *[GOOD] * 2).verdict is PASS
    assert final(of, *[GOOD] * 4, *[BAD] * 2).verdict is FAIL


def test_with_nothing_graded_the_lane_warns_and_says_so() -> None:
    for measured in ([], [BAD], [GOOD] * 4):
        end = final(plan(gate(grace=4)), *measured)
        assert (end.verdict, end.reasons) == (WARN, ("nothing graded yet",))
        hard = final(plan(gate(grace=4), HARD), *measured)
        assert (hard.verdict, hard.reasons) == (Verdict.HOLD, ("nothing graded yet",))


@given(st.lists(st.floats(0, 5), min_size=1, max_size=20), graces)
def test_the_lane_is_judged_on_the_medians_of_its_last_eight_graded_iterations(
    measured: list[float], grace: int
) -> None:
    of = plan(gate(grace=grace))
    end = final(of, *measured)
    last = sorted(measured[grace:][-8:])
    if not last:
        assert end.verdict is WARN
        return
    middle = (last[(len(last) - 1) // 2] + last[len(last) // 2]) / 2
    assert end.medians["net_bps"] == middle
    assert end.verdict is (PASS if middle >= 3 else WARN if middle >= 2 else FAIL)


def test_the_lane_is_judged_by_the_worst_of_its_final_gates() -> None:
    strict = Gate(name="strict", thresholds=[Threshold(metric="net_bps", fail_unless=">= 9")])
    both = plan(finals=(gate(), strict))
    assert final(both, GOOD).verdict is FAIL
    assert [check.gate for check in final(both, GOOD).judgement.checks] == ["test", "strict"]
    assert verdicts(both, GOOD) == [("PASS", "PASS")]


def test_an_interrupted_lane_has_no_verdict() -> None:
    end = final(plan(), GOOD, ending=Ending.INTERRUPTED)
    assert (end.verdict, end.ending, end.iterations, end.planned) == (None, "interrupted", 1, 3)


def test_an_edit_is_in_force_with_its_source_and_is_told_once() -> None:
    of = plan()
    before = begin(of)
    after = prepare(of, before, {"position_limit_notional": 60000.25, "tail_age_ms": 700.0})
    assert after.overrides == before.overrides | {
        "position_limit_notional": 60000.25,
        "tail_age_ms": 700.0,
    }
    changed = {name for name, source in after.sources.items() if source == "operator"}
    assert changed == {"position_limit_notional", "tail_age_ms"}
    assert after.notes == (
        "operator set position_limit_notional: 60000 -> 60000.25",
        "operator set tail_age_ms: 620 -> 700",
    )
    state, first = advance(of, note(after, "more"), summary(GOOD))
    _, second = advance(of, state, summary(GOOD))
    assert first.notes == (*after.notes, "more")
    assert second.notes == ()
    assert second.overrides == after.overrides
    assert first.state_hash == second.state_hash != soak(of, [GOOD])[1][0].state_hash


def test_without_edits_a_state_stays_itself() -> None:
    state = begin(of := plan())
    assert prepare(of, state, {}) == state


def test_windows_follow_each_other_without_gap() -> None:
    _, records = soak(plan(), [GOOD] * 3)
    assert [(w.iteration, w.start_minutes, w.minutes) for r in records if (w := r.window)] == [
        (1, 0.0, 60.0),
        (2, 60.0, 60.0),
        (3, 120.0, 60.0),
    ]


def test_the_thresholds_of_the_lanes_market_apply() -> None:
    lenient = Threshold(metric="net_bps", fail_unless=">= 0")
    on_calm = plan(gate(net_at_least_2, markets={"calm": OnMarket(thresholds=[lenient])}))
    on_spike = plan(gate(net_at_least_2, markets={"spike": OnMarket(thresholds=[lenient])}))
    assert verdicts(on_calm, BAD) == [("PASS", "PASS")]
    assert verdicts(on_spike, BAD) == [("FAIL", "FAIL")]
    assert final(on_calm, BAD).verdict is PASS


def test_only_steady_graded_iterations_are_followed() -> None:
    of = plan(gate(grace=1, drift="warn"), warmup=preset_named("warmup_conservative_v1"))
    state, records = soak(of, [3.0] * 8)
    steady = sum(record.phase is Phase.STEADY for record in records)
    assert 0 < steady < 7
    assert state.evidence.series == {"net_bps": (3.0,) * steady}
    assert soak(plan(gate(grace=1)), [3.0] * 8)[0].evidence.series == {}

"""What a lane's end is judged on: how many iterations failed, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from builders import gate, sample
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.gates.engine import Sample, Verdict, judge
from pytest_soak.gates.evidence import Evidence, FailedIteration, failure_of, judge_final
from pytest_soak.gates.model import Failed, Gate, OnMarket, Threshold

PASS, WARN, HOLD, FAIL = Verdict
SHIPPED = Failed(warn_unless="== 0", fail_unless="<= 10 %", at_least=2)


def evidence_of(nets: Sequence[float], judged_by: Gate) -> Evidence:
    evidence = Evidence()
    for number, net in enumerate(nets, 1):
        one = sample(net_bps=net)
        found = judge(judged_by, "calm", [one])
        failure = failure_of(number, found) if found.verdict is FAIL else None
        evidence = evidence.with_graded(one, failure)
    return evidence


@pytest.mark.parametrize(
    ("failed", "graded", "verdict"),
    [
        (0, 20, PASS),
        (1, 20, WARN),
        (2, 20, WARN),  # ten per cent, to the digit
        (3, 20, FAIL),
        (1, 2, WARN),  # half of them, but a single one
        (2, 19, FAIL),
        (2, 2, FAIL),
        (100, 1000, WARN),
        (101, 1000, FAIL),
    ],
)
def test_the_share_of_failed_iterations_decides(failed: int, graded: int, verdict: Verdict) -> None:
    nets = [1.0] * failed + [9.0] * (graded - failed)
    asked = gate(failed=SHIPPED)
    found = judge_final([asked], "calm", evidence_of(nets, asked))
    (check,) = (c for c in found.checks if c.metric == "failed")
    assert check.verdict is verdict
    assert check.value == failed


def test_twelve_hours_of_catastrophe_are_not_forgotten_for_eight_good_ones() -> None:
    asked = gate(failed=SHIPPED)
    evidence = evidence_of([-500.0] * 7 + [-900.0] + [-500.0] * 4 + [9.0] * 8, asked)
    found = judge_final([asked], "calm", evidence, "hour")
    assert found.verdict is FAIL
    assert found.reasons()[0] == (
        "12 of 20 graded hours failed: first 1 (net_bps = -500, fail unless >= 2), "
        "worst 8 (net_bps = -900, fail unless >= 2) (test)"
    )


def test_one_failure_is_told_once() -> None:
    asked = gate(failed=SHIPPED)
    found = judge_final([asked], "calm", evidence_of([9.0, 1.0, 9.0], asked))
    assert found.reasons() == [
        "1 of 3 graded iterations failed: iteration 2 (net_bps = 1, fail unless >= 2) (test)"
    ]


def test_an_iteration_without_data_is_the_worst_there_is() -> None:
    asked = gate()
    lost = failure_of(3, judge(asked, "calm", [Sample(values={})]))
    bad = failure_of(4, judge(asked, "calm", [sample(net_bps=-1e9)]))
    assert lost.excess > bad.excess
    evidence = Evidence().with_graded(sample(net_bps=1.0), bad)
    assert evidence.with_graded(sample(net_bps=1.0), lost).worst == lost


def test_a_market_has_a_rule_of_its_own() -> None:
    asked = gate(failed=SHIPPED, markets={"spike": OnMarket(failed=Failed(fail_unless="<= 50 %"))})
    evidence = evidence_of([1.0, 1.0, 9.0, 9.0], asked)
    verdicts = {
        market: next(
            c.verdict for c in judge_final([asked], market, evidence).checks if c.metric == "failed"
        )
        for market in ("calm", "spike")
    }
    assert verdicts == {"calm": FAIL, "spike": PASS}


def test_only_the_gate_of_the_iterations_counts_them() -> None:
    final = Gate(
        name="end", failed=SHIPPED, thresholds=[Threshold(metric="net_bps", fail_unless="> 0")]
    )
    asked = gate()
    found = judge_final([asked, final], "calm", evidence_of([1.0, 1.0, 9.0, 9.0, 9.0], asked))
    assert found.verdict is PASS


@pytest.mark.parametrize(("graded", "verdict"), [(1, HOLD), (3, HOLD), (4, PASS), (9, PASS)])
def test_a_tuned_lane_needs_enough_iterations_as_it_ended(graded: int, verdict: Verdict) -> None:
    asked = gate()
    evidence = evidence_of([9.0] * graded, asked).model_copy(update={"tuned": True})
    found = judge_final([asked], "calm", evidence, "hour")
    assert found.verdict is verdict
    if graded == 3:
        assert found.reasons() == ["as tuned for 3 of 4 hours, 1 more needed (test)"]


def test_a_tuned_lane_that_fails_its_few_iterations_fails() -> None:
    asked = gate()
    evidence = evidence_of([-500.0], asked).model_copy(update={"tuned": True})
    assert judge_final([asked], "calm", evidence).verdict is FAIL


failures = st.none() | st.builds(
    FailedIteration, iteration=st.integers(1, 99), reason=st.just("x"), excess=st.floats(0, 1e6)
)


@given(st.lists(failures, max_size=30))
def test_evidence_counts_all_and_keeps_few(given_: list[FailedIteration | None]) -> None:
    evidence = Evidence()
    for failure in given_:
        evidence = evidence.with_graded(sample(net_bps=1.0), failure)
    failed = [failure for failure in given_ if failure is not None]
    assert (evidence.graded, evidence.failed) == (len(given_), len(failed))
    assert len(evidence.last) == min(8, len(given_))
    assert evidence.first == (failed[0] if failed else None)
    assert evidence.worst == max(failed, key=lambda f: f.excess, default=None)
    assert Evidence.model_validate_json(evidence.model_dump_json()) == evidence

"""A lane's end by all of its steady iterations: drift, and what is sure."""

from __future__ import annotations

import numpy as np
import pytest
from builders import gate, sample
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pytest_soak.gates.engine import Judgement, Verdict
from pytest_soak.gates.evidence import Evidence, judge_final
from pytest_soak.gates.lasting import needed_series
from pytest_soak.gates.model import DriftRule, Gate, Threshold

PASS, WARN, HOLD, FAIL = Verdict
AT_LEAST_2 = Threshold(metric="net_bps", fail_unless=">= 2")
AT_MOST_400 = Threshold(metric="p95_latency_ms", fail_unless="<= 400")
WOBBLE = (0.05, -0.04, 0.01, -0.05, 0.03, 0.02, -0.03, 0.0)


def line(first: float, last: float, hours: int) -> list[float]:
    step = (last - first) / (hours - 1)
    return [first + n * step + WOBBLE[n % 8] for n in range(hours)]


def ended(gates: list[Gate], **series: list[float] | list[float | None]) -> Judgement:
    evidence, wanted = Evidence(), needed_series(gates, "calm")
    for n in range(len(next(iter(series.values())))):
        one = sample(**{name: values[n] for name, values in series.items()})
        evidence = evidence.with_graded(one, None).with_steady(one, wanted)
    return judge_final(gates, "calm", evidence, "hour")


def drifting(rule: DriftRule, *thresholds: Threshold) -> Gate:
    return gate(*(thresholds or (AT_LEAST_2,)), drift=rule)


@pytest.mark.parametrize(("rule", "verdict"), [("fail", FAIL), ("warn", WARN), ("off", PASS)])
def test_a_net_that_falls_all_day_is_no_silent_pass(rule: DriftRule, verdict: Verdict) -> None:
    found = ended([drifting(rule)], net_bps=line(5.1, 2.8, 24))
    assert found.verdict is verdict
    reasons = [] if rule == "off" else ["net_bps drifts from 5.09 to 2.79 over 24 hours (test)"]
    assert found.reasons() == reasons
    assert found.drifts == ({} if rule == "off" else {"net_bps": pytest.approx(-0.1, rel=0.1)})


def test_noise_is_hardly_ever_called_a_drift() -> None:
    rng = np.random.default_rng(1)
    days = [[3.0 + x for x in rng.normal(0.0, 0.4, 20).tolist()] for _ in range(60)]
    found = [ended([drifting("fail")], net_bps=day).verdict for day in days]
    assert found.count(FAIL) <= 3


def test_a_drift_for_the_better_is_told_and_passes() -> None:
    found = ended([drifting("fail")], net_bps=line(2.8, 5.1, 24))
    assert found.verdict is PASS
    assert found.checks[1].metric == "net_bps.drift"
    assert found.checks[1].value == pytest.approx(0.1, rel=0.1)
    assert found.drifts == {}


def test_what_is_worse_hangs_on_what_the_gate_asks_for() -> None:
    rising = ended([drifting("warn", AT_MOST_400)], p95_latency_ms=line(280, 330, 24))
    assert rising.reasons() == ["p95_latency_ms drifts from 280 to 330 over 24 hours (test)"]
    falling = ended([drifting("warn", AT_MOST_400)], p95_latency_ms=line(330, 280, 24))
    assert falling.verdict is PASS
    equal = Threshold(metric="restarts", fail_unless="== 0", drift="warn")
    assert ended([gate(equal)], restarts=line(0, 9, 24)).verdict is FAIL


def test_a_threshold_says_otherwise_than_its_gate() -> None:
    quiet = AT_LEAST_2.model_copy(update={"drift": "off"})
    assert ended([drifting("fail", quiet)], net_bps=line(5.1, 2.8, 24)).verdict is PASS
    loud = AT_LEAST_2.model_copy(update={"drift": "fail"})
    assert ended([gate(loud)], net_bps=line(5.1, 2.8, 24)).verdict is FAIL


@pytest.mark.parametrize(
    ("rules", "by", "verdict"),
    [
        (("warn", "fail", "fail"), "gate 1", FAIL),
        (("fail", "warn", "off"), "gate 0", FAIL),
        (("off", "warn", "warn"), "gate 1", WARN),
    ],
)
def test_of_several_gates_the_strictest_follows_a_metric(
    rules: tuple[DriftRule, ...], by: str, verdict: Verdict
) -> None:
    named = [drifting(r).model_copy(update={"name": f"gate {n}"}) for n, r in enumerate(rules)]
    found = ended(named, net_bps=line(5.1, 2.8, 24))
    assert [c.gate for c in found.checks if c.metric == "net_bps.drift"] == [by]
    assert found.verdict is verdict


@pytest.mark.parametrize(("hours", "more"), [(1, 7), (7, 1)])
def test_too_few_iterations_hold_what_must_not_drift(hours: int, more: int) -> None:
    values = line(5.1, 5.0, 8)[:hours]
    held = ended([drifting("fail")], net_bps=values)
    assert held.verdict is HOLD
    why = f"net_bps.drift: not known ({hours} of 8 hours, {more} more needed) (test)"
    assert held.reasons() == [why]
    assert ended([drifting("warn")], net_bps=values).verdict is PASS


def test_iterations_without_a_value_leave_gaps_in_the_line() -> None:
    gaps: list[float | None] = [v if n % 3 else None for n, v in enumerate(line(5.1, 2.8, 30))]
    found = ended(
        [drifting("fail", Threshold(metric="net_bps", warn_unless=">= -9"))], net_bps=gaps
    )
    [drift] = [c for c in found.checks if c.metric == "net_bps.drift"]
    assert drift.verdict is FAIL
    assert drift.value == pytest.approx(-2.3 / 29, rel=0.1)


def test_a_span_or_the_lane_so_far_has_no_drift() -> None:
    span = Threshold(metric="drawdown_ratio", fail_unless="<= 0.25")
    growth = Threshold(metric="rss_growth_mb_per_h", fail_unless="<= 100")
    assert needed_series([drifting("fail", span, growth)], "calm") == frozenset()
    with pytest.raises(ValidationError, match="no drift: drawdown_ratio is of a span"):
        Threshold(metric="drawdown_ratio", fail_unless="<= 0.25", drift="warn")
    with pytest.raises(ValidationError, match="no confidence: rss_growth_mb_per_h is of a span"):
        Threshold(metric="rss_growth_mb_per_h", fail_unless="<= 100", confidence=0.95)


SURE = Threshold(metric="net_bps", fail_unless=">= 2", warn_unless=">= 3", confidence=0.95)


def around(mean: float, hours: int) -> list[float]:
    return [mean + 10 * WOBBLE[n % 8] for n in range(hours)]


@pytest.mark.parametrize(
    ("values", "verdict", "told"),
    [
        (around(4.0, 16), PASS, ""),
        (around(2.6, 16), WARN, "warn unless >= 3"),
        (around(1.4, 16), FAIL, "fail unless >= 2"),
        (around(2.1, 8), HOLD, "fail unless >= 2: some"),
        (around(1.95, 8), HOLD, "more hours would decide"),
        ([2.5] * 9, HOLD, "not known (always 2.5, which tells nothing of how it varies)"),
        ([4.0, 4.1], HOLD, "not known (2 of 3 iterations, 1 more needed)"),
        ([4.0, None, 4.1, 4.2], FAIL, "no data (3 of 4 hours)"),
    ],
)
def test_with_a_confidence_only_what_is_sure_is_decided(
    values: list[float | None], verdict: Verdict, told: str
) -> None:
    found = ended([gate(SURE)], net_bps=values)
    assert found.verdict is verdict
    assert told in "".join(found.reasons())


@given(st.floats(-5, 9), st.integers(3, 40))
def test_sure_agrees_with_the_mean_or_holds(mean: float, hours: int) -> None:
    found = ended([gate(SURE)], net_bps=around(mean, hours))
    value = found.checks[0].value
    assert value is not None
    if found.verdict is not HOLD:
        assert (found.verdict is not FAIL) == (value >= 2)


def test_what_it_takes_to_decide_decides() -> None:
    held = ended([gate(SURE)], net_bps=around(2.1, 8))
    more = int(held.reasons()[0].partition("some ")[2].split()[0])
    assert ended([gate(SURE)], net_bps=around(2.1, 8 + 2 * more)).verdict in (PASS, WARN)

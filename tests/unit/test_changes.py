"""Who moved a parameter, when and why."""

from __future__ import annotations

from typing import Any

from runs import summary_of

from pytest_soak.report.changes import Change, changes
from pytest_soak.report.read import _iteration
from pytest_soak.report.values import ReportIteration


def at(number: int, value: float, source: str = "default", **more: Any) -> ReportIteration:
    given: dict[str, Any] = {
        "overrides": {"spread": value, "age": 1.0},
        "sources": {"spread": source},
    } | more
    return _iteration(summary_of(number, **given), None)


def only(*iterations: ReportIteration) -> Change:
    (found,) = changes(iterations)
    return found


def test_the_tuner_says_why_and_only_what_is_of_the_parameter() -> None:
    rationale = ["spread_x -> wider", "net low -> spread +0.1", "age fine"]
    before = at(1, 1.0, tuning={"deltas": {"spread": 0.1}, "rationale": rationale})
    assert only(before, at(2, 1.1, "tuner")) == Change(
        2, "spread", 1.0, 1.1, "tuner", "net low -> spread +0.1"
    )


def test_a_rationale_that_names_no_parameter_is_given_whole() -> None:
    tuning = {"deltas": {"spread": 0.1}, "rationale": ["widen", "and rest"]}
    assert only(at(1, 1.0, tuning=tuning), at(2, 1.1, "tuner")).reason == "widen; and rest"


def test_a_step_that_a_guard_stopped_moved_nothing() -> None:
    stopped = {"deltas": {"spread": 0.0}, "rationale": ["widen"]}
    assert only(at(1, 1.0, tuning=stopped), at(2, 2.0, "preset:w", phase="warmup")).by == "phase"


def test_an_operator_is_named_once_and_a_phase_that_returns_to_his_value_is_a_phase() -> None:
    found = changes(
        [
            at(1, 1.0, phase="warmup"),
            at(2, 5.0, "operator", phase="warmup"),
            at(3, 6.0, "preset:w", phase="rampdown"),
            at(4, 5.0, "operator"),
        ]
    )
    assert [(c.iteration, c.by, c.reason) for c in found] == [
        (2, "operator", "edited while the soak ran"),
        (3, "phase", "warmup to rampdown"),
        (4, "phase", "rampdown to steady"),
    ]


def test_a_panic_is_a_panic() -> None:
    assert only(at(1, 1.0, tuning={"panicked": True}), at(2, 2.0, "panic")).by == "panic"


def test_across_a_gap_nothing_is_said() -> None:
    assert list(changes([at(1, 1.0), at(3, 2.0, "tuner")])) == []

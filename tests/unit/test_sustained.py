"""The engine of sustained criteria: what holds of each sequence of values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.gates.criteria import Criteria, Criterion
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.sustained import Sustained, Transition, advance, checks_of

MINUTE = 60_000_000


def criterion(**given: Any) -> Criterion:
    usual: dict[str, Any] = {
        "name": "deadline",
        "metric": "deadline_miss_ratio",
        "window": "5m",
        "for": "10m",
    }
    limits = {} if "warn_if" in given else {"stop_if": "> 0.05"}
    return Criterion.model_validate(usual | limits | given)


def run(
    one: Criterion, values: Sequence[float | None], start: int = 0, state: Sustained | None = None
) -> tuple[Sustained, list[Transition]]:
    """Evaluate `one` at each minute from `start` on."""
    criteria, found = Criteria(name="test", criteria=[one]), list[Transition]()
    state = state or Sustained()
    for n, value in enumerate(values):
        state, new = advance(criteria, state, (start + n) * MINUTE, {one.name: value})
        found += new
    return state, found


def said(transitions: list[Transition]) -> list[tuple[str, int, int]]:
    """What happened: kind, since and at, in minutes."""
    return [(t.kind, t.since // MINUTE, t.at // MINUTE) for t in transitions]


def test_ten_minutes_are_eleven_true_evaluations() -> None:
    assert run(criterion(), [0.1] * 10)[1] == []
    assert said(run(criterion(), [0.1] * 11)[1]) == [("stop", 0, 10)]


def test_one_false_evaluation_begins_it_anew() -> None:
    assert said(run(criterion(), [0.1] * 10 + [0.05] + [0.1] * 11)[1]) == [("stop", 11, 21)]


def test_without_a_for_the_first_true_evaluation_stops() -> None:
    assert said(run(criterion(**{"for": "0s"}), [0.0, 0.06])[1]) == [("stop", 1, 1)]


@pytest.mark.parametrize("nothing", [None, math.nan])
def test_no_data_neither_resets_nor_fires(nothing: float | None) -> None:
    gap = [0.1] * 5 + [nothing] * 30
    assert run(criterion(), gap)[1] == []
    assert said(run(criterion(), [*gap, 0.1])[1]) == [("stop", 0, 35)]
    assert run(criterion(), [*gap, 0.0, *[0.1] * 10])[1] == []


def test_no_data_has_a_clock_of_its_own() -> None:
    lacking = criterion(no_data={"for": "2m", "then": "stop"})
    assert said(run(lacking, [0.0, None, None, 0.0, None, None, None])[1]) == [("stop", 4, 6)]
    found = run(lacking, [None] * 3)[1]
    assert found[0].value is None
    assert str(found[0]).startswith("deadline: deadline_miss_ratio has no data for 2 min at 1970-")


def test_a_stop_latches() -> None:
    state, found = run(criterion(**{"for": "0s"}), [0.1, 0.0, 0.1, None, 0.1])
    assert len(found) == 1
    assert state.standings["deadline"].stopped


def test_a_criterion_without_a_value_so_far_is_not_judged() -> None:
    criteria = Criteria(name="test", criteria=[criterion(no_data={"then": "stop"})])
    assert advance(criteria, Sustained(), 0, {}) == (Sustained(at=0), ())


def test_time_only_goes_on() -> None:
    state, _ = run(criterion(), [0.0])
    with pytest.raises(ValueError, match="t=0: expected more than 0"):
        run(criterion(), [0.0], state=state)


WARNS = {"warn_if": "> 180", "metric": "tick_total_p95_ms", "for": "2m"}


def test_a_warning_is_told_once_and_clears_by_hysteresis() -> None:
    one = criterion(**WARNS, clear_if="< 170", clear_for="2m")
    values = [200.0, 200, 200, 200, 175, 175, 175, 169, 171, 160, 160, 160, 160]
    state, found = run(one, values)
    assert said(found) == [("warn", 0, 2), ("clear", 9, 11)]
    assert not state.standings["deadline"].warned
    assert said(run(one, [200.0] * 3, start=20, state=state)[1]) == [("warn", 20, 22)]


def test_without_a_clear_if_a_warning_is_over_where_its_limit_is_kept() -> None:
    assert said(run(criterion(**WARNS), [200.0] * 3 + [180.0])[1]) == [
        ("warn", 0, 2),
        ("clear", 3, 3),
    ]


@given(st.integers(0, 500))
def test_absence_of_data_never_clears(minutes: int) -> None:
    one = criterion(**WARNS, no_data={"for": "9m", "then": "warn"})
    state, found = run(one, [200.0] * 3 + [None] * minutes)
    assert state.standings["deadline"].warned
    assert [t.kind for t in found] == ["warn"]


def test_a_stop_criterion_may_only_warn_for_want_of_data() -> None:
    taker = criterion(metric="taker_ratio", window="1h", no_data={"then": "warn"})
    state, found = run(taker, [0.0, None, None, 0.0, 0.06])
    assert said(found) == [("warn", 1, 1), ("clear", 3, 3)]
    assert not state.standings["deadline"].stopped


VALUES = st.lists(st.sampled_from([None, math.nan, 0.0, 0.05, 0.06, 1.0]), max_size=60)
SPANS = st.sampled_from(["0s", "60s", "3m", "7m"])


@given(VALUES, SPANS, SPANS, st.sampled_from(["stop", "warn"]), st.integers(0, 60))
def test_a_state_that_was_stored_goes_on_as_if_nothing_had_been(
    values: list[float | None], lasting: str, lacking: str, then: str, cut: int
) -> None:
    one = criterion(**{"for": lasting}, no_data={"for": lacking, "then": then})
    whole, found = run(one, values)
    state, first = run(one, values[:cut])
    stored = Sustained.model_validate_json(state.model_dump_json())
    state, second = run(one, values[cut:], start=cut, state=stored)
    assert (state, [*first, *second]) == (whole, found)


@given(st.lists(st.sampled_from([0.0, 0.05, 0.06]), max_size=80), st.integers(0, 12))
def test_it_fires_exactly_where_the_limit_has_held_so_long(
    values: list[float | None], minutes: int
) -> None:
    found = run(criterion(**{"for": f"{minutes}m"}), values)[1]
    held = [all(v == 0.06 for v in values[n - minutes : n + 1]) for n in range(len(values))]
    first = next((n for n, h in enumerate(held) if h and n >= minutes), None)
    assert [t.at // MINUTE for t in found] == ([] if first is None else [first])


def test_what_is_said_of_a_window_is_a_check_a_transition_stops_first() -> None:
    warn = Transition(
        criterion="a", kind="warn", metric="m", value=2.0, limit="> 1", since=0, at=60_000_000
    )
    stop = warn.model_copy(update={"criterion": "b", "kind": "stop"})
    over = warn.model_copy(update={"kind": "clear"})
    checks = checks_of("stop", [warn, over, stop], ["c"])
    assert [(c.reason.split(":")[0], c.verdict) for c in checks] == [
        ("b", Verdict.FAIL),
        ("a", Verdict.WARN),
        ("c", Verdict.WARN),
    ]
    assert str(warn) == "a: m = 2, > 1 for 1 min at 1970-01-01T00:01:00Z"
    assert str(over) == "a: over, m = 2 for 1 min at 1970-01-01T00:01:00Z"

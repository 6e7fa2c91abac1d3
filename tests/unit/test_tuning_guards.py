from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from builders import LIMITS as SHIPPED

from pytest_soak.config.parameters import ParameterTable
from pytest_soak.tuning.guards import Decision, Guard, Move, Situation, decide, keep_recent

LIMITS = SHIPPED.guards
TABLE = ParameterTable.of(
    {
        name: {
            "default": 50,
            "bounds": [0, 100],
            "tuner_range": [0, 100],
            "max_change_per_hour": 30,
            "decimals": 1,
        }
        for name in "abcd"
    }
    | {"free": {"default": 50, "bounds": [0, 100], "tuner_range": [0, 10], "decimals": 1}},
    "bot",
)
FREEZE, OPERATOR, FINAL, OSCILLATION, VELOCITY, COOLDOWN, BOUNDS, MICRO_STEP, _ = Guard


def moved(iteration: int, name: str, before: float, after: float, minutes: float = 60.0) -> Move:
    return Move(
        iteration=iteration, minute=iteration * minutes, parameter=name, before=before, after=after
    )


def ask(
    deltas: Mapping[str, float],
    *moves: Move,
    iteration: int = 10,
    minutes: float = 60.0,
    enabled: bool = True,
    baseline: Mapping[str, float] | None = None,
    **now: Any,
) -> Decision:
    """The decision after an iteration in which everything stood at 50 but for `baseline`."""
    situation = Situation(
        iteration=iteration,
        minute=iteration * minutes,
        baseline=TABLE.defaults() | dict(baseline or {}),
        moves=moves,
        **({"frozen": False, "warmup": False} | now),
    )
    return decide(TABLE, LIMITS, situation, deltas, enabled=enabled)


def guard_of(decision: Decision, name: str = "a") -> Guard | None:
    assert (name in decision.applied) != (name in decision.suppressed)
    return decision.suppressed.get(name)


def test_the_limits_are_those_of_the_specification() -> None:
    assert LIMITS.model_dump() == {
        "velocity_minutes": 60,
        "velocity_warmup_factor": 1.5,
        "cooldown_iterations": 2,
        "oscillation_iterations": 4,
        "parameters_a_step": 2,
    }


def test_a_safe_step_is_taken_and_nothing_is_made_of_nothing() -> None:
    assert ask({"a": 5}) == Decision(applied={"a": 5.0})
    assert ask({}) == Decision()


def test_a_freeze_stops_everything() -> None:
    found = ask({"a": 5, "b": -5}, frozen=True)
    assert found == Decision(suppressed={"a": FREEZE, "b": FREEZE})


def test_what_an_operator_just_set_is_left_alone() -> None:
    found = ask({"a": 5, "b": 5}, held=("a",))
    assert found == Decision(applied={"b": 5.0}, suppressed={"a": OPERATOR})


@pytest.mark.parametrize(
    ("after", "wanted"), [(6, None), (7, OSCILLATION), (8, OSCILLATION), (9, OSCILLATION)]
)
def test_a_step_back_to_the_value_before_last_waits_until_that_is_four_iterations_old(
    after: int, wanted: Guard | None
) -> None:
    # 45 stood in iteration `after` and 50 since; the last four iterations are 7, 8, 9, 10
    assert guard_of(ask({"a": -5}, moved(after, "a", 45, 50))) is wanted


def test_no_step_is_taken_that_the_lanes_end_could_not_judge() -> None:
    assert guard_of(ask({"a": 5}, final=True)) is FINAL
    assert guard_of(ask({"a": 5}, final=True, enabled=False)) is None
    assert guard_of(ask({"a": 5}, final=True, held=("a",))) is OPERATOR


def test_a_step_back_to_another_value_is_no_oscillation() -> None:
    assert guard_of(ask({"a": -4.9}, moved(8, "a", 45, 50))) is None


def test_only_the_value_before_last_counts_and_only_of_the_same_parameter() -> None:
    twice = (moved(7, "a", 40, 45), moved(8, "a", 45, 50))
    assert guard_of(ask({"a": -10}, *twice)) is None
    assert guard_of(ask({"a": -5}, *twice)) is OSCILLATION
    assert guard_of(ask({"a": -5}, moved(8, "b", 45, 50))) is None


def test_a_step_that_bounds_would_cut_back_to_the_value_before_last_oscillates() -> None:
    low = {"a": 5.0}
    assert guard_of(ask({"a": -9}, moved(8, "a", 0, 5), baseline=low)) is OSCILLATION


def test_a_step_alone_may_not_exceed_the_most_of_an_hour() -> None:
    assert [guard_of(ask({"a": step})) for step in (30, -30)] == [None, None]
    assert [guard_of(ask({"a": step})) for step in (30.1, -30.1)] == [VELOCITY, VELOCITY]


def test_changes_of_the_last_hour_add_up_whatever_their_direction() -> None:
    # five-minute iterations; t = 150, so the hour is (90, 150]
    def at(*moves: Move, step: float) -> Guard | None:
        return guard_of(ask({"a": step}, *moves, iteration=30, minutes=5.0))

    up, down = moved(25, "a", 40, 50, 5.0), moved(20, "a", 55, 40, 5.0)
    assert at(up, step=20) is None
    assert at(up, step=20.1) is VELOCITY
    assert at(down, up, step=5) is None
    assert at(down, up, step=5.1) is VELOCITY
    assert at(down, up, step=-5.1) is VELOCITY
    assert at(moved(25, "b", 20, 50, 5.0), step=30) is None


@pytest.mark.parametrize(("iteration", "wanted"), [(17, None), (18, None), (19, VELOCITY)])
def test_the_hour_begins_just_after_it_was_one_hour_ago(
    iteration: int, wanted: Guard | None
) -> None:
    move = moved(iteration, "a", 49.9, 50, 5.0)
    assert guard_of(ask({"a": 30}, move, iteration=30, minutes=5.0)) is wanted


def test_a_warm_up_may_move_half_as_much_again() -> None:
    assert guard_of(ask({"a": 45}, warmup=True)) is None
    assert guard_of(ask({"a": 45.1}, warmup=True)) is VELOCITY


def test_without_a_most_an_hour_there_is_no_velocity() -> None:
    assert guard_of(ask({"free": 50}), "free") is None


def test_velocity_counts_what_the_bounds_leave_of_a_step() -> None:
    assert ask({"a": 90}, baseline={"a": 80.0}).applied == {"a": 20.0}


def test_float_dust_is_no_velocity() -> None:
    spread = {"default": 0.18, "bounds": [0, 1], "max_change_per_hour": 0.1, "decimals": 3}
    table = ParameterTable.of({"x": spread}, "bot")
    steps = pairwise([0.18, 0.2, 0.22, 0.24, 0.26])
    moves = tuple(moved(n, "x", *step, minutes=5.0) for n, step in enumerate(steps, 1))
    assert sum(move.after - move.before for move in moves) + (0.28 - 0.26) > 0.1
    now = Situation(
        iteration=7, minute=35, baseline={"x": 0.26}, moves=moves, frozen=False, warmup=False
    )
    assert decide(table, LIMITS, now, {"x": 0.02}, enabled=True).applied == {"x": 0.02}
    assert decide(table, LIMITS, now, {"x": 0.021}, enabled=True).suppressed == {"x": VELOCITY}


@pytest.mark.parametrize(("after", "wanted"), [(10, COOLDOWN), (9, COOLDOWN), (8, None), (7, None)])
def test_what_moved_after_k_may_move_again_after_k_plus_two(
    after: int, wanted: Guard | None
) -> None:
    assert guard_of(ask({"a": 5}, moved(after, "a", 45, 50))) is wanted
    assert guard_of(ask({"a": 5}, moved(after, "b", 45, 50))) is None


def test_two_parameters_a_decision_the_largest_steps_by_their_tuner_range() -> None:
    found = ask({"a": 5, "b": -7, "c": 6, "free": 0.9})
    assert found.applied == {"b": -7.0, "free": 0.9}  # 7 %, 9 % of the range
    assert found.suppressed == {"a": MICRO_STEP, "c": MICRO_STEP}
    assert len(ask({"a": 5, "b": -7}).applied) == 2


def test_equal_steps_go_by_their_names_whatever_the_order() -> None:
    assert set(ask({"c": 5, "b": 5, "a": -5}).applied) == {"a", "b"}
    assert set(ask({"a": 5, "c": 5, "b": 5}).applied) == {"a", "b"}


def test_what_another_guard_stopped_takes_no_place_among_the_two() -> None:
    found = ask({"a": 5, "b": 6, "c": 7, "d": 40}, held=("c",))
    assert found.applied == {"a": 5.0, "b": 6.0}
    assert found.suppressed == {"c": OPERATOR, "d": VELOCITY}


def test_a_step_is_cut_at_the_bounds_and_one_that_is_nothing_is_stopped_by_them() -> None:
    near, at = {"a": 97.0}, {"a": 100.0}
    assert ask({"a": 5}, baseline=near).applied == {"a": 3.0}
    assert guard_of(ask({"a": 5}, baseline=at)) is BOUNDS
    assert guard_of(ask({"a": 0.04})) is BOUNDS  # rounds to nothing


@pytest.mark.parametrize(("value", "delta"), [(110.0, 5.0), (-9.0, -1.0), (50.0, float("nan"))])
def test_a_step_that_bounds_would_turn_round_or_that_is_no_number_is_stopped(
    value: float, delta: float
) -> None:
    assert guard_of(ask({"a": delta}, baseline={"a": value}, enabled=False)) is BOUNDS


def test_a_parameter_at_its_bounds_takes_no_place_among_the_two() -> None:
    found = ask({"a": 9, "b": 6, "c": 7}, baseline={"a": 100.0})
    assert found.applied == {"b": 6.0, "c": 7.0}
    assert found.suppressed == {"a": BOUNDS}


def test_the_guards_are_asked_in_their_order() -> None:
    # a: 30 up just now, back at once: an oscillation, too fast, and too soon
    back = {"a": -30.0}
    move = moved(10, "a", 20, 50)
    assert guard_of(ask(back, move, frozen=True, held=("a",))) is FREEZE
    assert guard_of(ask(back, move, held=("a",))) is OPERATOR
    assert guard_of(ask(back, move)) is OSCILLATION
    assert guard_of(ask({"a": -29.0}, move)) is VELOCITY
    assert guard_of(ask({"a": -29.0}, moved(9, "a", 20, 50))) is COOLDOWN
    assert list(Guard) == [
        "freeze",
        "operator",
        "final",
        "oscillation",
        "velocity",
        "cooldown",
        "bounds",
        "micro_step",
        "tuner_range",
    ]


def test_cooldown_is_asked_before_micro_step() -> None:
    move = moved(9, "a", 49, 50)
    found = ask({"a": 1, "b": 6, "c": 7, "d": 8}, move)
    assert found.suppressed == {"a": COOLDOWN, "b": MICRO_STEP}


def test_without_guards_only_bounds_an_operator_and_a_lock_stop_a_step() -> None:
    wild = {"a": -30.0, "b": 40.0, "c": 5.0, "d": 80.0}
    move = moved(10, "a", 80, 50)
    assert ask(wild, move, enabled=False).applied == {"a": -30, "b": 40, "c": 5, "d": 50}
    assert guard_of(ask(wild, enabled=False, held=("a",))) is OPERATOR
    assert guard_of(ask(wild, enabled=False, baseline={"a": 0.0})) is BOUNDS
    # only a panic locks without guards: its revert would not last an iteration otherwise
    assert guard_of(ask(wild, enabled=False, frozen=True)) is FREEZE


def test_moves_are_kept_as_long_as_a_guard_may_look_at_them() -> None:
    hourly = tuple(moved(n, "a", n, n + 1) for n in range(1, 11))
    assert [m.iteration for m in keep_recent(LIMITS, hourly, 10, 600)] == [7, 8, 9, 10]
    often = tuple(moved(n, "a", n, n + 1, 5.0) for n in range(1, 31))
    assert [m.iteration for m in keep_recent(LIMITS, often, 30, 150)] == list(range(19, 31))


def test_a_move_that_is_an_hour_old_is_out_of_the_window_whatever_the_floats_say() -> None:
    minutes = 1.2  # 51 * 1.2 is a little less than 61.2
    old = moved(1, "a", 25, 50, minutes)
    assert 51 * minutes - old.minute < 60
    assert guard_of(ask({"a": 10}, old, iteration=51, minutes=minutes)) is None
    assert guard_of(ask({"a": 10}, old, iteration=50, minutes=minutes)) is VELOCITY
    assert keep_recent(LIMITS, [old], 51, 51 * minutes) == ()

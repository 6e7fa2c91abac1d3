from __future__ import annotations

from collections import Counter

from builders import START, lane_of, plan
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.engine.events import (
    IterationFailed,
    IterationFinished,
    IterationStarted,
    LaneFinished,
    LaneStarted,
    Notice,
    Sampled,
)
from pytest_soak.report.progress_line import progress_line
from pytest_soak.run.progress import Progress
from pytest_soak.tuning.phases import Phase

RECORD = lane_of(of=plan(iterations=1)).run.run_iteration()


def began(lane: str, iteration: int) -> IterationStarted:
    return IterationStarted(lane=lane, time=START, iteration=iteration, phase=Phase.STEADY)


def ended(lane: str, *, replayed: bool = False) -> IterationFinished:
    return IterationFinished(lane=lane, time=START, record=RECORD, replayed=replayed)


def run(progress: Progress, lane: str, iterations: int, seconds: float, now: float = 0.0) -> float:
    """Let a lane run so many iterations from `now`; when they are over."""
    for iteration in range(1, iterations + 1):
        progress.handle(began(lane, iteration), now)
        now += seconds
        progress.handle(ended(lane), now)
    return now


def test_what_is_left_is_as_long_as_what_ran() -> None:
    progress = Progress({"a": 5}, 1, 0.0)
    assert progress.seconds_left(0.0) is None
    now = run(progress, "a", 2, 12.0)
    assert progress.seconds_left(now) == 36.0
    progress.handle(began("a", 3), now)
    assert progress.seconds_left(now + 5.0) == 31.0
    assert progress.seconds_left(now + 20.0) == 24.0
    assert progress.running(now + 5.0) == [("a", 3, 5.0, None)]


def test_a_target_that_is_started_is_told_of_until_its_first_iteration() -> None:
    made = lane_of(of=plan(iterations=1)).run.plan
    progress = Progress({"a": 5, "b": 2}, 2, 0.0)
    progress.handle(LaneStarted(lane="a", time=START, plan=made), 1.0)
    progress.handle(Notice(lane="a", time=START, text="by the way"), 2.0)
    assert progress.starting(15.0) == [("a", 14.0)]
    line = progress_line(progress, Counter(), 15.0, 80)
    assert line.endswith("0/7  starting for 14 s")
    progress.handle(began("a", 1), 16.0)
    assert progress.starting(17.0) == []
    progress.handle(LaneStarted(lane="b", time=START, plan=made), 18.0)
    progress.handle(IterationFailed(lane="b", time=START, iteration=1, cause="no"), 19.0)
    assert progress.starting(20.0) == []


def test_pauses_count_between_the_iterations_of_a_lane() -> None:
    progress = Progress({"a": 4, "b": 2}, 1, 3.0)
    now = run(progress, "a", 1, 10.0)
    assert progress.seconds_left(now) == 3 * (3.0 + 10.0) + 10.0 + 3.0 + 10.0


def test_lanes_that_run_at_once_end_together_and_others_follow() -> None:
    progress = Progress({"a": 2, "b": 2, "c": 2}, 2, 0.0)
    for lane in ("a", "b"):
        progress.handle(began(lane, 1), 0.0)
    for lane in ("a", "b"):
        progress.handle(ended(lane), 10.0)
    assert progress.seconds_left(10.0) == 10.0 + 20.0


def test_a_lane_that_ended_early_has_nothing_left_and_replays_are_no_measure() -> None:
    progress = Progress({"a": 5, "b": 1}, 1, 0.0)
    progress.handle(ended("a", replayed=True), 0.1)
    assert progress.seconds_left(0.1) is None
    assert progress.done == 1
    result = lane_of(of=plan(iterations=1))
    result.run.run_iteration()
    finished = next(event for event in result.events if isinstance(event, LaneFinished))
    now = run(progress, "b", 1, 7.0, 0.1)
    progress.handle(finished.model_copy(update={"lane": "a"}), now)
    assert progress.seconds_left(now) == 0.0


def test_a_sample_says_how_far_the_window_is() -> None:
    progress = Progress({"a": 1}, 1, 0.0)
    progress.handle(began("a", 1), 0.0)
    progress.handle(Sampled(lane="a", time=START, iteration=1, minutes=12.5, fills=3), 4.0)
    assert progress.running(5.0) == [("a", 1, 5.0, 12.5)]


@given(
    iterations=st.integers(2, 30),
    lanes=st.integers(1, 6),
    at_once=st.integers(1, 8),
    seconds=st.floats(0.1, 1e4),
    pause=st.floats(0.0, 1e3),
)
def test_it_is_what_a_schedule_takes(
    iterations: int, lanes: int, at_once: int, seconds: float, pause: float
) -> None:
    names = [f"lane{n}" for n in range(lanes)]
    progress = Progress(dict.fromkeys(names, iterations), at_once, pause)
    first = names[: min(at_once, lanes)]
    for name in first:
        progress.handle(began(name, 1), 0.0)
    for name in first:
        progress.handle(ended(name), seconds)
    whole = iterations * seconds + (iterations - 1) * pause
    rounds = -(-lanes // at_once)
    left = progress.seconds_left(seconds)
    assert left is not None
    assert abs(left - (rounds * whole - seconds)) <= 1e-9 * whole * rounds

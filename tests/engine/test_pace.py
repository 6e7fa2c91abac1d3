"""The rhythm of a lane, and clocks that jump."""

from __future__ import annotations

from typing import Any

import pytest
from builders import PACING, FakeClock, FakeTarget, lane_of, plan
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.engine.pace import ClockWatch, Pace
from pytest_soak.engine.record import Ending
from pytest_soak.testing import GOOD


def starts(clock: FakeClock, pause: float, window: float, durations: list[float]) -> list[float]:
    """When iterations that take `durations` start."""
    pace, found = Pace(clock, pause, window), []
    for duration in durations:
        pace.wait()
        pace.begin()
        found.append(clock.seconds)
        clock.seconds += duration
        pace.end()
    return found


def test_a_simulated_window_is_followed_by_the_whole_pause() -> None:
    assert starts(FakeClock(), 5, 3600, [2, 3, 1]) == [0, 7, 15]


def test_a_window_in_real_time_keeps_its_schedule_without_drift() -> None:
    clock = FakeClock(late=0.25)
    found = starts(clock, 5, 60, [60 + overhead for overhead in (1, 0.5, 4, 0, 2.5)])
    assert found == [0, 65.25, 130.25, 195.25, 260.25]


@given(
    st.lists(st.floats(0, 4), min_size=2, max_size=50),
    st.floats(0, 0.9),
    st.floats(5, 100),
)
def test_whatever_fits_into_the_pause_never_adds_up(
    overheads: list[float], late: float, window: float
) -> None:
    found = starts(FakeClock(late=late), 5, window, [window + x for x in overheads])
    for number, start in enumerate(found):
        assert start == pytest.approx(
            number * (window + 5) + (late if number else 0), abs=late + 1e-6
        )


def test_an_overrun_is_followed_at_once_and_not_made_up_later() -> None:
    assert starts(FakeClock(), 5, 60, [75, 60, 60]) == [0, 75, 140]


def test_without_a_pause_nothing_sleeps() -> None:
    clock = FakeClock()
    assert starts(clock, 0, 60, [60, 61, 2, 60]) == [0, 60, 121, 123]
    assert clock.slept == []


def test_a_lane_pauses_between_its_iterations_alone() -> None:
    clock = FakeClock()
    lane = lane_of(of=plan(iterations=3), clock=clock, pause=5)
    for _ in range(3):
        lane.run.pause()
        lane.run.run_iteration()
    lane.run.pause()
    assert clock.slept == [5, 5]


def test_an_iteration_that_nobody_waited_for_is_planned_for_when_it_began() -> None:
    clock = FakeClock()

    def window() -> Any:
        clock.seconds += 3600
        return GOOD

    lane = lane_of(target=FakeTarget(window() for _ in range(3)), clock=clock, pause=5)
    lane.run.run_iteration()
    lane.run.run_iteration()
    lane.run.pause()
    assert clock.slept == [5]


def test_a_lane_that_has_ended_does_not_pause() -> None:
    clock = FakeClock()
    lane = lane_of(of=plan(iterations=3), clock=clock, pause=5)
    lane.run.run_iteration()
    lane.run.end(Ending.TEST, "enough")
    lane.run.pause()
    assert clock.slept == []


def test_an_edit_during_the_pause_is_in_force_after_it() -> None:
    class Editor(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            lane.file.content = {**lane.file.content, "tail_age_ms": 700.0}

    lane = lane_of(clock=Editor(), pause=5)
    lane.run.run_iteration()
    lane.run.pause()
    assert lane.run.run_iteration().overrides["tail_age_ms"] == 700.0


@pytest.mark.parametrize(
    ("ahead", "why"),
    [
        (28_800.0, "the machine was suspended, or the wall clock set forward, for 28800.0 s"),
        (-3600.0, "the wall clock was set back by 3600.0 s"),
        (6.0, "the machine was suspended, or the wall clock set forward, for 6.0 s"),
    ],
)
def test_clocks_that_disagree_are_noted_in_their_iteration_alone(ahead: float, why: str) -> None:
    clock = FakeClock()

    def jump(iteration: int) -> Any:
        clock.seconds += 3600
        clock.wall_ahead += ahead if iteration == 2 else 0.0
        return GOOD

    target = FakeTarget(jump(number) for number in range(1, 5))
    lane = lane_of(of=plan(iterations=4), target=target, clock=clock)
    records = [lane.run.run_iteration() for _ in range(4)]
    assert [record.notes for record in records] == [(), (why,), (), ()]
    assert [record.seconds for record in records] == [3600] * 4


def test_a_suspension_during_the_pause_is_noted_in_the_iteration_after_it() -> None:
    class Suspended(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            self.wall_ahead += 100

    lane = lane_of(clock=Suspended(), pause=5)
    first = lane.run.run_iteration()
    lane.run.pause()
    assert first.notes == ()
    assert "for 100.0 s" in lane.run.run_iteration().notes[0]


@given(st.floats(0, 1e6), st.floats(-1, 1))
def test_a_clock_that_is_only_slewed_is_no_step(span: float, share: float) -> None:
    clock = FakeClock()
    watch = ClockWatch(clock, PACING.clocks)
    clock.seconds += span
    clock.wall_ahead += share * (0.99 * PACING.clocks.of(span) - 1e-3)
    assert watch.look() is None
    assert PACING.clocks.share > 500e-6  # what NTP may slew

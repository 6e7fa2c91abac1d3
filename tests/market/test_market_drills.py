"""Drills in the built-in market: what is brought about fires its criterion, and passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_soak import LaneInfo, Observation, Window
from pytest_soak.config.drills import Drill
from pytest_soak.config.parameters import reference_table
from pytest_soak.engine.watch import Vigil, Watched
from pytest_soak.gates.criteria import criteria_shelf, load_criteria
from pytest_soak.gates.sustained import Transition
from pytest_soak.kpi.usage import Usage
from pytest_soak.market.drills import BROUGHT_ABOUT, edges
from pytest_soak.targets.simulated import EPOCH_US, SimulatedTarget

MINUTE = 60_000_000
PARAMETERS = reference_table().defaults()


def hours(*drills: Drill, count: int = 2, resumed_at: int | None = None) -> list[Observation]:
    """What the maker does in so many hours, the process of which ends before one of them."""
    lane = LaneInfo("x", "default", "calm", 42, drills=drills)
    target, found = SimulatedTarget(lane), []
    target.start(lane)
    for number in range(1, count + 1):
        if number == resumed_at:
            kept, target = target.checkpoint(), SimulatedTarget(lane)
            target.start(lane)
            target.restore(kept)
        found.append(target.run(PARAMETERS, Window(number, 60.0 * (number - 1), 60.0)))
    return found


def watched(seen: list[Observation]) -> list[Transition]:
    """What the built-in criteria do."""
    criteria = load_criteria("stop", criteria_shelf(Path("/nowhere")), Path("/nowhere"), "test")
    state, found = Watched(), list[Transition]()
    for window in seen:
        vigil = Vigil(criteria, state, Usage())
        vigil.hear(window)
        state, _ = vigil.close()
        found += state.transitions
    return found


def test_the_healthy_maker_fires_nothing() -> None:
    assert watched(hours()) == []


@pytest.mark.parametrize(
    ("cause", "criterion", "lasts"),
    [("cache_off", "cache", 30), ("taker_burst", "taker", 60), ("stalls", "deadline", 10)],
)
def test_a_drill_fires_its_criterion_in_time(cause: str, criterion: str, lasts: int) -> None:
    seen = hours(Drill(cause, 20 * MINUTE, 120 * MINUTE))
    [fired] = [t for t in watched(seen) if t.kind == "stop"]
    assert fired.criterion == criterion
    assert fired.at - fired.since == lasts * MINUTE
    first = (fired.since - EPOCH_US) // MINUTE
    assert 20 < first <= 30, "the window is no longer than ten minutes, or its volume soon taken"


def test_what_a_drill_changes_is_as_before_once_it_is_over() -> None:
    [seen] = hours(Drill("cache_off", 10 * MINUTE, 20 * MINUTE), count=1)
    at = (seen.ticks["time_us"] - EPOCH_US) / MINUTE
    on = (at > 10.01) & (at < 20)
    assert not seen.ticks["cache_hit"][on].any()
    assert seen.ticks["cache_hit"][at < 10].mean() > 0.5
    assert seen.ticks["cache_hit"][at > 20.01].mean() > 0.5
    [twin] = hours(count=1)
    before = seen.ticks["time_us"] < EPOCH_US + 10 * MINUTE
    assert seen.ticks[before].tobytes() == twin.ticks[: before.sum()].tobytes()


def test_a_lane_that_is_resumed_within_a_drill_is_as_one_that_went_on() -> None:
    drill = Drill("taker_burst", 50 * MINUTE, 70 * MINUTE)
    whole, again = (hours(drill, resumed_at=at)[1] for at in (None, 2))
    assert whole.fills.tobytes() == again.fills.tobytes()
    assert whole.ticks.tobytes() == again.ticks.tobytes()


def test_the_target_says_which_causes_there_can_be() -> None:
    assert set(SimulatedTarget.drills) == set(BROUGHT_ABOUT)


def test_edges_are_where_something_begins_or_ends() -> None:
    drills = [Drill("cache_off", 5, 20), Drill("taker_burst", 10, 40)]
    assert edges(drills, 0, 30) == [0, 5, 10, 20, 30]
    assert edges(drills, 20, 30) == [20, 30]
    assert edges([], 0, 30) == [0, 30]

"""Drills in the built-in market: what is brought about fires its criterion, and passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from market_harness import callable_from_python

from pytest_soak import LaneInfo, Observation, Window
from pytest_soak.clock import SIMULATED_EPOCH_US
from pytest_soak.config.drills import Drill
from pytest_soak.config.parameters import reference_table
from pytest_soak.engine.watch import Vigil, Watched
from pytest_soak.gates.criteria import criteria_shelf, load_criteria
from pytest_soak.gates.sustained import Transition
from pytest_soak.kpi.usage import Usage
from pytest_soak.market.drills import BROUGHT_ABOUT, edges
from pytest_soak.market.kernel import maker, venue
from pytest_soak.market.kernel.state import NONE, empty_world
from pytest_soak.targets.simulated import SimulatedTarget

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
    first = (fired.since - SIMULATED_EPOCH_US) // MINUTE
    assert 20 < first <= 30, "the window is no longer than ten minutes, or its volume soon taken"


def test_an_outage_opens_the_breaker_until_the_venue_is_there_again() -> None:
    [seen] = hours(Drill("outage", 20 * MINUTE, 24 * MINUTE), count=1)
    opened, closed = ((seen.breaker["time_us"] - SIMULATED_EPOCH_US) / MINUTE).tolist()
    assert seen.breaker["open"].tolist() == [True, False]
    assert 20 < opened < 20.2
    assert 24 < closed < 24.2
    sent = (seen.acks["time_us"] - SIMULATED_EPOCH_US) / MINUTE
    assert 0 < ((sent > opened) & (sent < 24)).sum() < 240, "an attempt now and then"
    assert (sent > closed).sum() > 1000
    assert watched([seen]) == [], "four minutes are not five"


def test_an_outage_that_lasts_fires_within_a_minute_of_the_earliest_time() -> None:
    seen = hours(Drill("outage", 20 * MINUTE, 120 * MINUTE))
    assert [rows.breaker["open"].tolist() for rows in seen] == [[True], []]
    [fired] = [t for t in watched(seen) if t.kind == "stop"]
    assert fired.criterion == "breaker"
    assert fired.since - SIMULATED_EPOCH_US == 21 * MINUTE
    assert fired.at - SIMULATED_EPOCH_US == 26 * MINUTE


def test_a_breaker_that_was_open_closes_in_the_next_window() -> None:
    drill = Drill("outage", 58 * MINUTE, 62 * MINUTE)
    for resumed_at in (None, 2):
        first, second = hours(drill, resumed_at=resumed_at)
        assert first.breaker["open"].tolist() == [True]
        assert second.breaker["open"].tolist() == [False]


@pytest.mark.parametrize(
    ("request_kind", "answered"), [(venue.REPLACE, 8), (venue.CANCEL, 7)], ids=["replace", "cancel"]
)
@pytest.mark.parametrize(
    ("reason", "rests"), [(venue.UNAVAILABLE, True), (venue.UNKNOWN_ORDER, False)]
)
def test_an_order_rests_on_where_the_venue_was_not_there_to_end_it(
    request_kind: int, answered: int, reason: int, rests: bool
) -> None:
    world = empty_world()
    slot, row = world["maker"]["slots"][0], world["venue"]["reports"][0]
    slot["handle"] = slot["cancelling"] = 7
    slot["pending"] = 8 if request_kind == venue.REPLACE else NONE
    slot["in_flight"] = 1
    row["handle"], row["request"], row["kind"] = answered, request_kind, venue.REJECTED
    row["reason"] = reason
    callable_from_python(maker._on_answer)(world["maker"], 0, row)
    assert slot["handle"] == (7 if rests else NONE)
    assert (slot["pending"], slot["in_flight"]) == (NONE, 0)


def test_what_a_drill_changes_is_as_before_once_it_is_over() -> None:
    [seen] = hours(Drill("cache_off", 10 * MINUTE, 20 * MINUTE), count=1)
    at = (seen.ticks["time_us"] - SIMULATED_EPOCH_US) / MINUTE
    on = (at > 10.01) & (at < 20)
    assert not seen.ticks["cache_hit"][on].any()
    assert seen.ticks["cache_hit"][at < 10].mean() > 0.5
    assert seen.ticks["cache_hit"][at > 20.01].mean() > 0.5
    [twin] = hours(count=1)
    before = seen.ticks["time_us"] < SIMULATED_EPOCH_US + 10 * MINUTE
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

"""Whether a target asks for the market of its lane, and what a lane notes where it does not."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import FakeClock, MemoryFile, MemoryJournal, plan

from pytest_soak import Event, IterationFinished, Settings, soak
from pytest_soak.engine.run import LaneRun
from pytest_soak.targets.asked import Asked
from pytest_soak.targets.base import LaneInfo
from pytest_soak.testing import InstantTarget

SET = LaneInfo("bot-volatile-1", "bot", "volatile", 1, market_settings={"sigma": 0.02})
NOTE = "market volatile (sigma=0.02) does not apply: the target asks its LaneInfo for no market"


@pytest.mark.parametrize(
    ("ask", "asked"),
    [
        (lambda lane: lane.market, True),
        (lambda lane: lane.scenario.regime, True),
        (lambda lane: lane.market_settings["sigma"], True),
        (vars, True),
        (repr, True),
        (lambda lane: (lane.id, lane.seed, lane.profile, lane.minutes), False),
        (lambda lane: isinstance(lane, LaneInfo), False),
    ],
)
def test_a_lane_knows_whether_it_was_asked(ask: Callable[[Any], Any], asked: bool) -> None:
    watch = Asked()
    ask(watch.lane(SET))
    assert watch.market is asked
    assert len(watch.notes(SET)) == (not asked)


def test_what_is_not_set_need_not_be_asked_for() -> None:
    default = replace(SET, market="calm", market_settings={"sigma": 0.01}, scenario=None)
    assert Asked().notes(default) == ()
    assert len(Asked().notes(replace(default, market_settings={"sigma": 0.02}))) == 1


def test_to_its_target_it_is_a_lane_info_like_any_other() -> None:
    lane = Asked().lane(SET)
    assert lane == SET
    assert lane == Asked().lane(SET)
    assert lane != replace(SET, seed=2)
    assert repr(lane) == repr(SET)
    assert replace(lane, seed=2) == replace(SET, seed=2)
    assert copy.deepcopy(lane) == SET
    assert type(pickle.loads(pickle.dumps(lane))) is LaneInfo


class Deaf(InstantTarget):
    def start(self, lane: LaneInfo) -> None:
        pass


class Keeps(Deaf):
    """Keeps the LaneInfo that it was built with, and asks in its window."""

    def __init__(self, lane: LaneInfo) -> None:
        super().__init__(lane)
        self.lane = lane

    def run(self, overrides: Any, window: Any) -> Any:
        assert self.lane.market == "volatile"
        return super().run(overrides, window)


class Starts(Deaf):
    def start(self, lane: LaneInfo) -> None:
        assert lane.market_settings == SET.market_settings


@pytest.mark.parametrize(("kind", "times"), [(Deaf, 1), (Keeps, 0), (Starts, 0)])
def test_a_lane_notes_once_that_its_market_does_not_apply(kind: type[Deaf], times: int) -> None:
    asked, journal = Asked(), MemoryJournal()
    of = plan(iterations=3, lane=SET)
    parts = MemoryFile({}), FakeClock(), lambda event: None, journal
    run = LaneRun(of, kind(asked.lane(SET)), *parts, asked=asked)
    notes = [note for _ in range(3) for note in run.run_iteration().notes]
    assert [note.startswith(NOTE) for note in notes].count(True) == times


@pytest.mark.parametrize(("kind", "times"), [(Deaf, 1), (Keeps, 0)])
def test_a_soak_asks_of_what_the_target_was_built_with(
    kind: type[Deaf], times: int, tmp_path: Path
) -> None:
    noted: list[str] = []

    class Noting:
        def start(self, settings: Settings) -> None:
            pass

        def handle(self, event: Event) -> None:
            if isinstance(event, IterationFinished):
                noted.extend(event.record.notes)

        def close(self) -> None:
            pass

    soak(kind, iterations=1, market="volatile", dir=tmp_path, handlers=[Noting()])
    assert sum("does not apply" in note for note in noted) == times

"""Stop criteria of a whole soak: who asks for them, and what it says of them."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import fills, observation, usage_error

from pytest_soak import TICK, StopFired, Verdict, Window, soak
from pytest_soak.artifacts.models import IterSummary
from pytest_soak.artifacts.stored_run import read
from pytest_soak.engine.events import pack, unpack
from pytest_soak.engine.record import Ending
from pytest_soak.testing import InstantTarget

HOUR = 3_600_000_000
FIRED = HOUR + 11 * 60_000_000


class Late:
    """Misses each deadline from the second hour on; a tick each ten seconds."""

    def __init__(self, lane: Any) -> None:
        pass

    def start(self, lane: Any) -> None:
        pass

    def run(self, overrides: Any, window: Window) -> Any:
        ticks = np.zeros(360, TICK)
        ticks["time_us"] = np.arange(360) * 10_000_000
        ticks["deadline_miss"] = window.iteration > 1
        ticks["cache_hit"] = True
        rows = [(side, True, 100.0, 1.0, -0.1, 100.0, 100.0) for side in (1, -1)]
        start = (window.iteration - 1) * HOUR
        return observation(start_us=start, ticks=ticks, fills=fills(rows))

    def stop(self) -> None:
        pass


class Strict(Late):
    stop_criteria = "stop"


class Hearing:
    def __init__(self) -> None:
        self.fired: list[StopFired] = []

    def start(self, settings: Any) -> None:
        pass

    def handle(self, event: Any) -> None:
        if isinstance(event, StopFired):
            self.fired.append(event)

    def close(self) -> None:
        pass


def test_without_the_option_nothing_stops(tmp_path: Path) -> None:
    found = soak(Late, iterations=3, gate="smoke", gate_mode="off", folder=tmp_path)
    assert [lane.ending for lane in found.lanes] == [Ending.COMPLETED]


@pytest.mark.parametrize(("target", "asked"), [(Late, {"stop": "stop"}), (Strict, {})])
def test_a_stop_is_told_by_event_line_exit_status_and_artifacts(
    target: Any, asked: Any, tmp_path: Path
) -> None:
    hearing = Hearing()
    options: dict[str, Any] = {"iterations": 4, "gate_mode": "off", "gate": "smoke"}
    found = soak(target, handlers=[hearing], folder=tmp_path, **options, **asked)
    assert (found.verdict, found.exit_status) == (Verdict.FAIL, 1)
    lasted = "deadline_miss_ratio = 1, > 0.05 for 10 min at 1970-01-01T01:11:00Z (stop)"
    name = f"{target.__module__}:{target.__qualname__}"
    assert found.text == (
        f"FAIL for default on calm (2 of 4 iterations, {name}, gate off): "
        f"iteration 2: deadline: {lasted}"
    )
    assert [(e.iteration, e.fired.criterion) for e in hearing.fired] == [(2, "deadline")]
    assert unpack(pack(hearing.fired[0])) == hearing.fired[0]
    lane = json.loads((found.folder / "RESULT.json").read_text())["lanes"][0]
    assert (lane["ending"], lane["stopped"]["at"]) == ("stop", FIRED)
    summary = read(IterSummary, found.folder / "ITER_SUMMARY_2.json")
    assert summary.fired_at == FIRED
    assert [stop.criterion for stop in summary.stops] == ["deadline"]
    assert summary.summary.graded is False
    assert f"iteration 2: deadline: {lasted}" in unescape(
        (found.folder / "report.html").read_text()
    )


def test_off_is_stronger_than_what_the_target_says(tmp_path: Path) -> None:
    found = soak(Strict, iterations=2, stop="off", gate_mode="off", gate="smoke", folder=tmp_path)
    assert [lane.ending for lane in found.lanes] == [Ending.COMPLETED]


def test_criteria_that_are_not_there_are_a_usage_error(tmp_path: Path) -> None:
    told = usage_error(lambda: soak(Late, iterations=1, stop="stopp", folder=tmp_path))
    assert told.startswith("stop: unknown criteria 'stopp'; did you mean 'stop'?")


class Unknown(InstantTarget):
    stop_criteria = "mine"


class Odd(InstantTarget):
    stop_criteria = 3


@pytest.mark.parametrize(
    ("target", "problem"),
    [(Unknown, "stop_criteria: unknown criteria 'mine'"), (Odd, "expected a name, got 3")],
)
def test_a_target_that_says_nonsense_is_told_so(target: Any, problem: str, tmp_path: Path) -> None:
    assert problem in usage_error(lambda: soak(target, iterations=1, folder=tmp_path))


def test_a_lane_is_not_resumed_under_other_criteria(tmp_path: Path) -> None:
    soak(Late, iterations=1, stop="stop", gate="smoke", folder=tmp_path)
    told = usage_error(
        lambda: soak(Late, iterations=2, stop="off", gate="smoke", resume=True, folder=tmp_path)
    )
    assert "criteria" in told or "stop" in told

"""A soak by one call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import START, FakeClock, usage_error

import pytest_soak
from pytest_soak import (
    Event,
    IterationFinished,
    IterationStarted,
    LaneFinished,
    Settings,
    Verdict,
    soak,
)
from pytest_soak.run.resolve import Inputs, resolve_settings
from pytest_soak.testing import GOOD, InstantTarget


class Noting:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.calls: list[str] = []

    def start(self, settings: Settings) -> None:
        self.calls.append(f"start {settings.iterations}")

    def handle(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None:
        self.calls.append("close")


class Losing(InstantTarget):
    def run(self, overrides: Mapping[str, float], window: Any) -> dict[str, float | None]:
        return {**GOOD, "net_bps": -3.0, "net_quote": -1240.0}


class Broken(InstantTarget):
    def run(self, overrides: Mapping[str, float], window: Any) -> dict[str, float | None]:
        if window.iteration == 2:
            raise LookupError("no book")
        return dict(GOOD)


class Interrupting(InstantTarget):
    def run(self, overrides: Mapping[str, float], window: Any) -> dict[str, float | None]:
        if window.iteration == 3:
            raise KeyboardInterrupt
        return dict(GOOD)


def result_file(folder: Path) -> Any:
    return json.loads((folder / "artifacts/soak/latest/RESULT.json").read_text())


def test_a_good_bot_passes_and_leaves_what_a_session_leaves(tmp_path: Path) -> None:
    noting = Noting()
    found = soak(InstantTarget, iterations=6, seed=[1, 2], handlers=[noting], folder=tmp_path)
    assert (found.verdict, found.exit_status, found.problems) == (Verdict.PASS, 0, ())
    assert found.text == "PASS for 2 lanes (2 PASS, pytest_soak.testing:InstantTarget)"
    assert [lane.lane.seed for lane in found.lanes] == [1, 2]
    assert found.folder == tmp_path / "artifacts/soak/latest"
    for lane in ("default-calm-1", "default-calm-2"):
        assert (found.folder / lane / "ITER_SUMMARY_final.json").exists()
    assert (found.folder / "report.html").exists()
    assert result_file(tmp_path)["verdict"] == "PASS"
    assert noting.calls == ["start 6", "close"]
    kinds = [type(event) for event in noting.events]
    assert (kinds.count(IterationFinished), kinds.count(LaneFinished)) == (12, 2)
    assert {event.lane for event in noting.events} == {"default-calm-1", "default-calm-2"}


def test_a_bad_bot_fails(tmp_path: Path) -> None:
    found = soak(Losing, iterations=6, folder=tmp_path)
    assert (found.verdict, found.exit_status) == (Verdict.FAIL, 1)
    assert "net_bps = -3" in found.text


def test_what_the_bot_raises_is_a_fail(tmp_path: Path) -> None:
    found = soak(Broken, iterations=6, folder=tmp_path)
    assert (found.verdict, found.exit_status) == (Verdict.FAIL, 1)
    assert "iteration 2: the target's run raised LookupError: no book" in found.text
    assert found.lanes[0].iterations == 1


def test_ctrl_c_is_said(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        soak(Interrupting, iterations=6, folder=tmp_path)
    assert (result_file(tmp_path)["status"], result_file(tmp_path)["verdict"]) == (
        *("interrupted", None),
    )


def test_a_hard_gate_ends_the_lane(tmp_path: Path) -> None:
    found = soak(Losing, iterations=9, gate_mode="hard", folder=tmp_path)
    assert found.lanes[0].iterations < 9
    assert found.verdict is Verdict.FAIL


def test_a_handler_that_raises_fails_the_run_and_not_the_lane(tmp_path: Path) -> None:
    class Bad(Noting):
        def handle(self, event: Event) -> None:
            raise ValueError("no ledger")

    found = soak(InstantTarget, iterations=6, folder=tmp_path, handlers=[Bad()])
    assert found.lanes[0].verdict is Verdict.PASS
    assert (found.verdict, found.exit_status) == (Verdict.FAIL, 1)
    problem = "handler Bad: its handle raised ValueError: no ledger; it gets no more events"
    assert found.problems == (problem,)
    assert found.text.startswith(f"FAIL: {problem}; PASS for default on calm")


def test_users_kpis_are_measured_and_checked(tmp_path: Path) -> None:
    kpis = {"twice": lambda given, summary: 2 * given["net_bps"]}
    found = soak(InstantTarget, iterations=6, folder=tmp_path, extra_kpis=kpis)
    assert found.lanes[0].medians["twice"] == pytest.approx(6.2)
    bad: Any = {"net_bps": lambda given, summary: 1.0}
    message = usage_error(lambda: soak(InstantTarget, iterations=1, extra_kpis=bad))
    assert message == "extra_kpis: 'net_bps' is a KPI of the package; name yours otherwise"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"iteration": 3}, "iteration: unknown option 'iteration'; did you mean 'iterations'?"),
        ({"iterations": 0}, "iterations: expected a whole number from 1 to 1000000, got '0'"),
        ({}, "iterations: is missing; say how many, e.g. iterations=24"),
        ({"iterations": b"1"}, "iterations: expected text, a number, a path or a list of them"),
        ({"iterations": True}, "iterations: expected text, a number, a path or a list of them"),
        ({"iterations": 2, "seed": {1, 2}}, "seed: expected text, a number, a path or a list of"),
        ({"iterations": 2, "dir": b"x"}, "dir: expected text, a number, a path or a list of them"),
        ({"iterations": 2, "overrides_json": {"a": {1}}}, "overrides_json: expected numbers by"),
        ({"iterations": 2, "iteration_timeout": 3}, "iteration_timeout: only pytest can end an"),
        ({"iterations": 2, "handlers": None}, "handlers: expected a list of handlers, got None"),
        ({"iterations": 2, "handlers": Noting()}, "handlers: expected a list of handlers, got"),
        ({"iterations": 2, "handlers": [Noting]}, "handlers: Noting is a class; give an instance"),
        ({"iterations": 2, "handlers": [None]}, "handlers: None has no method start(); expected"),
        ({"iterations": 2, "clock": 3}, "clock: 3 has no method now()"),
        ({"iterations": 2, "extra_kpis": {1: len}}, "extra_kpis: expected functions by KPI name"),
        ({"iterations": 2, "profile": "stedy_safe"}, "profile: unknown profile 'stedy_safe'; did"),
        ({"iterations": 2, "set": {"tail_age": 7}}, "set: unknown parameter 'tail_age'; did you"),
        ({"iterations": 2, "minutes": -1}, "minutes: expected 0.01 to 1440 minutes, got -1"),
        ({"iterations": 2, "seed": [1, 1]}, "lanes: two lanes would be 'default-calm-1'; name"),
    ],
)
def test_wrong_options_leave_nothing_behind(
    options: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    message = usage_error(lambda: soak(InstantTarget, folder=tmp_path, **options))
    assert message.startswith(problem)
    assert list(tmp_path.iterdir()) == []


def settings(folder: Path) -> Settings:
    given = {"iterations": "2", "target": "pytest_soak.testing:InstantTarget"}
    return resolve_settings(Inputs(given, {}, {}, folder, folder, folder))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"iterations": -3}, "iterations: Input should be greater than or equal to 0, got -3"),
        ({"iterations": 0}, "iterations: expected 1 to 1000000, got 0"),
        ({"minutes": float("nan")}, "minutes: Input should be a finite number, got nan"),
        ({"seeds": ()}, "seeds: Tuple should have at least 1 item"),
        ({"seeds": (1, 1)}, "lanes: two lanes would be 'default-calm-1'"),
        ({"directory": Path("here")}, "directory: expected an absolute path, got 'here'"),
        ({"gates": {}}, "gates: expected one for the profile 'default'"),
        ({"tuner": "magic"}, "tuner: unknown tuner 'magic'"),
        ({"sleep": "soon"}, "sleep: Input should be a valid number"),
    ],
)
def test_settings_made_by_hand_are_checked(
    changes: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    wrong = settings(tmp_path).model_copy(update=changes)
    message = usage_error(lambda: soak(InstantTarget, settings=wrong))
    assert problem in message
    assert list(tmp_path.iterdir()) == []


def test_settings_made_well_are_taken(tmp_path: Path) -> None:
    found = soak("pytest_soak.testing:InstantTarget", settings=settings(tmp_path))
    assert found.lanes[0].iterations == 2
    message = usage_error(lambda: soak(settings={"iterations": 2}))  # type: ignore[arg-type]
    assert message == "settings: expected pytest_soak.Settings, got dict"
    message = usage_error(lambda: soak(settings=settings(tmp_path), iterations=3))
    assert message == "iterations: is in `settings`; give one of the two"


def test_a_folder_that_is_not_there_is_no_place_to_soak(tmp_path: Path) -> None:
    message = usage_error(lambda: soak(InstantTarget, iterations=1, folder=tmp_path / "typo"))
    assert message.startswith("folder: expected a folder that is there, ")
    wrong: Any = 3
    message = usage_error(lambda: soak(InstantTarget, iterations=1, folder=wrong))
    assert message == "folder: expected a path, got 3"


def test_numpy_numbers_are_numbers(tmp_path: Path) -> None:
    found = soak(
        InstantTarget,
        iterations=np.int64(1),
        overrides_json={"tail_age_ms": np.int64(700)},
        folder=tmp_path,
    )
    assert found.lanes[0].overrides["tail_age_ms"] == 700


def test_what_cannot_even_say_what_it_is_fails_the_lane(tmp_path: Path) -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError("no")

    class Bot(InstantTarget):
        def run(self, overrides: Mapping[str, float], window: Any) -> Any:
            raise MuteError

    found = soak(Bot, iterations=2, folder=tmp_path)
    assert found.verdict is Verdict.FAIL
    assert "the target's run raised MuteError (which cannot say what it is about)" in found.text


def test_async_handlers_are_refused(tmp_path: Path) -> None:
    class Waiting:
        start = close = print

        async def handle(self, event: Event) -> None:
            """Do nothing, once somebody waits for it."""

    handlers: Any = [Waiting()]
    message = usage_error(lambda: soak(InstantTarget, iterations=1, handlers=handlers))
    assert message == "handlers: handle() of Waiting is `async def`; write `def`"


def test_an_artifact_folder_in_use_is_told_by_the_name_of_the_argument(tmp_path: Path) -> None:
    class Nested(Noting):
        def handle(self, event: Event) -> None:
            if isinstance(event, IterationStarted):
                soak(InstantTarget, iterations=1, folder=tmp_path)

    found = soak(InstantTarget, iterations=1, folder=tmp_path, handlers=[Nested()])
    assert "its handle raised SoakUsageError: dir: " in found.problems[0]


def test_what_a_handler_does_to_its_events_is_seen_by_nobody_else(tmp_path: Path) -> None:
    class Spoiling(Noting):
        def handle(self, event: Event) -> None:
            if isinstance(event, IterationFinished):
                event.record.summary.kpis.clear()
                event.record.overrides.clear()
            if isinstance(event, LaneFinished):
                event.result.medians.clear()

    noting = Noting()
    found = soak(InstantTarget, iterations=2, folder=tmp_path, handlers=[Spoiling(), noting])
    records = [event.record for event in noting.events if isinstance(event, IterationFinished)]
    assert all(record.summary.kpis and record.overrides for record in records)
    assert found.lanes[0].medians["net_bps"] == 3.1


@pytest.mark.parametrize("kinds", [(), ("iteration_finished", "lane_finished")])
def test_a_handler_that_is_interrupted_again_and_again_keeps_no_result_back(
    kinds: tuple[str, ...], tmp_path: Path
) -> None:
    class Impatient(Noting):
        def handle(self, event: Event) -> None:
            if event.kind in kinds:
                raise KeyboardInterrupt

        def close(self) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        soak(InstantTarget, iterations=2, folder=tmp_path, handlers=[Impatient()])
    result = json.loads((tmp_path / "artifacts/soak/latest/RESULT.json").read_text())
    assert (result["status"], result["exit_status"]) == ("interrupted", 2)


def test_pauses_pass_on_the_clock_that_is_handed_in(tmp_path: Path) -> None:
    clock = FakeClock()
    noting = Noting()
    soak(InstantTarget, iterations=3, sleep=30, folder=tmp_path, handlers=[noting], clock=clock)
    assert clock.slept == [30.0, 30.0]
    starts = [event.time for event in noting.events if isinstance(event, IterationStarted)]
    assert [(time - START).total_seconds() for time in starts] == [0.0, 30.0, 60.0]


def test_neither_environment_nor_ini_is_asked(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("SOAK_PROFILE", "nothing")
    monkeypatch.setenv("KPI_GATE_MODE", "hard")
    (tmp_path / "pytest.ini").write_text("[pytest]\nsoak_profile = nothing\n")
    assert soak(InstantTarget, iterations=1, folder=tmp_path).lanes[0].gate_mode == "soft"


def test_every_public_name_is_there() -> None:
    for name in pytest_soak._HOMES:
        assert getattr(pytest_soak, name) is not None


def test_the_package_lists_what_it_offers() -> None:
    assert {"soak", "Observation", "FILL", "SoakUsageError", "__version__"} <= set(dir(pytest_soak))
    assert dir(pytest_soak) == sorted(pytest_soak.__all__)
    assert all(hasattr(pytest_soak, name) for name in pytest_soak.__all__)

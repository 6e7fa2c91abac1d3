"""The pytest session of a measured step: what it is told, and that signals reach it."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from harness import wait_for

from pytest_soak.ab.arms import Arm
from pytest_soak.config.documents import Document
from pytest_soak.errors import SoakUsageError
from pytest_soak.release.child import INTERRUPTED, run_pytest
from pytest_soak.release.plan import plan_of
from pytest_soak.release.session import Session, arguments

PLAN = plan_of(Document("release.yaml", {"candidate": "aggressive", "target": "mock"}))
ARM = Arm(name="B", overrides={"tail_age_ms": 700.0}, flags={"a.on": True, "a.share": 0.1})


def session(**other: Any) -> Session:
    given = Session(PLAN, ARM, (1, 2), 24, 60.0, "shadow", Path("out"), feeds=True)
    return given._replace(**other)


def test_a_session_is_told_all_that_the_plan_decides() -> None:
    given = arguments(session(stop="stop"), Path())
    for expected in (
        "--soak-iterations=24",
        "--soak-minutes=60",
        "--soak-target=mock",
        "--soak-market=calm",
        "--soak-seed=1,2",
        "--soak-profile=default",
        '--soak-overrides-json={"tail_age_ms": 700.0}',
        "--soak-flag=a.on=true",
        "--soak-flag=a.share=0.1",
        "--soak-gate=shadow",
        "--soak-gate-mode=hard",
        "--soak-stop=stop",
        "--soak-dir=out",
        "--soak-feeds",
    ):
        assert expected in given
    assert "--soak-resume" not in given
    assert "--soak-resume" in arguments(session(), Path(), resume=True)
    assert "--soak-feeds" not in arguments(session(feeds=False), Path())


def test_more_arguments_are_passed_on_but_none_that_the_plan_decides() -> None:
    more = ["-n2", "-v", "--soak-iteration-timeout=60", "tests"]
    assert arguments(session(), Path(), more)[-4:] == more
    for bad in ("--soak-seed=3", "--soak-gate", "--no-soak-feeds", "--soak-resume", "--soak-min=1"):
        with pytest.raises(SoakUsageError) as raised:
            arguments(session(), Path(), [bad])
        assert raised.value.source == f"-- {bad}"


def test_a_session_of_a_plan_measures_what_it_says(tmp_path: Path) -> None:
    arm = Arm(name="B", overrides={"tail_age_ms": 700.0}, flags={})
    given = session(arm=arm, iterations=2, minutes=1.0, gate="smoke", directory=tmp_path / "runs")
    with (tmp_path / "said").open("wb") as said:
        assert run_pytest(arguments(given._replace(feeds=False), tmp_path), tmp_path, said) == 0
    home = tmp_path / "runs/latest"
    assert {path.name for path in home.glob("*/")} >= {"default-calm-1", "default-calm-2"}
    assert '"tail_age_ms":700' in (home / "default-calm-1/ITER_SUMMARY_2.json").read_text().replace(
        " ", ""
    )


SLOW = """
import time
from pathlib import Path

def test_it():
    Path("begun").touch()
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_session_and_this_process_goes_on(
    tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "test_slow.py").write_text(SLOW)

    def interrupt() -> None:
        wait_for(tmp_path / "begun")
        os.kill(os.getpid(), number)

    threading.Thread(target=interrupt).start()
    before = signal.getsignal(number)
    with (tmp_path / "said").open("wb") as said:
        assert run_pytest(["-p", "no:soak", "test_slow.py"], tmp_path, said) == INTERRUPTED
    assert signal.getsignal(number) is before

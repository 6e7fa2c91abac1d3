"""`--soak-sleep`: a pause between the iterations of a lane, and nowhere else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from harness import HANGS, INSTANT, Workbench, wait_for

BOT = """
    from pytest_soak.testing import InstantTarget
    from conftest import log

    class Bot(InstantTarget):
        def run(self, overrides, window):
            log(f"{self.lane.id} {window.iteration}")
            assert window.iteration < 3
            return super().run(overrides, window)
"""
SLEEPLESS = """
    import os
    from pytest_soak.clock import SystemClock

    skipped = 0.0
    monotonic = SystemClock.monotonic

    def log(text):
        with open(os.environ.get("PYTEST_XDIST_WORKER", "main") + ".log", "a") as file:
            file.write(f"{text}\\n")

    def sleep(clock, seconds):
        global skipped
        skipped += seconds
        log(f"sleep {seconds:.0f}")

    SystemClock.sleep = sleep
    SystemClock.monotonic = lambda clock: monotonic(clock) + skipped
"""
SOAK = ("--soak-target=bot:Bot", "--soak-gate=smoke", "--soak-gate-mode=off")


@pytest.fixture
def work(bench: Workbench) -> Workbench:
    """A bot that cannot run its third window, and a clock that logs each pause and skips it."""
    bench.write("bot.py", BOT)
    bench.write("conftest.py", SLEEPLESS)
    return bench


def test_the_pause_is_between_iterations_and_not_before_skipped_ones(work: Workbench) -> None:
    done = work.soak(5, *SOAK, "--soak-sleep=600")
    assert "1 failed, 2 passed, 2 skipped" in done.stdout
    lane = "default-calm-42"
    expected = [f"{lane} 1", "sleep 600", f"{lane} 2", "sleep 600", f"{lane} 3"]
    assert (work.directory / "main.log").read_text().splitlines() == expected


def test_each_workers_lane_has_a_pace_of_its_own_and_no_pause_after_the_last(
    work: Workbench,
) -> None:
    seeds = ("--soak-seed=1,2", "-n", "2")
    done = work.soak(2, *SOAK, *seeds, SOAK_SLEEP_SECONDS="600")
    assert done.returncode == 0, done.everything
    logs = [(work.directory / f"gw{n}.log").read_text().splitlines() for n in (0, 1)]
    lanes = [f"default-calm-{seed}" for seed in (1, 2)]
    assert sorted(logs) == [[f"{lane} 1", "sleep 600", f"{lane} 2"] for lane in lanes]


def test_a_timeout_does_not_count_the_pause(bench: Workbench) -> None:
    bench.write("test_own.py", "def test_own(soak_iteration):\n    soak_iteration.run()\n")
    timeout = ("--soak-gate=smoke", "--soak-sleep=3.2", "--soak-iteration-timeout=3")
    done = bench.soak(2, INSTANT, *timeout)
    assert done.returncode == 0, done.everything


PAUSING = """
    from pathlib import Path
    from pytest_soak.clock import SystemClock

    sleep = SystemClock.sleep

    def pause(clock, seconds):
        Path("pausing").touch()
        sleep(clock, seconds)

    SystemClock.sleep = pause
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_ctrl_c_ends_the_pause_at_once(bench: Workbench, workers: tuple[str, ...]) -> None:
    bench.write("conftest.py", PAUSING)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pytest",
            "--soak-iterations=2",
            INSTANT,
            "--soak-sleep=6000",
            *workers,
        ],
        cwd=bench.directory,
        env=bench.environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    latest = bench.directory / "artifacts/soak/latest"
    wait_for(bench.directory / "pausing")
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=HANGS)  # the pause would last longer
    assert process.returncode == 2, output
    assert json.loads((latest / "RESULT.json").read_text())["status"] == "interrupted"
    assert [path.name for path in latest.glob("ITER_SUMMARY_*")] == ["ITER_SUMMARY_1.json"]


SUSPENDED = """
    from datetime import timedelta
    from pytest_soak.clock import SystemClock
    from pytest_soak.testing import InstantTarget

    now = SystemClock.now

    class Bot(InstantTarget):
        def run(self, overrides, window):
            if window.iteration == 2:
                SystemClock.now = lambda clock: now(clock) + timedelta(hours=8)
            return super().run(overrides, window)
"""


def test_a_suspended_machine_is_told_and_noted(bench: Workbench) -> None:
    bench.write("bot.py", SUSPENDED)
    done = bench.soak(3, *SOAK)
    notes = [done.artifact(f"ITER_SUMMARY_{n}.json")["notes"] for n in (1, 2, 3)]
    assert notes[0] == notes[2] == []
    assert "the machine was suspended, or the wall clock set forward, for 28800.0 s" in notes[1]
    assert any("NOTE | iter=2 the machine was suspended" in line for line in done.markers())


def test_both_options_are_shown_with_their_sources(bench: Workbench) -> None:
    bench.write("pytest.ini", "[pytest]\nsoak_iteration_timeout = 90\n")
    shown = bench.pytest("--soak-show-config", SOAK_SLEEP_SECONDS="2.5").lines
    rows = [line.split() for line in shown]
    assert ["sleep", "2.5", "env"] in rows
    assert ["iteration-timeout", "90", "ini"] in rows
    told = " ".join(bench.pytest("--help").stdout.split())
    assert "--soak-sleep=S pause between" in told
    assert "--soak-iteration-timeout=S" in told

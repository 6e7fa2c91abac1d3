"""`pytest-soak check` of bots that fail at their end, hang, or take their process with them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from harness import HANGS, Workbench, wait_for

from pytest_soak.commands import check_process

BOTS = """
    import asyncio, os, time
    from pathlib import Path

    class Bot:
        kpis = ("net_bps",)
        parameters = {"h": {"default": 2.0, "bounds": [0.5, 10]}}

        def __init__(self, lane):
            pass

        def start(self, lane):
            pass

        def run(self, overrides, window):
            return {"net_bps": 2.0}

        def stop(self):
            Path("stopped").touch()

    class FailsToStop(Bot):
        def stop(self):
            raise OSError("cannot cancel orders")

    class Exits(Bot):
        def run(self, overrides, window):
            os._exit(0)

    class Hangs(Bot):
        async def run(self, overrides, window):
            Path("runs").touch()
            await asyncio.sleep(600)
"""
GATE = 'name: own\nthresholds: [{metric: net_bps, fail_unless: ">= 1"}]\n'


@pytest.fixture
def desk(bench: Workbench) -> Workbench:
    """Bots, and a gate that pytest's settings name."""
    bench.write("bots.py", BOTS)
    bench.write("gates/own.yaml", GATE)
    bench.write("pytest.ini", "[pytest]\nsoak_gate = own\n")
    return bench


def test_the_gate_is_that_of_a_session_here(desk: Workbench) -> None:
    done = desk.command("check", "bots:Bot")
    assert done.returncode == 0, done.everything
    assert done.last_line == "OK: bots:Bot gives all that gate own asks for"
    other = desk.command("check", "bots:Bot", SOAK_GATE="soak")
    assert other.returncode == 4
    told = other.stderr.strip()
    assert told.startswith("ERROR: gate soak: bots:Bot does not give risk_ratio, ")
    assert told.endswith("; give a gate without by --gate=FILE.yaml")


@pytest.mark.parametrize(
    ("bot", "told"),
    [
        ("FailsToStop", "FAIL: the target's stop raised OSError: cannot cancel orders"),
        ("Exits", "FAIL: bots:Exits ended its process with status 0, before it was measured"),
    ],
)
def test_what_fails_at_the_end_fails(desk: Workbench, bot: str, told: str) -> None:
    done = desk.command("check", f"bots:{bot}", "--seconds=1")
    assert (done.returncode, done.last_line) == (1, told)


class Hanging:
    """A child that ends when it gets what is in `ends_by`."""

    ends_by = ""

    def __init__(self, command: list[str]) -> None:
        self.got: list[str] = []

    def wait(self, seconds: float | None = None) -> int:
        if self.ends_by not in self.got:
            assert seconds is not None
            raise subprocess.TimeoutExpired("check", seconds)
        return 2

    def send_signal(self, number: int) -> None:
        self.got.append(signal.Signals(number).name)

    def kill(self) -> None:
        self.got.append("kill")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize(
    ("ends_by", "told"),
    [
        ("SIGINT", "it was interrupted, and stopped"),
        ("kill", "its process was killed: whether it is stopped is not known"),
    ],
)
def test_a_bot_that_hangs_is_ended_and_told(
    monkeypatch: pytest.MonkeyPatch, ends_by: str, told: str
) -> None:
    monkeypatch.setattr(Hanging, "ends_by", ends_by)
    monkeypatch.setattr(subprocess, "Popen", Hanging)
    said: list[str] = []
    assert check_process.check_beside("bot:Bot", None, 10, 60, said.append) == 1
    assert said == [f"FAIL: bot:Bot did not end within 60 s of its window; {told}"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_stops_the_bot_and_is_told(desk: Workbench, name: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest_soak", "check", "bots:Hangs"],
        cwd=desk.directory,
        env=desk.environment({}),
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_for(desk.directory / "runs")
    os.kill(process.pid, getattr(signal, name))
    output, _ = process.communicate(timeout=HANGS)
    assert process.returncode == 2
    assert output.startswith("interrupted: run waited at bots.py:")
    assert (desk.directory / "stopped").exists()

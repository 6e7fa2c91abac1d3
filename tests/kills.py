"""Killing real soak sessions at moments drawn at random, and resuming them."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crashes import contents
from harness import HANGS, Workbench

BOT = """
import time
from pytest_soak.testing import GOOD, InstantTarget

class Bot(InstantTarget):
    '''What it measures depends on all that it did before.'''
    place = 1.0

    def run(self, overrides, window):
        time.sleep({sleep})
        self.place = (self.place * 1.7 + overrides["min_interval_ms"] / 100) % 3
        return {{**GOOD, "net_bps": 1.5 + self.place}}

    def checkpoint(self):
        return repr(self.place).encode()

    def restore(self, data):
        self.place = float(data)
"""
_TUNED = ("--soak-auto-tune", "--soak-warmup", "--soak-gate=smoke")
_BOT = ("--soak-target=bot:Bot", *_TUNED)


@dataclass(frozen=True)
class Case:
    """What is soaked and who is killed: the `session`, or with pytest-xdist one `worker`."""

    name: str
    arguments: tuple[str, ...]
    who: str = "session"
    sleep: float = 0.03


CASES = (
    Case("bot", ("--soak-iterations=20", *_BOT)),
    Case("mock", ("--soak-iterations=100", "--soak-target=mock", *_TUNED)),
    Case("sim", ("--soak-iterations=12", "--soak-minutes=10", "--soak-feeds", *_TUNED)),
    Case("controller", ("--soak-iterations=12", "--soak-seed=1..3", "-n2", *_BOT)),
    Case("worker", ("--soak-iterations=12", "--soak-seed=1..3", "-n2", *_BOT), "worker"),
)


@dataclass
class Killer:
    """Runs one case, undisturbed and killed, in folders of its own."""

    case: Case
    bench: Workbench
    draws: random.Random

    def __post_init__(self) -> None:
        began = time.monotonic()
        self.wanted = self._finish(self._desk("undisturbed"), resume=False)
        self.seconds = time.monotonic() - began
        self.kills = 0
        self.hits = 0

    def trial(self, name: str, kills: int) -> bool:
        """Whether a run that was killed so often ends as the undisturbed one did."""
        desk = self._desk(name)
        for n in range(kills):
            before = journals(desk)
            self._run_and_kill(desk, resume=n > 0)
            self.kills += 1
            self.hits += journals(desk) != before
        return self._finish(desk, resume=True) == self.wanted

    def _desk(self, name: str) -> Workbench:
        desk = self.bench.beside(name)
        desk.write("bot.py", BOT.format(sleep=self.case.sleep))
        return desk

    def _finish(self, desk: Workbench, *, resume: bool) -> tuple[int, dict[str, Any]]:
        done = desk.pytest(*self.case.arguments, *_resume(resume))
        assert "INTERNALERROR" not in done.everything, done.everything
        return done.returncode, contents(desk.directory / "artifacts/soak")

    def _run_and_kill(self, desk: Workbench, *, resume: bool) -> None:
        process = desk.start("pytest", *self.case.arguments, *_resume(resume))
        time.sleep(self.draws.uniform(0.3, 1.0) * self.seconds)
        victims = children(process.pid) if self.case.who == "worker" else [process.pid]
        if victims:
            with suppress(ProcessLookupError):  # it has ended
                os.kill(self.draws.choice(victims), signal.SIGKILL)
        process.wait(HANGS)


def _resume(resume: bool) -> tuple[str, ...]:
    return ("--soak-resume",) if resume else ()


def journals(desk: Workbench) -> list[int]:
    """The sizes of the journals of a desk."""
    latest = desk.directory / "artifacts/soak/latest"
    return [path.stat().st_size for path in sorted(latest.rglob("journal"))]


def children(pid: int) -> list[int]:
    """The processes that a process has started (Linux)."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in text.split()]

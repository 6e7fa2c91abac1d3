"""Soaks of a bot with daemons in which somebody is killed by `kill -9`, and which are resumed.

    python -m benchmarks.killed_soaks --rounds 100 --jobs 4

Each round soaks two lanes of three short windows, and kills pytest, the bot, the supervisor, with
pytest-xdist (`-n 1`) the worker or its controller, at a random moment. Then it looks for orphans,
which are processes in the round's folder a minute after the session is over, resumes the session,
looks again, and compares: the `summary` of each window that was complete when somebody was killed
must be, byte for byte, what it was. A window is complete when its ITER_SUMMARY is there. The
resumed session must be neither refused nor broken, and have all windows of what it may go on
with: all lanes but those that the loss of their bot ended. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

import pytest_soak
from benchmarks.trading_bot import PROGRAM

VICTIMS = ("pytest", "bot", "supervisor", "worker", "controller")
WITH_XDIST = ("worker", "controller")
LANES, WINDOWS = 2, 3
GIVEN_UP, HANGS = 60.0, 300.0
START_SECONDS, LATEST = 4.0, 1.5
"""Somebody is killed so much later, at most: than the start, or than some window."""
COMMAND = (
    f"--soak-iterations={WINDOWS}",
    "--soak-minutes=0.01",
    "--soak-seed=1,2",
    "--soak-gate=some.yaml",
    "--soak-settle=0.3",
)
GATE = "name: some\nthresholds:\n  - {metric: restarts, fail_unless: '<= 9'}\n"
CONFTEST = """
import sys
import pytest
from pytest_soak import ProcessTarget

@pytest.fixture(scope="session")
def soak_target():
    return ProcessTarget([sys.executable, "-I", "-S", "bot.py"], stop_seconds=0.3)
"""


class Round:
    """One soak in a folder of its own; `faults` are what went wrong."""

    def __init__(self, folder: Path, victim: str, draws: random.Random) -> None:
        self._folder = folder
        self._victim = victim
        self._draws = draws
        self.orphans = 0
        self.compared = 0
        self.hit = False
        self.faults: list[str] = []

    def run(self) -> None:
        """Soak, kill, look, resume, look, compare."""
        for name, text in (("conftest.py", CONFTEST), ("some.yaml", GATE), ("bot.py", PROGRAM)):
            (self._folder / name).write_text(text, encoding="utf-8")
        before = self._killed()
        self._look_for_orphans()
        status, output = self._finished(self._start("--soak-resume"))
        self._look_for_orphans()
        after = summaries(self._folder)
        if status not in (0, 1) or "INTERNALERROR" in output:
            self.faults.append(f"the resumed session ended with {status}:\n{output}")
        wanted = LANES * WINDOWS
        if self._victim not in ("bot", "supervisor") and (status, len(after)) != (0, wanted):
            self.faults.append(f"{len(after)} windows of {wanted}, status {status}:\n{output}")
        for name, summary in before.items():
            self.compared += 1
            if after.get(name) != summary:
                self.faults.append(f"{name} is another: {summary!r}, {after.get(name)!r}")

    def _killed(self) -> dict[str, bytes]:
        """The windows that were complete when somebody was killed."""
        process = self._start()
        complete = self._draws.randrange(LANES * WINDOWS)
        while len(summaries(self._folder)) < complete and process.poll() is None:
            time.sleep(0.02)
        time.sleep((LATEST if complete else START_SECONDS) * self._draws.random())
        while (victim := self._find(process)) is None and process.poll() is None:
            time.sleep(0.005)
        before = summaries(self._folder)
        if victim is not None:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
                self.hit = True
        self._finished(process)
        return before

    def _find(self, session: subprocess.Popen[str]) -> psutil.Process | None:
        """Whom to kill; None while there is none."""
        with suppress(psutil.Error, OSError, ValueError, IndexError):
            found = self._process(session.pid)
            return found if found.cwd() == str(self._folder) else None
        return None

    def _process(self, session: int) -> psutil.Process:
        if self._victim in ("pytest", "controller"):
            return psutil.Process(session)
        if self._victim == "worker":
            return self._draws.choice(psutil.Process(session).children())
        bot = psutil.Process(int((self._folder / "bot.pid").read_text()))
        return bot if self._victim == "bot" else psutil.Process(bot.ppid())

    def _start(self, *more: str) -> subprocess.Popen[str]:
        xdist = ("-n", "1") if self._victim in WITH_XDIST else ()
        home = Path(pytest_soak.__file__).parent.parent
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *COMMAND, *xdist, *more],
            cwd=self._folder,
            env=os.environ | {"PYTHONPATH": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=(self._folder / "output").open("w"),
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _finished(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        try:
            status = process.wait(HANGS)
        except subprocess.TimeoutExpired:
            self.faults.append("a session hangs")
            os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
        return status, (self._folder / "output").read_text(encoding="utf-8")

    def _look_for_orphans(self) -> None:
        deadline = time.monotonic() + GIVEN_UP
        while (found := list(_running_in(self._folder))) and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        self.orphans += len(found)


def _running_in(folder: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def summaries(folder: Path) -> dict[str, bytes]:
    """By lane and file: the bytes of `summary` in each ITER_SUMMARY of a window."""
    found = {}
    for path in sorted((folder / "artifacts/soak/latest").glob("*/ITER_SUMMARY_[0-9]*.json")):
        text = path.read_text(encoding="utf-8")
        start = text.index('"summary": ') + len('"summary": ')
        _, end = json.JSONDecoder().raw_decode(text, start)
        found[f"{path.parent.name}/{path.name}"] = text[start:end].encode()
    return found


def round_of(victim: str, seed: int) -> Round:
    """A round that is over."""
    with TemporaryDirectory() as name:
        one = Round(Path(name).resolve(), victim, random.Random(seed))
        one.run()
    for fault in one.faults:
        print(f"seed {seed}, kill -9 of {victim}: {fault}", flush=True)
    return one


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--jobs", type=int, default=1, help="rounds at once")
    parser.add_argument("--victims", nargs="+", choices=VICTIMS, default=VICTIMS)
    given = parser.parse_args()
    victims = [given.victims[n % len(given.victims)] for n in range(given.rounds)]
    seeds = range(given.seed, given.seed + given.rounds)
    with ThreadPoolExecutor(given.jobs) as pool:
        done = list(pool.map(round_of, victims, seeds))
    total: Counter[str] = Counter()
    for victim in given.victims:
        rounds = [one for who, one in zip(victims, done, strict=True) if who == victim]
        told = {
            "rounds": len(rounds),
            "killed": sum(one.hit for one in rounds),
            "orphans": sum(one.orphans for one in rounds),
            "windows compared": sum(one.compared for one in rounds),
            "faults": sum(len(one.faults) for one in rounds),
        }
        total.update(told)
        print(f"kill -9 of {victim}: {_listed(told)}")
    print(_listed(total))
    return 1 if total["orphans"] or total["faults"] else 0


def _listed(told: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in told.items())


if __name__ == "__main__":
    sys.exit(main())

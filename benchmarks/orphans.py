"""Bots that fork daemons, and what is left of them when somebody is killed by `kill -9`.

    python -m benchmarks.orphans --rounds 100

Each round runs a bot with two daemons (of sessions of their own, deaf to SIGTERM) under a session
that is a process of its own, and kills that session, the bot, the supervisor, or the bot and then
the session, at a random moment; also while it starts. An orphan is a process of the bot that runs
a minute after the session was killed, or that makes a session wait. Linux only. What whole soaks
make of it, also with pytest-xdist, and whether they go on as they began: `benchmarks.killed_soaks`.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psutil

from benchmarks.trading_bot import DAEMON
from pytest_soak.errors import TargetError
from pytest_soak.process.messages import Awaited, Order
from pytest_soak.process.supervised import MARK, Supervised, marked

VICTIMS = ("session", "bot", "supervisor", "bot, then session")
LATEST, GIVEN_UP = 0.6, 60.0
BOT = f"""{DAEMON}open('bot.pid', 'w').write(str(os.getpid()))
daemon()
time.sleep(0.1)
daemon()
time.sleep(3600)
"""


def session(folder: Path, mark: str) -> None:
    """What a session does: start the bot, and hear of it until it is gone."""
    bot = Supervised(
        Order(
            command=[sys.executable, "-I", "-S", "-c", BOT],
            cwd=str(folder),
            env={**os.environ, MARK: mark},
            log=str(folder / "bot.log"),
            ready=Awaited("file", str(folder / "bot.pid")),
            ready_seconds=60,
            stop_seconds=0.2,
            error_pattern=None,
            max_restarts=0,
            parent=os.getpid(),
        )
    )
    (folder / "supervisor.pid").write_text(str(bot.pid))
    with suppress(TargetError):
        while not any(news.event == "exited" for news in bot.hear(1)):
            pass
    bot.let_go()


def round_of(victim: str, seed: int) -> int:
    """How many orphans a round leaves."""
    draws, mark = random.Random(seed), uuid4().hex
    with TemporaryDirectory() as name:
        folder = Path(name)
        program = "import sys; from pathlib import Path; from benchmarks.orphans import session; "
        command = [sys.executable, "-c", f"{program}session(Path(sys.argv[1]), sys.argv[2])"]
        process = subprocess.Popen([*command, name, mark])
        if victim != "session":
            _wait(folder / "bot.pid")
            _wait(folder / "supervisor.pid")
        else:
            time.sleep(0.4 * draws.random())
        time.sleep(LATEST * draws.random())
        for who in victim.split(", then "):
            _kill(process, folder, who)
            time.sleep(0.1 * draws.random())
        with suppress(subprocess.TimeoutExpired):
            process.wait(GIVEN_UP)
        process.kill()
        process.wait()
        return _left(mark)


def _wait(path: Path) -> None:
    while not path.exists() or not path.read_text():
        time.sleep(0.005)


def _kill(process: subprocess.Popen[bytes], folder: Path, who: str) -> None:
    if who == "session":
        process.kill()
    else:
        with suppress(psutil.NoSuchProcess):
            psutil.Process(int((folder / f"{who}.pid").read_text())).kill()


def _left(mark: str) -> int:
    deadline = time.monotonic() + GIVEN_UP
    while (found := list(marked(mark))) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in found:
        process.kill()
    return len(found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=42)
    given = parser.parse_args()
    rounds: Counter[str] = Counter()
    orphans: Counter[str] = Counter()
    for number in range(given.rounds):
        victim = VICTIMS[number % len(VICTIMS)]
        rounds[victim] += 1
        orphans[victim] += round_of(victim, given.seed + number)
    for victim in VICTIMS:
        print(f"kill -9 of {victim}: {orphans[victim]} orphans in {rounds[victim]} rounds")
    print(f"{sum(orphans.values())} orphans in {given.rounds} rounds")


if __name__ == "__main__":
    main()

"""One client in jail on the exchange of this machine, for a while."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clients.environments import version_of
from benchmarks.clients.recipes import Recipe
from pytest_soak.config.scenarios import load_scenario, scenario_shelf
from pytest_soak.exchange.beside import Beside
from pytest_soak.exchange.chosen import BYBIT, load_exchange
from pytest_soak.exchange.judged import Judged
from pytest_soak.exchange.watch import RECORD

STARTS_SECONDS, ENDS_SECONDS, LOOK_SECONDS = 90.0, 30.0, 1.0
"""What a client may take to begin and to end, and how often it is looked at."""
MARKET = "calm"


@dataclass(frozen=True)
class Ran:
    """What a run came to.

    Attributes:
        recipe: Of which client.
        version: Of it.
        judged: What the exchange found.
        status: How the bot ended.
        folder: Where all of it is.
    """

    recipe: Recipe
    version: str
    judged: Judged
    status: int
    folder: Path


@dataclass(frozen=True)
class Asked:
    """How to run it: for how long from its first order, with which faults, seed and variables."""

    seconds: float = 60.0
    faults: Path | str = "calm"
    seed: int = 42
    own: tuple[tuple[str, str], ...] = ()


def run(recipe: Recipe, place: Path, folder: Path, asked: Asked) -> Ran:
    """Run a client of the environment `place`."""
    for name in ("user", "feeds"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    choice = load_exchange(
        (BYBIT, "client"), (str(asked.faults), "--faults"), [recipe.belief], folder, folder
    )
    scenario = load_scenario(MARKET, scenario_shelf(folder), folder, "client")
    log = folder / "bot.log"
    beside = Beside(choice, (scenario, {}), asked.seed, folder, folder / "feeds", log)
    try:
        admitted = beside.admit(_command(recipe, place), _env(recipe, place, folder, asked), folder)
        env = admitted.env | {name: admitted.env[told] for name, told in recipe.env}
        start = time.time_ns() // 1000
        with log.open("wb") as output:
            bot = subprocess.Popen(
                admitted.command,
                env=env,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            _wait(bot, beside.look, folder / "exchange", asked.seconds, recipe.exits)
        beside.look()
        judged = beside.judge(1, (start, time.time_ns() // 1000))
    finally:
        beside.close()
    return Ran(
        recipe=recipe,
        version=version_of(place, recipe.package, recipe.modules),
        judged=judged,
        status=bot.returncode,
        folder=folder,
    )


def _command(recipe: Recipe, place: Path) -> list[str]:
    return [str(place / "bin" / recipe.command[0]), *recipe.command[1:]]


def _env(recipe: Recipe, place: Path, folder: Path, asked: Asked) -> dict[str, str]:
    """The variables of a client: of this session none of Python's, and its own."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    env |= {
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{place / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}",
        "HOME": str(folder),
        "SOAK_SECONDS": f"{asked.seconds:g}",
        "SOAK_BELIEFS": str(folder / recipe.belief.rpartition(":")[2]),
        **dict(asked.own),
    }
    return env | ({"PYTHONPATH": str(place / recipe.modules)} if recipe.modules else {})


def _wait(
    bot: subprocess.Popen[bytes],
    look: Callable[[], None],
    home: Path,
    seconds: float,
    exits: bool,
) -> None:
    """Until its time is over, or it has ended."""
    deadline, began = time.monotonic() + STARTS_SECONDS, False
    while bot.poll() is None and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        look()
        if not began and b'"OrderState"' in _record(home).read_bytes():
            began = True
            deadline = time.monotonic() + seconds + (ENDS_SECONDS if exits else 0.0)
    if bot.poll() is None:
        bot.send_signal(signal.SIGINT)
    try:
        bot.wait(ENDS_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(bot.pid, signal.SIGKILL)
        bot.wait()
    time.sleep(2 * LOOK_SECONDS)


def _record(home: Path) -> Path:
    """What the exchange writes down; of its one start."""
    return next(home.glob(f"*/{RECORD}"))


def last_lines(path: Path, count: int) -> Sequence[str]:
    """The end of a log."""
    return path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]

"""One client in jail on the exchange of this machine, for a while."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clients.environments import version_of
from benchmarks.clients.recipes import Recipe
from benchmarks.clients.serve import RECORD
from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.beliefs.source import Source, open_source
from pytest_soak.exchange.faults.schedule import fault_shelf, load_schedule
from pytest_soak.exchange.invariants.measure import measure
from pytest_soak.exchange.invariants.result import Result
from pytest_soak.exchange.invariants.seen import Seen
from pytest_soak.exchange.jail.isolation import Isolation
from pytest_soak.exchange.jail.jail import Jail, Venue, open_jail
from pytest_soak.exchange.jail.outside import Outside
from pytest_soak.exchange.record import Event, read

KEY, SECRET = "soak-key", "soak-secret-of-this-machine"
STARTS_SECONDS, ENDS_SECONDS, SETTLES_SECONDS = 90.0, 30.0, 3.0
"""What a client may take to begin, to end, and what is watched behind its end."""
_HOME = str(Path(__file__).parents[2])


@dataclass(frozen=True)
class Ran:
    """What a run came to."""

    recipe: Recipe
    version: str
    isolation: Isolation
    outside: Outside
    events: list[Event]
    invariants: dict[str, Result]
    beliefs: list[Belief]
    status: int | None
    folder: Path


def run(recipe: Recipe, place: Path, folder: Path, seconds: float, faults: str, seed: int) -> Ran:
    """Run a client of the environment `place` for so long from its first signed request."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_jail(folder / "jail") as jail, exchange(jail, folder, faults, seed) as venue:
        env = _environment(recipe, place, folder, seconds, venue)
        program = place / "bin" / recipe.command[0]
        command = [str(program), *recipe.command[1:]]
        admitted = jail.admit(command, env, folder, venue)
        belief = recipe.beliefs if recipe.exits else f"freqtrade:{recipe.beliefs}"
        source = open_source(
            belief if ":" in belief else f"file:{belief}", folder, folder, "beliefs"
        )
        with (folder / "bot.log").open("wb") as log:
            bot = subprocess.Popen(
                admitted.command,
                env=admitted.env,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            beliefs = _watch(bot, folder, source, seconds, recipe.exits)
        outside = jail.outside()
    events = [read(json.loads(line)) for line in (folder / RECORD).read_text().splitlines()]
    seen = Seen()
    seen.add(events)
    last = max((event.time_us for event in events), default=0) + 1
    schedule = load_schedule(faults, fault_shelf(folder), folder, "--faults")
    found = measure(seen, beliefs, (0, last), schedule.tolerances)
    version = version_of(place, recipe.package, recipe.modules)
    status = bot.returncode
    return Ran(recipe, version, admitted.isolation, outside, events, found, beliefs, status, folder)


def _environment(
    recipe: Recipe, place: Path, folder: Path, seconds: float, venue: Venue
) -> dict[str, str]:
    """The variables of a client: of this session none of Python's, and its own."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    env |= {
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{place / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}",
        "HOME": str(folder),
        "SOAK_SECONDS": f"{seconds:g}",
        "SOAK_BELIEFS": str(folder / recipe.beliefs),
    }
    if recipe.modules:
        env["PYTHONPATH"] = str(place / recipe.modules)
    (folder / "user").mkdir(exist_ok=True)
    own = {name: text.format(key=venue.key, secret=venue.secret) for name, text in recipe.env}
    return env | own


@contextmanager
def exchange(jail: Jail, folder: Path, faults: str, seed: int) -> Iterator[Venue]:
    """An exchange in the jail."""
    order = {
        "folder": str(folder),
        "tls_port": jail.tls_port,
        "key": KEY,
        "secret": SECRET,
        "seed": seed,
        "faults": faults,
    }
    command = [sys.executable, "-m", "benchmarks.clients.serve", json.dumps(order)]
    with (folder / "exchange.log").open("wb") as log:
        served = subprocess.Popen(
            jail.command(command),
            cwd=_HOME,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    assert served.stdin is not None
    assert served.stdout is not None
    try:
        line = served.stdout.readline()
        if not line:
            raise SystemExit((folder / "exchange.log").read_text())
        ports = json.loads(line)
        certificate = folder / "tls" / "ca.pem"
        yield Venue(ports["port"], ports["tls_port"], certificate, KEY, SECRET)
    finally:
        served.stdin.close()
        served.wait(ENDS_SECONDS)


def _watch(
    bot: subprocess.Popen[bytes], folder: Path, source: Source, seconds: float, exits: bool
) -> list[Belief]:
    """What it believes, until it has ended and some seconds longer."""
    beliefs: list[Belief] = []
    began, deadline = 0.0, time.monotonic() + STARTS_SECONDS
    while bot.poll() is None and time.monotonic() < deadline:
        time.sleep(1.0)
        beliefs += source.read(time.time_ns() // 1000)
        if not began and _trades(folder / RECORD):
            began = time.monotonic()
            deadline = began + seconds + (ENDS_SECONDS if exits else 0.0)
    _end(bot)
    time.sleep(SETTLES_SECONDS)
    return beliefs + list(source.read(time.time_ns() // 1000))


def _trades(record: Path) -> bool:
    """Whether an order was sent."""
    return b'"OrderState"' in record.read_bytes()


def _end(bot: subprocess.Popen[bytes]) -> None:
    """Interrupt it as a user does, then kill it."""
    if bot.poll() is None:
        bot.send_signal(signal.SIGINT)
    try:
        bot.wait(ENDS_SECONDS)
    except subprocess.TimeoutExpired:
        bot.kill()
        bot.wait()


def last_lines(path: Path, count: int) -> Sequence[str]:
    """The end of a log."""
    return path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]

"""A loopback exchange in real time, in a thread, for clients that are programs of their own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loopback import KEY, SECRET, settings

from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.beliefs.line import belief_of
from pytest_soak.exchange.clock import ExchangeClock
from pytest_soak.exchange.faults.schedule import Schedule, fault_shelf, load_schedule
from pytest_soak.exchange.faults.scheduled import Scheduled
from pytest_soak.exchange.invariants.measure import measure
from pytest_soak.exchange.invariants.result import Result
from pytest_soak.exchange.invariants.seen import seen
from pytest_soak.exchange.record import Event
from pytest_soak.exchange.recorder import Recorder
from pytest_soak.exchange.server import opened, running, served

SCHEDULES = Path(__file__).parent / "exchange" / "schedules"
DRIVERS = Path(__file__).parent / "exchange" / "drivers"
CLIENTS = os.environ.get("SOAK_CLIENTS", "")
"""A folder of environments with a client each; without one their bugs are not looked for.

They race with themselves and with the clock, so that a busy machine shows others beside them.
"""


def interpreter(client: str) -> str | None:
    """The Python that has a client, of `SOAK_CLIENTS`; None without."""
    other = Path(CLIENTS) / client / "bin" / "python"
    return str(other) if CLIENTS and other.exists() else None


def row(number: int) -> Schedule:
    """The faults of a bug."""
    return load_schedule(f"row{number}.yaml", fault_shelf(SCHEDULES), SCHEDULES, "schedules")


def calm(like: Schedule) -> Schedule:
    """The same without faults."""
    return like.model_copy(update={"faults": []})


@dataclass
class Served:
    """Where it listens, and what it has seen."""

    port: int = 0
    events: list[Event] = field(default_factory=list)


@contextmanager
def exchange(faults: Schedule, **how: Any) -> Iterator[Served]:
    """An exchange that runs as long as the block."""
    found, ready, over = Served(), threading.Event(), threading.Event()

    async def serve() -> None:
        recorder = Recorder(found.events.append)
        clock = ExchangeClock(asyncio.get_running_loop(), time.time_ns() // 1000)
        options = {"record_books": True, "limits": False, **how}
        interference = Scheduled(faults, recorder.put)
        venue = opened(settings(**options), clock, recorder, interference)
        async with served(running(venue).app) as ports:
            found.port = ports.plain
            ready.set()
            while not over.is_set():
                await asyncio.sleep(0.05)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(60)
        yield found
    finally:
        over.set()
        thread.join()


@dataclass(frozen=True)
class Driven:
    """What became of a client: invariants, what else it printed, what it complained of."""

    results: dict[str, Result]
    said: list[dict[str, Any]]
    errors: str

    def value(self, name: str) -> float:
        """An invariant, which has to be seen."""
        result = self.results[name]
        assert result.value is not None, (name, result.why, self.errors)
        return result.value


def driven(python: str, driver: str, *words: str, faults: Schedule, **how: Any) -> Driven:
    """Let a driver in `drivers` run with a client's Python until it ends; judge what it printed."""
    with exchange(faults, **how) as found:
        start_us = time.time_ns() // 1000
        done = subprocess.run(
            [python, str(DRIVERS / driver), *words],
            env=os.environ | {"PORT": str(found.port), "KEY": KEY, "SECRET": SECRET},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        end_us = time.time_ns() // 1000
    assert done.returncode == 0, done.stderr
    lines = [json.loads(text) for text in done.stdout.splitlines() if text.startswith("{")]
    beliefs = [_belief(one) for one in lines if "time_us" in one]
    others = [one for one in lines if "time_us" not in one]
    window = start_us, end_us
    results = measure(seen(found.events), beliefs, window, faults.tolerances)
    return Driven(results, others, done.stderr)


def _belief(line: dict[str, Any]) -> Belief:
    return belief_of(line, 0)

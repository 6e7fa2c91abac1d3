"""An exchange as a process of its own: it ends when its standard input does.

The first line of its input is an `Order`; it prints a line with its ports when they are open, and
writes what it sees, and what the bot is seen to believe, as lines that grow.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from pydantic import BaseModel, ConfigDict

from pytest_soak.canonical import compact
from pytest_soak.config.scenarios import Scenario
from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange.beliefs.line import line_of
from pytest_soak.exchange.beliefs.source import open_source
from pytest_soak.exchange.clock import ExchangeClock
from pytest_soak.exchange.faults.schedule import Schedule
from pytest_soak.exchange.faults.scheduled import Scheduled
from pytest_soak.exchange.recorder import Recorder, writes
from pytest_soak.exchange.server import opened, running, served
from pytest_soak.exchange.settings import ExchangeSettings
from pytest_soak.exchange.tls import CA_FILE

FLUSH_SECONDS = 0.25
ASK_SECONDS = 1.0


class Order(BaseModel):
    """What to serve, and where to write.

    Attributes:
        settings: The exchange.
        scenario: The market of the symbols that name none.
        knobs: Those of its regime that were turned.
        schedule: Its faults.
        record: The file of what it sees.
        believed: The file of what the bot believes.
        folder: For the certificate of its authority.
        tls_port: 0 for any.
        beliefs: The sources of what the bot believes.
        base: What their paths are relative to.
        log: Where the bot's output goes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    settings: ExchangeSettings
    scenario: Scenario
    knobs: dict[str, float] = {}
    schedule: Schedule
    record: Path
    believed: Path
    folder: Path
    tls_port: int = 0
    beliefs: tuple[str, ...] = ()
    base: Path
    log: Path


class Ready(BaseModel):
    """Where it listens, and the certificate that its own is signed with; or why it does not."""

    port: int = 0
    tls_port: int = 0
    certificate: str = ""
    failed: str = ""


def main() -> None:
    """Serve what the first line of the input orders."""
    order = Order.model_validate_json(sys.stdin.readline())
    try:
        asyncio.run(_serve(order))
    except SoakUsageError as error:
        _say(Ready(failed=str(error)))


async def _serve(order: Order) -> None:
    """Until the input closes."""
    loop = asyncio.get_running_loop()
    clock = ExchangeClock(loop, time.time_ns() // 1000)
    with _writing(order.record) as record, _writing(order.believed) as believed:
        recorder = Recorder(writes(record))
        faults = Scheduled(order.schedule, recorder.put, order.settings.seed)
        market = (order.scenario, order.knobs)
        venue = opened(order.settings, clock, recorder, faults, market)
        async with served(running(venue).app, 0, order.tls_port, order.folder) as ports:
            certificate = str(order.folder / CA_FILE)
            _say(Ready(port=ports.plain, tls_port=ports.tls, certificate=certificate))
            work = [_ask(order, clock, believed), _flush(record, believed)]
            tasks = [loop.create_task(one) for one in work]
            await loop.run_in_executor(None, sys.stdin.read)
            for task in tasks:
                task.cancel()


@contextmanager
def _writing(path: Path) -> Iterator[TextIO]:
    """A new file, which is nowhere else."""
    with path.open("x", encoding="utf-8", newline="\n") as file:
        yield file


async def _flush(*files: TextIO) -> None:
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        for file in files:
            file.flush()


async def _ask(order: Order, clock: ExchangeClock, file: TextIO) -> None:
    """Write down what the bot is seen to believe, and where nothing can be seen of it."""
    sources = [open_source(one, order.base, order.log, one) for one in order.beliefs]
    loop, troubles = asyncio.get_running_loop(), [""] * len(sources)
    while sources:
        for number, source in enumerate(sources):
            now = clock.now_us()
            for belief in await loop.run_in_executor(None, source.read, now):
                file.write(f"{compact(line_of(belief))}\n")
            if source.trouble != troubles[number]:
                troubles[number] = source.trouble
                told = {"time_us": now, "source": order.beliefs[number], "trouble": source.trouble}
                file.write(f"{compact(told)}\n")
        await asyncio.sleep(ASK_SECONDS)


def _say(ready: Ready) -> None:
    """Tell whoever started it, if he is still there."""
    with suppress(OSError):
        os.write(1, ready.model_dump_json().encode() + b"\n")


if __name__ == "__main__":
    main()

"""An exchange from its settings to its end: opened, served, recorded, until it is told to stop."""

from __future__ import annotations

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field

from pytest_soak.clock import SystemClock
from pytest_soak.exchange.believing import Beliefs, asked
from pytest_soak.exchange.clock import ExchangeClock
from pytest_soak.exchange.faults.schedule import Schedule
from pytest_soak.exchange.faults.scheduled import Scheduled
from pytest_soak.exchange.record_file import written
from pytest_soak.exchange.recorder import Recorder
from pytest_soak.exchange.server import MOVING, opened, running, served
from pytest_soak.exchange.settings import ExchangeSettings, Port
from pytest_soak.exchange.tls import CA_FILE

PREFIX = "pytest-soak-exchange-"


class Service(BaseModel):
    """An exchange, and where it is to be had.

    Attributes:
        exchange: What it is.
        port: Of HTTP and sockets, 0 for any that is free.
        tls_port: Of the same over TLS; None for none.
        ca_folder: Where its authority's certificate is written, with mode 0700; one that goes with
            the exchange where none is given.
        record: The file of what happened.
        schedule: The faults; None for none.
        beliefs: Where what the bot believes is seen and written.
        seconds: How long it runs; None until it is told to stop.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    exchange: ExchangeSettings
    port: Port = 0
    tls_port: Port | None = None
    ca_folder: str | None = None
    record: str | None = None
    schedule: Schedule | None = None
    beliefs: Beliefs | None = None
    seconds: Annotated[float, Field(gt=0), AllowInfNan(False)] | None = None


@dataclass(frozen=True)
class Ready:
    """Where an exchange listens: `tls` and `ca` are 0 and empty without TLS."""

    port: int
    tls_port: int
    ca: str


async def serve(
    service: Service, told: Callable[[Ready], None], stop: asyncio.Event, recorder: Recorder
) -> None:
    """Serve an exchange until `stop`, or for as long as it is to run; `told` when it is ready.

    Raises SoakUsageError for what cannot be meant, ArtifactError where nothing can be recorded.
    """
    now = SystemClock().now()
    clock = ExchangeClock(asyncio.get_running_loop(), round(now.timestamp() * 1e6))
    async with at_work(service, clock, recorder) as (ready, tasks):
        told(ready)
        await _until(stop, tasks, service.seconds)


@asynccontextmanager
async def at_work(
    service: Service, clock: ExchangeClock, recorder: Recorder
) -> AsyncIterator[tuple[Ready, list[asyncio.Future[None]]]]:
    """An exchange that is served, and its tasks, none of which ends before; raises as `serve`."""
    schedule, seed = service.schedule, service.exchange.seed
    faults = None if schedule is None else Scheduled(schedule, recorder.put, seed)
    app = running(opened(service.exchange, clock, recorder, faults)).app
    record = Path(service.record) if service.record else None
    with TemporaryDirectory(prefix=PREFIX) as own:
        folder = Path(service.ca_folder or own)
        async with (
            written(recorder, record) as writes,
            asked(service.beliefs, clock) as asks,
            served(app, service.port, service.tls_port, folder) as ports,
        ):
            ca = str(folder / CA_FILE) if ports.tls else ""
            tasks = [app[MOVING], writes, *([] if asks is None else [asks])]
            yield Ready(ports.plain, ports.tls, ca), tasks


async def _until(
    stop: asyncio.Event, tasks: Sequence[asyncio.Future[None]], seconds: float | None
) -> None:
    """Wait for the stop or the end of the time; raise what ends one of the tasks before."""
    told = asyncio.ensure_future(stop.wait())
    both: list[asyncio.Future[Any]] = [told, *tasks]
    done, _ = await asyncio.wait(both, timeout=seconds, return_when=FIRST_COMPLETED)
    told.cancel()
    for task in done.intersection(tasks):
        task.result()

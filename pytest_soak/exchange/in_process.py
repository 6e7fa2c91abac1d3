"""An exchange on the loop of the bot itself, over a socket of this machine: for virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pytest_soak.clock import SIMULATED_EPOCH_US
from pytest_soak.exchange.clock import ExchangeClock
from pytest_soak.exchange.interference import Interference
from pytest_soak.exchange.recorder import Recorder
from pytest_soak.exchange.server import Running, opened, runner_of, running
from pytest_soak.exchange.settings import ExchangeSettings

if TYPE_CHECKING:
    import aiohttp


@dataclass(frozen=True)
class InProcess:
    """An exchange that is served, and the path of its socket."""

    exchange: Running
    path: Path

    def session(self) -> aiohttp.ClientSession:
        """What an HTTP client of this process asks through; the names of hosts do not matter."""
        import aiohttp

        connector = aiohttp.UnixConnector(str(self.path), limit=0)
        return aiohttp.ClientSession(connector=connector)


@asynccontextmanager
async def in_process(
    settings: ExchangeSettings,
    recorder: Recorder | None = None,
    interference: Interference | None = None,
    epoch_us: int = SIMULATED_EPOCH_US,
) -> AsyncIterator[InProcess]:
    """Serve an exchange on the running loop, whose time is `epoch_us` now.

    Raises SoakUsageError for a market that cannot be meant. POSIX alone has such sockets.
    """
    from aiohttp import web

    clock = ExchangeClock(asyncio.get_running_loop(), epoch_us)
    exchange = running(opened(settings, clock, recorder, interference))
    runner = runner_of(exchange.app)
    await runner.setup()
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "exchange"
            await web.UnixSite(runner, str(path)).start()
            yield InProcess(exchange, path)
    finally:
        await runner.cleanup()

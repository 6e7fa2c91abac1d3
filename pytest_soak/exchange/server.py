"""The server: HTTP and sockets, plain and over TLS, on this machine alone."""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web, web_app

from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange.clock import ExchangeClock
from pytest_soak.exchange.connections import Connections
from pytest_soak.exchange.garbage import recording
from pytest_soak.exchange.interference import Interference, Untouched
from pytest_soak.exchange.markets.opening import open_market
from pytest_soak.exchange.recorder import Recorder
from pytest_soak.exchange.rest.http import Http
from pytest_soak.exchange.rest.limits import Limits
from pytest_soak.exchange.rest.unrouted import unrouted
from pytest_soak.exchange.settings import ExchangeSettings
from pytest_soak.exchange.sockets.hub import Hub
from pytest_soak.exchange.sockets.ops import Operations
from pytest_soak.exchange.sockets.private import PrivateSender
from pytest_soak.exchange.sockets.public import PublicFeeds
from pytest_soak.exchange.sockets.serving import Sockets
from pytest_soak.exchange.venue import Venue

HOST = "127.0.0.1"
SOCKET_PATHS = ("/v5/public/linear", "/v5/public/spot", "/v5/private", "/v5/trade")
LONGEST_BODY = 1 << 18
BACKLOG = 1_024
CLOSE_SECONDS = 1.0
VENUE = web.AppKey("venue", Venue)
MOVING = web.AppKey("moving", asyncio.Future[None])
"""Moves the markets; SoakUsageError where one has come to what its arrays cannot hold."""


@dataclass(frozen=True)
class Running:
    """An exchange that runs: its venue, and the application that serves it."""

    venue: Venue
    hub: Hub
    app: web.Application


def opened(
    settings: ExchangeSettings,
    clock: ExchangeClock,
    recorder: Recorder | None = None,
    interference: Interference | None = None,
) -> Venue:
    """The venue with its markets, which open now. SoakUsageError for a market that is none."""
    now = clock.now_us()
    markets = {
        symbol: open_market(symbol, one, settings, now) for symbol, one in settings.symbols.items()
    }
    return Venue(settings, clock, markets, recorder or Recorder(), interference or Untouched())


def running(venue: Venue) -> Running:
    """The application of a venue; its markets move as long as it is served."""
    connections, limits = Connections(), Limits(venue.settings.limits)
    hub = Hub(venue)
    feeds = PublicFeeds(venue, hub)
    PrivateSender(venue, hub)
    sockets = Sockets(venue, hub, Operations(venue, hub, feeds, limits), connections)
    http = Http(venue, limits, connections)
    app = web.Application(client_max_size=LONGEST_BODY, middlewares=[unrouted(venue, http)])
    app[VENUE] = venue
    for path in SOCKET_PATHS:
        app.router.add_get(path, sockets.handle)
    app.router.add_route("*", "/{anything:.*}", http.handle)

    async def moved(app: web.Application) -> AsyncIterator[None]:
        app[MOVING] = task = asyncio.ensure_future(_move(venue, hub, feeds))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError, SoakUsageError):
            await task

    app.cleanup_ctx.append(moved)
    app.on_shutdown.append(lambda _: _end_all(hub))
    app.on_cleanup.append(_let_go)
    return Running(venue, hub, app)


async def _move(venue: Venue, hub: Hub, feeds: PublicFeeds) -> None:
    """Move the markets, push what is new and cut what faults cut, each step."""
    loop = asyncio.get_running_loop()
    length = venue.settings.step_ms / 1000
    due = loop.time()
    while True:
        venue.load.late(loop.time() - due)
        venue.step()
        now = venue.now_us()
        feeds.on_step(now)
        hub.on_step(now)
        for cut in venue.interference.cuts(now):
            hub.cut(cut)
        if (busy := venue.load.on_step(now)) is not None:
            venue.put(busy)
        due = max(due + length, loop.time() - length)
        await asyncio.sleep(max(0.0, due - loop.time()))


async def _let_go(_: web.Application) -> None:
    """Empty a cache in which aiohttp keeps what has middlewares, and its markets, for good."""
    cache = getattr(web_app, "_cached_build_middleware", None)
    if cache is not None:
        cache.cache_clear()


async def _end_all(hub: Hub) -> None:
    for connection in sorted(hub.connections, key=lambda one: one.number):
        connection.drop("ended", "the exchange stopped")


@dataclass(frozen=True)
class Ports:
    """Where an exchange listens; `tls` is 0 without."""

    plain: int
    tls: int


@asynccontextmanager
async def served(
    app: web.Application, port: int = 0, tls_port: int | None = None, folder: Path | None = None
) -> AsyncIterator[Ports]:
    """Listen on ports of this machine, 0 for any; with TLS where there is a folder for its CA."""
    runner = runner_of(app)
    await runner.setup()
    try:
        await _listen(runner, port, None, "--port")
        context = server_context_in(folder) if tls_port is not None and folder else None
        if context is not None:
            await _listen(runner, tls_port or 0, context, "--tls-port")
        found = [address[1] for address in runner.addresses]
        yield Ports(found[0], found[1] if context is not None else 0)
    finally:
        await runner.cleanup()


def runner_of(app: web.Application) -> web.AppRunner:
    """What serves an application, wherever it is to listen."""
    return web.AppRunner(
        app,
        access_log=None,
        logger=recording(app[VENUE]),
        handler_cancellation=False,
        shutdown_timeout=CLOSE_SECONDS,
    )


def server_context_in(folder: Path) -> ssl.SSLContext:
    """TLS with an authority whose certificate is written into `folder`."""
    from pytest_soak.exchange.tls import server_context

    return server_context(folder)


async def _listen(
    runner: web.AppRunner, port: int, context: ssl.SSLContext | None, option: str
) -> None:
    site = web.TCPSite(runner, HOST, port, ssl_context=context, backlog=BACKLOG, reuse_address=None)
    try:
        await site.start()
    except OSError as error:
        why = {
            errno.EADDRINUSE: "is in use by another program",
            errno.EACCES: "is not allowed to this user",
        }.get(error.errno or 0, f"cannot be had: {error.strerror or error}")
        problem = f"{port} {why}; give another port, or 0 for any that is free"
        raise SoakUsageError(option, problem) from None

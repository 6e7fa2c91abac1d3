"""`pytest-soak live`: the report of a run in a browser, until Ctrl-C."""

from __future__ import annotations

import asyncio
import errno
import webbrowser
from contextlib import suppress
from pathlib import Path

import click
from aiohttp import web

from pytest_soak.clock import SystemClock
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.live.server import HOST, application
from pytest_soak.live.watch import Watch

_CLOSE_SECONDS = 1.0


def serve(path: Path, port: int, *, browse: bool) -> None:
    """Show the run at `path` on a port, 0 for any; SoakUsageError where that cannot be had."""
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(path, port, browse=browse))


async def _serve(path: Path, port: int, *, browse: bool) -> None:
    watch = Watch(path, Path.cwd(), SystemClock())
    runner = web.AppRunner(
        application(watch),
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=_CLOSE_SECONDS,
    )
    await runner.setup()
    try:
        await _listen(runner, port)
        url = f"http://{HOST}:{runner.addresses[0][1]}/"
        click.echo(one_line(f"live: {url} shows {path}; Ctrl-C ends it"))
        if browse:
            await asyncio.to_thread(webbrowser.open, url)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port, reuse_address=None).start()
    except OSError as error:
        why = {
            errno.EADDRINUSE: "is in use by another program",
            errno.EACCES: "is not allowed to this user",
        }.get(error.errno or 0, f"cannot be had: {error.strerror or error}")
        problem = f"{port} {why}; give another port, or 0 for any that is free"
        raise SoakUsageError("--port", problem) from None

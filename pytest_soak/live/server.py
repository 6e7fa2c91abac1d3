"""The live page: an HTTP server for this machine alone, which changes nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import web
from markupsafe import Markup

from pytest_soak.live.published import Published
from pytest_soak.live.watch import Watch
from pytest_soak.report.templating import rendered

HOST = "127.0.0.1"
MOST_STREAMS = 16
"""Pages that are told of news at once."""
EVERY_SECONDS, PING_SECONDS = 1.0, 15.0
_NAMES = (HOST, "localhost")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PUBLISHED = web.AppKey("published", Published)
WATCH = web.AppKey("watch", Watch)
STREAMS = web.AppKey("streams", set[asyncio.Task[Any]])
LOOKING = web.AppKey("looking", asyncio.Lock)

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(watch: Watch) -> web.Application:
    """The server's routes; it looks at the run as long as it runs."""
    app = web.Application(middlewares=[_guarded])
    app[WATCH], app[STREAMS], app[LOOKING] = watch, set(), asyncio.Lock()
    app[PUBLISHED] = Published()
    app.router.add_get("/", _page)
    app.router.add_get("/live.js", _script)
    app.router.add_get("/events", _events)
    app.router.add_get("/run", _run)
    app.cleanup_ctx.append(_watching)
    app.on_shutdown.append(_close)
    return app


@web.middleware
async def _guarded(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Refuse who asks for another host: a page elsewhere whose name was made to lead here."""
    sockname = request.transport.get_extra_info("sockname") if request.transport else None
    port = sockname[1] if sockname else None
    if request.headers.getall("Host", []) not in [[f"{name}:{port}"] for name in _NAMES]:
        text = f"403: this page is only for http://{HOST}:{port}/ on this machine\n"
        return web.Response(status=403, text=text, headers=_HEADERS)
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.headers.update(_HEADERS)
        raise
    if not response.prepared:
        response.headers.update(_HEADERS)
    return response


async def _watching(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(_keep_up(app))
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _keep_up(app: web.Application) -> None:
    """Look each second, while somebody is told."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        if app[STREAMS]:
            await _look(app)


async def _look(app: web.Application) -> None:
    """Publish what is new, if it is time to look."""
    async with app[LOOKING]:
        found = await asyncio.to_thread(app[WATCH].look)
        if found is not None:
            await app[PUBLISHED].put(found)


async def _close(app: web.Application) -> None:
    await app[PUBLISHED].close()


async def _page(request: web.Request) -> web.Response:
    await _look(request.app)
    published = request.app[PUBLISHED]
    parts = [(part, Markup(html)) for part, html in published.parts.items()]
    text = rendered("live.html", title=published.title, parts=parts)
    return web.Response(text=text, content_type="text/html")


async def _script(request: web.Request) -> web.Response:
    return web.Response(text=rendered("live.js"), content_type="text/javascript")


async def _run(request: web.Request) -> web.Response:
    """Which run there is; asked by pages whose run is over, so that nobody else looks."""
    await _look(request.app)
    published = request.app[PUBLISHED]
    return web.json_response({"run": published.run, "over": published.over})


async def _events(request: web.Request) -> web.StreamResponse:
    streams, published = request.app[STREAMS], request.app[PUBLISHED]
    if len(streams) >= MOST_STREAMS:
        text = f"503: {MOST_STREAMS} pages are open already; close one\n"
        return web.Response(status=503, text=text)
    task = asyncio.current_task()
    assert task is not None
    response = web.StreamResponse(headers={**_HEADERS, "Content-Type": "text/event-stream"})
    streams.add(task)
    try:
        await _look(request.app)
        await response.prepare(request)
        await _tell(response, published)
    except ConnectionError:
        pass  # the page was closed
    finally:
        streams.discard(task)
    return response


async def _tell(response: web.StreamResponse, published: Published) -> None:
    """Send what changes, until the run is over or the server ends."""
    known = 0
    while not published.closing:
        if published.change > known:
            news, known = published.since(known), published.change
            await response.write(_event("parts", news))
        if published.over:
            end = {"run": published.run, "title": published.title}
            await response.write(_event("end", end))
            return
        if not await published.wait(known, PING_SECONDS):
            await response.write(b": still here\n\n")


def _event(kind: str, data: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()

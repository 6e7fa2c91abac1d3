"""What leads to no endpoint and no socket, or breaks the rules of HTTP: answered and recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from pytest_soak.exchange import strange
from pytest_soak.exchange.rest.http import Http
from pytest_soak.exchange.venue import Venue

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_NOWHERE = (404, 405)


def unrouted(venue: Venue, http: Http) -> Middleware:
    """Let HTTP answer what the server has no route for, and record what it refuses by itself."""

    @web.middleware
    async def heard(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as refused:
            if refused.status in _NOWHERE:
                return await http.handle(request)
            what = f"{refused.status} {refused.reason}: {request.method} {request.path}"
            strange.tell(venue, http.number_of(request), "garbage", what)
            return web.Response(status=refused.status, text=f"{refused.status}\n")

    return heard

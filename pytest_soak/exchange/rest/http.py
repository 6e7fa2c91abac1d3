"""HTTP: from a request to its answer."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from pytest_soak.errors import escaped
from pytest_soak.exchange import asking, strange
from pytest_soak.exchange.codes import SIGNATURE, UNKNOWN_ENDPOINT, RefusedError
from pytest_soak.exchange.connections import Connections, is_known_host
from pytest_soak.exchange.interference import AS_IT_IS, Call
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.reading import object_of, text_of
from pytest_soak.exchange.rest.auth import Signed, account_of, check_time, signed_http
from pytest_soak.exchange.rest.endpoint import Args, Endpoint, Reply
from pytest_soak.exchange.rest.limits import Left, Limits
from pytest_soak.exchange.rest.table import ENDPOINTS
from pytest_soak.exchange.venue import Venue

NO_OBJECT = Reply(code=10001, text="params error: the body is not a JSON object")
UNREADABLE = b"\xff (the body ended within, or is not packed as its header says)"
"""In place of what cannot be read: no text, as it is."""
LONGEST = strange.LONGEST
LOOKS_S = 1.0
"""How often it is looked whether a client that is never answered has gone."""


class Http:
    """Answers requests, and records each."""

    def __init__(self, venue: Venue, limits: Limits, connections: Connections) -> None:
        self._venue = venue
        self._limits = limits
        self._connections = connections

    def number_of(self, request: web.BaseRequest) -> int:
        """The number of the connection over which a request came."""
        return self._connections.of(request)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request but for a socket."""
        came_us, number = self._venue.now_us(), self.number_of(request)
        if not is_known_host(request):
            self._strange(number, "host", request.headers.get("Host", ""))
            return web.Response(status=403, text="403: this host is not known here\n")
        name = escaped(f"{request.method} {request.path}"[:LONGEST])
        endpoint = ENDPOINTS.get((request.method, request.path))
        if not self._limits.of_address(came_us // 1000):
            call = asking.call_of(came_us, number, None, "rest", name, {})
            reply = Reply(code=10018, text="403: access too frequent")
            asking.record(self._venue, call, asking.Outcome(reply, AS_IT_IS, None), 403)
            return web.Response(status=403, text="403: access too frequent\n")
        body = await _body(request)
        query = request.raw_path.partition("?")[2]
        if endpoint is None:
            self._strange(number, "endpoint", name)
            reply = Reply(code=UNKNOWN_ENDPOINT, text=f"unknown endpoint {name}")
            return await self._refuse(request, reply, came_us, number, None, name, {})
        return await self._known(request, endpoint, name, query, body, came_us, number)

    async def _known(
        self,
        request: web.Request,
        endpoint: Endpoint,
        name: str,
        query: str,
        body: bytes,
        came_us: int,
        number: int,
    ) -> web.StreamResponse:
        is_get = request.method == "GET"
        text = "" if is_get else text_of(body)
        args = _query(query) if is_get else parsed_body(text)
        account: Account | None = None
        signed: Signed | None = None
        if text is None or args is None:
            self._strange(number, "garbage", body[:LONGEST].decode(errors="backslashreplace"))
            return await self._refuse(request, NO_OBJECT, came_us, number, None, name, {})
        if endpoint.private is not None:
            try:
                signed = signed_http(request.headers, query, text, is_get=is_get)
                account = account_of(signed, self._venue.accounts, self._venue.shown_ms())
            except RefusedError as refused:
                refusal = refused.refusal
                if refusal.code == SIGNATURE:
                    self._strange(number, "signature", name)
                reply = Reply(code=refusal.code, text=refusal.text)
                return await self._refuse(request, reply, came_us, number, None, name, args)
        call = asking.call_of(came_us, number, account, "rest", name, args)
        asked = asking.Asked(call, endpoint, account, args, partial(self._check_time, signed))
        outcome = await asking.ask(self._venue, self._limits, asked)
        return await self._answer(request, account, call, outcome)

    def _check_time(self, signed: Signed | None) -> None:
        if signed is not None:
            check_time(signed.timestamp, signed.window, self._venue.shown_ms())

    async def _answer(
        self,
        request: web.Request,
        account: Account | None,
        call: Call,
        outcome: asking.Outcome,
    ) -> web.StreamResponse:
        how, reply = outcome.treatment, outcome.reply
        status = how.http or 200
        asking.record(self._venue, call, outcome, status)
        if not outcome.is_sent:
            asking.release(self._venue, account, reply)
        if how.silent:
            await _until_gone(request)
            return web.Response(status=500)
        if how.late_s > 0:
            await asyncio.sleep(how.late_s)
        if how.http:
            response = web.Response(status=status, text=f"{status}\n", headers=self._date())
        else:
            response = self._response(reply, outcome.left)
        try:
            await response.prepare(request)
            await response.write_eof()
        except ConnectionError:
            pass  # the client has gone
        finally:
            asking.release(self._venue, account, reply)
        return response

    async def _refuse(
        self,
        request: web.Request,
        reply: Reply,
        came_us: int,
        number: int,
        account: Account | None,
        name: str,
        args: Args,
    ) -> web.StreamResponse:
        """A request that no fault sees."""
        call = asking.call_of(came_us, number, account, "rest", name, args)
        outcome = asking.Outcome(reply, AS_IT_IS, None)
        return await self._answer(request, account, call, outcome)

    def _response(self, reply: Reply, left: Left | None) -> web.Response:
        envelope = {
            "retCode": reply.code,
            "retMsg": reply.text,
            "result": reply.result,
            "retExtInfo": reply.more,
            "time": self._venue.shown_ms(),
        }
        headers = {**self._date(), **(left.headers() if left else {})}
        return web.Response(
            body=orjson.dumps(envelope), headers=headers, content_type="application/json"
        )

    def _date(self) -> dict[str, str]:
        """The exchange's own time, not the machine's."""
        return {"Date": formatdate(self._venue.shown_ms() // 1000, usegmt=True)}

    def _strange(self, number: int, what: str, detail: str) -> None:
        strange.tell(self._venue, number, what, detail)


def parsed_body(body: str | None) -> dict[str, Any] | None:
    """The object that a body holds; an empty one holds none. None for what is no object."""
    if body is None:
        return None
    return object_of(body) if body.strip() else {}


def _query(query: str) -> dict[str, Any]:
    return dict(parse_qsl(query, keep_blank_values=True))


async def _body(request: web.Request) -> bytes:
    """What was sent, or UNREADABLE."""
    try:
        return await request.read()
    except (web.RequestPayloadError, ConnectionError):
        return UNREADABLE


async def _until_gone(request: web.Request) -> None:
    """Wait until the client has closed its connection."""
    while request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(LOOKS_S)

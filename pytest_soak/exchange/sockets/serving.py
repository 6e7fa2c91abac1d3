"""A socket from its handshake to its end."""

from __future__ import annotations

import asyncio

from aiohttp import WSMsgType, web

from pytest_soak.exchange import strange
from pytest_soak.exchange.connections import Connections, is_known_host
from pytest_soak.exchange.ids import Names
from pytest_soak.exchange.reading import object_of
from pytest_soak.exchange.sockets.connection import Connection
from pytest_soak.exchange.sockets.hub import Hub
from pytest_soak.exchange.sockets.ops import Operations
from pytest_soak.exchange.venue import Venue

MOST_SOCKETS = 1_000
LONGEST_MESSAGE = 1 << 20
FAR = ("auth", "subscribe", "unsubscribe")
AWAY_S = 0.03
"""Until those are heard, and what comes after them: clients are made for no nearer venue."""


class Sockets:
    """Lets clients in, and hears them until they end."""

    def __init__(
        self, venue: Venue, hub: Hub, operations: Operations, connections: Connections
    ) -> None:
        self._venue = venue
        self._hub = hub
        self._operations = operations
        self._connections = connections
        self._names = Names(venue.settings.seed + 2)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One socket."""
        now, number = self._venue.now_us(), self._connections.of(request)
        if not is_known_host(request):
            strange.tell(self._venue, number, "host", request.headers.get("Host", ""))
            return web.Response(status=403, text="403: this host is not known here\n")
        is_full = len(self._hub.connections) >= MOST_SOCKETS
        if is_full or not self._venue.interference.accepts(request.path, number, now):
            return web.Response(status=503, text="503: no more sockets\n")
        socket = web.WebSocketResponse(max_msg_size=LONGEST_MESSAGE, compress=False)
        await socket.prepare(request)
        transport = request.transport
        if not isinstance(transport, asyncio.Transport):
            return socket
        connection = Connection(number, request.path, socket, transport, self._names.uuid())
        self._hub.add(connection)
        writer = asyncio.ensure_future(connection.write())
        try:
            await self._hear(connection)
        except ConnectionError:
            pass  # the client has gone
        finally:
            writer.cancel()
            self._hub.remove(connection)
        return socket

    async def _hear(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type == WSMsgType.ERROR:
                detail = str(connection.socket.exception())
                self._operations.strange(connection, "garbage", detail)
                return
            await connection.room()
            data = message.data
            found = object_of(data)
            if found is not None:
                if found.get("op") in FAR:
                    await asyncio.sleep(AWAY_S)
                    if connection.is_over:
                        return
                self._operations.hear(connection, found)
            else:
                text = data if isinstance(data, str) else repr(data)
                self._operations.strange(connection, "garbage", text)
                connection.say({"success": False, "ret_msg": "Params Error", "op": ""})

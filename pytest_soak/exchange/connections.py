"""Numbers of connections, of HTTP and of sockets, and who may connect."""

from __future__ import annotations

from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from aiohttp import web

HOSTS = frozenset(
    {
        "127.0.0.1",
        "localhost",
        *(
            f"{kind}{net}.bybit.com"
            for kind in ("api", "stream")
            for net in ("", "-testnet", "-demo")
        ),
    }
)
"""The names by which clients may ask: whoever asks by another was led here by somebody else."""


class Connections:
    """Gives each connection its number."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._known: WeakKeyDictionary[Any, int] = WeakKeyDictionary()

    def of(self, request: web.BaseRequest) -> int:
        """The number of the connection over which a request came."""
        transport = request.transport
        if transport is None:
            return 0
        if transport not in self._known:
            self._known[transport] = next(self._numbers)
        return self._known[transport]


def is_known_host(request: web.BaseRequest) -> bool:
    """Whether a request names this exchange, and names it once."""
    hosts = request.headers.getall("Host", [])
    return len(hosts) == 1 and hosts[0].rsplit(":", 1)[0].lower() in HOSTS

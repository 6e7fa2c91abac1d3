"""A bot in this very process: what it would send outside is refused and counted."""

from __future__ import annotations

import errno
import ipaddress
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_soak.exchange.jail.isolation import Isolation
from pytest_soak.exchange.jail.outside import Outside

WHY = "the bot is in the session's own process"
NOT_AWAITED = (
    "a call that is not awaited keeps the exchange, which is in the same process, from answering; "
    "use an asyncio client, or soak it as process:CMD"
)
_SENDS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_NAMES = ("", "localhost", "None")
_FIRST = 20


class Within:
    """Refuses what goes to other machines while it is `held`; Python asks it by an audit hook.

    The hook cannot be taken away again, and does nothing then.
    """

    isolation = Isolation("shim", WHY)
    port = 0
    """Where its exchange listens, in this process too, so that it answers nobody who blocks."""

    def __init__(self) -> None:
        self._holds = False
        self._thread = threading.get_ident()
        self._refused = 0
        self._blocking = 0
        self._tried: list[str] = []
        sys.addaudithook(self._heed)

    @contextmanager
    def held(self) -> Iterator[None]:
        """As long as the bot is at work."""
        self._holds = True
        try:
            yield
        finally:
            self._holds = False

    def outside(self) -> Outside:
        """What was refused so far."""
        return Outside(packets=None, refused=self._refused, tried=tuple(self._tried))

    def blocked(self) -> str:
        """What is to be said of calls that blocked; empty of none."""
        return f"; {NOT_AWAITED}" if self._blocking else ""

    def _heed(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._holds:
            return
        if event in _SENDS and isinstance(arguments[1], tuple):
            host, port = arguments[1][:2]
            self._refuse_unless_here(str(host))
            if port == self.port and arguments[0].gettimeout() != 0:
                self._refuse_unless_elsewhere()
        elif event == "socket.getaddrinfo":
            self._refuse_unless_here(str(arguments[0]))

    def _refuse_unless_elsewhere(self) -> None:
        """A thread may wait for an answer of the exchange, but not the one that it runs in."""
        if threading.get_ident() == self._thread:
            self._blocking += 1
            raise OSError(errno.EDEADLK, NOT_AWAITED)

    def _refuse_unless_here(self, host: str) -> None:
        if host in _NAMES or _is_here(host):
            return
        self._refused += 1
        self._tried = [*self._tried, host][:_FIRST]
        raise OSError(errno.ENETUNREACH, f"{host} is not on this machine, which is all there is")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False

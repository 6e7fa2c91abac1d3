"""One socket: who it is, what it is subscribed to, and what waits to be sent over it."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from pytest_soak.exchange.ledger.accounts import Account

MOST_QUEUED = 2_000
"""Messages that may wait for a slow reader before it is dropped."""
MOST_BYTES = 16_000_000
MOST_UNSENT = 100
"""Messages that may wait while more is heard: who asks faster than he reads is heard later."""
HALF_A_FRAME = b"\x81\x7e\x10\x00{"
"""The head of a text frame of 4096 bytes, and the first of them."""


@dataclass(eq=False)
class Connection:
    """A socket and its queue; `ends` says how it ended: "closed", "dropped", "slow", "ended"."""

    number: int
    path: str
    socket: web.WebSocketResponse
    transport: asyncio.Transport
    conn_id: str
    account: Account | None = None
    topics: set[str] = field(default_factory=set)
    ends: str = "closed"
    why: str = ""
    sent: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    last_u: dict[str, int] = field(default_factory=dict)
    _queue: deque[bytes] = field(default_factory=deque)
    _size: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _room: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be sent."""
        return self.ends != "closed" or self.socket.closed

    def say(self, message: dict[str, Any]) -> None:
        """Send an answer."""
        self.send(orjson.dumps(message))

    def send(self, data: bytes) -> None:
        """Queue a message that is encoded; a reader that is too slow is dropped."""
        if self.is_over:
            return
        self._queue.append(data)
        self._size += len(data)
        if len(self._queue) > MOST_QUEUED or self._size > MOST_BYTES:
            self.drop("slow", f"{len(self._queue)} messages waited")
            return
        self._news.set()

    def drop(self, ends: str, why: str, *, mid_frame: bool = False) -> None:
        """End the connection at once, without a close."""
        if self.is_over:
            return
        self.ends, self.why = ends, why
        if mid_frame:
            with suppress(Exception):
                self.transport.write(HALF_A_FRAME)
        self.transport.abort()
        self._news.set()
        self._room.set()

    async def room(self) -> None:
        """Wait until no more than `MOST_UNSENT` messages wait, or nothing can be sent."""
        while len(self._queue) > MOST_UNSENT and not self.is_over:
            self._room.clear()
            await self._room.wait()

    async def write(self) -> None:
        """Send what is queued, as long as the socket is there."""
        while not self.is_over:
            await self._news.wait()
            self._news.clear()
            while self._queue and not self.is_over:
                data = self._queue.popleft()
                self._size -= len(data)
                try:
                    await self.socket.send_frame(data, WSMsgType.TEXT)
                except (ConnectionError, RuntimeError):
                    self._queue.clear()
                    self._room.set()
                    return
                if len(self._queue) <= MOST_UNSENT:
                    self._room.set()

"""All sockets, and how a message reaches those that are subscribed to it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import orjson

from pytest_soak.exchange.interference import Cut, Push
from pytest_soak.exchange.record import Pushed, Socket
from pytest_soak.exchange.sockets.connection import Connection
from pytest_soak.exchange.venue import Venue

PRIVATE, TRADE, PUBLIC = "/v5/private", "/v5/trade", "/v5/public/"
SECOND_US = 1_000_000
KINDS = {"private": PRIVATE, "trade": TRADE, "public": PUBLIC, "all": "/"}


class Hub:
    """Connections by the topics that they are subscribed to."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.connections: set[Connection] = set()
        self._subscribed: defaultdict[tuple[str, str], dict[Connection, None]] = defaultdict(dict)
        self._second_ends_us = 0

    def add(self, connection: Connection) -> None:
        """A socket is open."""
        self.connections.add(connection)
        self.note(connection, "opened")

    def remove(self, connection: Connection) -> None:
        """A socket is over."""
        self.count_up(connection, self.venue.now_us())
        for topic in [*connection.topics]:
            self.unsubscribe(connection, topic)
        self.connections.discard(connection)
        self.note(connection, connection.ends, connection.why)

    def note(self, connection: Connection, what: str, detail: str = "") -> None:
        """Record what happened to a socket."""
        account = connection.account.name if connection.account else ""
        now = self.venue.now_us()
        self.venue.put(Socket(now, connection.number, connection.path, account, what, detail))

    def subscribe(self, connection: Connection, topic: str) -> None:
        """Let a socket have a topic."""
        connection.topics.add(topic)
        self._subscribed[connection.path, topic][connection] = None

    def unsubscribe(self, connection: Connection, topic: str) -> None:
        """Let it have it no more."""
        connection.topics.discard(topic)
        found = self._subscribed.get((connection.path, topic), {})
        found.pop(connection, None)
        if not found:
            self._subscribed.pop((connection.path, topic), None)

    def subscribers(self, path: str, topic: str) -> list[Connection]:
        """Who has a topic of a path, in the order in which they came."""
        return [*self._subscribed.get((path, topic), ())]

    def topics(self, path: str) -> list[str]:
        """The topics of a path that anybody has."""
        return [topic for at, topic in self._subscribed if at == path]

    def push(self, connections: list[Connection], topic: str, message: dict[str, Any]) -> None:
        """Send a message to each, encoded once, as faults leave it."""
        data = b""
        for connection in connections:
            push = Push(
                time_us=self.venue.now_us(),
                connection=connection.number,
                path=connection.path,
                topic=topic,
                account=connection.account.name if connection.account else "",
                message=message,
            )
            deliveries = self.venue.interference.deliver(push)
            if not deliveries:
                connection.kept[topic] += 1
            for delivery in deliveries:
                if delivery.message is message:
                    data = data or orjson.dumps(message)
                    self._deliver(connection, topic, message, data, delivery.late_s)
                else:
                    other = orjson.dumps(delivery.message)
                    self._deliver(connection, topic, delivery.message, other, delivery.late_s)

    def _deliver(
        self,
        connection: Connection,
        topic: str,
        message: dict[str, Any],
        data: bytes,
        late_s: float,
    ) -> None:
        if late_s > 0:
            loop = asyncio.get_running_loop()
            loop.call_later(late_s, self._deliver, connection, topic, message, data, 0.0)
            return
        connection.send(data)
        connection.sent[topic] += 1
        update = message.get("data")
        if isinstance(update, dict) and isinstance(update.get("u"), int):
            connection.last_u[topic] = update["u"]

    def cut(self, cut: Cut) -> int:
        """Cut the sockets that a fault names; return how many."""
        start = KINDS[cut.which]
        found = [one for one in self.connections if one.path.startswith(start)]
        for connection in sorted(found, key=lambda one: one.number):
            connection.drop("dropped", cut.fault, mid_frame=cut.mid_frame)
        return len(found)

    def on_step(self, now_us: int) -> None:
        """Count what was sent, once a second."""
        if now_us < self._second_ends_us:
            return
        self._second_ends_us = now_us // SECOND_US * SECOND_US + SECOND_US
        for connection in sorted(self.connections, key=lambda one: one.number):
            self.count_up(connection, now_us)
        self.venue.mark_accounts()

    def count_up(self, connection: Connection, now_us: int) -> None:
        """Record what a socket was sent since it was last counted."""
        for topic in sorted({*connection.sent, *connection.kept}):
            self.venue.put(
                Pushed(
                    time_us=now_us,
                    connection=connection.number,
                    topic=topic,
                    sent=connection.sent[topic],
                    kept=connection.kept[topic],
                    last_u=connection.last_u.get(topic, 0),
                )
            )
        connection.sent.clear()
        connection.kept.clear()

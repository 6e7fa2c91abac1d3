"""Private topics: which there are, and what of an account's rows each has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_soak.exchange.ids import Names
from pytest_soak.exchange.private import Row
from pytest_soak.exchange.sockets.connection import Connection
from pytest_soak.exchange.sockets.hub import PRIVATE, Hub
from pytest_soak.exchange.venue import Venue

BARE = ("order", "execution", "execution.fast", "position", "wallet")
BY_CATEGORY = ("order", "execution", "execution.fast", "position")
CATEGORIES = ("linear", "spot", "inverse", "option")
TOPICS = {*BARE, *(f"{topic}.{one}" for topic in BY_CATEGORY for one in CATEGORIES)}
SILENT = {"greeks", "dcp"}
"""Topics that there are, and of which nothing will ever be told."""


class PrivateSender:
    """Sends what accounts are told to their sockets."""

    def __init__(self, venue: Venue, hub: Hub) -> None:
        self._venue = venue
        self._hub = hub
        self._names = Names(venue.settings.seed + 1)
        venue.tell_by(self.send)

    def send(self, key: str, topic: str, rows: list[Row]) -> None:
        """Send rows of a topic to the sockets of an account that have it."""
        for name, found in _topics_of(topic, rows):
            connections = [
                one
                for one in self._hub.subscribers(PRIVATE, name)
                if one.account is not None and one.account.key == key
            ]
            if connections:
                self._hub.push(connections, name, self._message(name, found))

    def _message(self, topic: str, rows: list[Row]) -> dict[str, Any]:
        return {
            "id": self._names.uuid(),
            "topic": topic,
            "creationTime": self._venue.shown_ms(),
            "data": rows,
        }


def _topics_of(topic: str, rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    """The topics under which rows are told: the bare one, and that of their category."""
    yield topic, rows
    if topic in BY_CATEGORY:
        yield f"{topic}.{rows[0]['category']}", rows


def may_have(connection: Connection, topic: str) -> bool:
    """Whether a socket may subscribe to a topic."""
    return connection.account is not None and (topic in TOPICS or topic in SILENT)

"""Tables of a feed, put together as they come, with each column in memory once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pytest_soak.observation.feed_lines import Table
from pytest_soak.observation.feed_schema import FeedField
from pytest_soak.observation.from_feeds import in_order


class Gathered:
    """The lines of a feed that were added and not taken, of those fields."""

    def __init__(self, fields: Iterable[FeedField]) -> None:
        self._kinds = {field.name: np.dtype(field.kind.dtype) for field in fields}
        self._begin()

    def _begin(self) -> None:
        self._bytes = {name: bytearray() for name, kind in self._kinds.items() if kind != "O"}
        self._objects: dict[str, list[object]] = {
            name: [] for name, kind in self._kinds.items() if kind == "O"
        }

    def add(self, table: Table) -> None:
        """Put lines behind those that are there."""
        for name, kept in self._bytes.items():
            kept += table[name].tobytes()
        for name, objects in self._objects.items():
            objects += table[name].tolist()

    def take(self) -> Table:
        """What was added since the last call, in order of time."""
        objects = {n: np.fromiter(kept, object, len(kept)) for n, kept in self._objects.items()}
        numbers = {n: np.frombuffer(kept, self._kinds[n]) for n, kept in self._bytes.items()}
        self._begin()
        return in_order(numbers | objects)

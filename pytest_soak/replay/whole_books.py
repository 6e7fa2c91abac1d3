"""Whole books that follow each other, as one whole book and the differences of the next ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_soak.replay.messages import Messages
from pytest_soak.replay.rows import BOTH, BUY, CLEAR, DEPTH, SELL, SNAPSHOT

Levels = Sequence[Sequence[Any]]
GUESSED = "whole books only: updates are their differences, and places in a queue are guesses"


class WholeBooks:
    """The newest whole book of a symbol; None where updates may have changed it since."""

    def __init__(self) -> None:
        self._known: tuple[dict[Any, Any], dict[Any, Any]] | None = None

    def forget(self) -> None:
        """Something else has changed the book."""
        self._known = None

    def put(
        self, out: Messages, exchange: int, local: int, line: int, sides: tuple[Levels, Levels]
    ) -> bool:
        """Write a book given as levels of bids and asks; True where it went as differences."""
        new = tuple({level[0]: level[1] for level in levels} for levels in sides)
        known, self._known = self._known, (new[0], new[1])
        if known is None:
            out.one(BOTH | CLEAR, exchange, local, line, 0)
        for side, before, now in zip((BUY, SELL), known or ({}, {}), new, strict=True):
            gone = [[price, 0] for price in before if price not in now]
            changed = [[p, size] for p, size in now.items() if before.get(p) != size]
            kind = SNAPSHOT if known is None else DEPTH
            out.levels(BOTH | side | kind, exchange, local, line, gone + changed)
        return known is not None

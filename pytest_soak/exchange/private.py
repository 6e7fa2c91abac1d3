"""What accounts are told over their private sockets, in order; answers may go first."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]
Send = Callable[[str, str, list[Row]], None]
"""Takes the account's key, the topic and its rows."""


class PrivateFeed:
    """Messages of each account, held while an answer that is due before them is not written."""

    def __init__(self, send: Send, *, answers_first: bool) -> None:
        self._send = send
        self._answers_first = answers_first
        self._held: defaultdict[str, set[int]] = defaultdict(set)
        self._queues: defaultdict[str, deque[tuple[str, list[Row]]]] = defaultdict(deque)

    def tell(self, key: str, topic: str, rows: list[Row]) -> None:
        """Tell an account, once nothing is due before."""
        if self._held[key]:
            self._queues[key].append((topic, rows))
        else:
            self._send(key, topic, rows)

    def hold(self, key: str, token: int) -> None:
        """Let an answer go first."""
        if self._answers_first:
            self._held[key].add(token)

    def release(self, key: str, token: int) -> None:
        """An answer is written, or will not be."""
        held = self._held[key]
        held.discard(token)
        queue = self._queues[key]
        while queue and not held:
            topic, rows = queue.popleft()
            self._send(key, topic, rows)

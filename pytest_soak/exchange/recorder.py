"""Where events go: counted, and to whoever listens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TextIO

from pytest_soak.exchange.record import Busy, Event, Execution, Request, Socket, Strange, line

MOST_STRANGE, OTHERS = 1_000, "others"
"""How many kinds of strange things are told apart."""
Listener = Callable[[Event], None]


class Recorder:
    """Takes every event once, in the order in which it happened."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = [*listeners]
        self.counts: Counter[str] = Counter()
        self.strange: Counter[str] = Counter()
        self.late_ms = 0

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of what happens from now on."""
        self._listeners.append(listener)

    def put(self, event: Event) -> None:
        """Something happened."""
        self.counts[type(event).__name__] += 1
        if isinstance(event, Strange):
            told = f"{event.what}: {event.detail}"
            is_new = told not in self.strange
            self.strange[OTHERS if is_new and len(self.strange) >= MOST_STRANGE else told] += 1
        elif isinstance(event, Execution):
            self.counts["buys" if event.side == "Buy" else "sells"] += 1
        elif isinstance(event, Request) and event.code:
            self.counts["refusals"] += 1
        elif isinstance(event, Busy):
            for kind, count in (("Request", event.refused), ("refusals", event.refused)):
                self.counts[kind] += count
            self.counts["Strange"] += event.strange
            self.late_ms = max(self.late_ms, event.late_ms)
        elif isinstance(event, Socket):
            self.counts[event.what] += 1
        for listener in self._listeners:
            listener(event)


def writes(file: TextIO) -> Listener:
    """A listener that writes each event as a line."""

    def write(event: Event) -> None:
        file.write(f"{line(event)}\n")

    return write

"""A record sorted by what it is about, and the times at which a bot may be judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pytest_soak.exchange.record import (
    Books,
    Busy,
    Event,
    Execution,
    Fault,
    OrderState,
    Pushed,
    Request,
    Socket,
    Strange,
)

KEPT_US = 900_000_000
"""How long before a window something may still decide in it: more than any tolerance of time but an
hour's settling, in which a bot is not judged at all."""
Span = tuple[int, int]
"""From a time to before another, in microseconds."""


@dataclass(frozen=True)
class Seen:
    """The events of a record from its beginning, each kind in order."""

    requests: list[Request] = field(default_factory=list)
    orders: list[OrderState] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    sockets: list[Socket] = field(default_factory=list)
    pushed: list[Pushed] = field(default_factory=list)
    books: list[Books] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    strange: list[Strange] = field(default_factory=list)
    busy: list[Busy] = field(default_factory=list)

    def add(self, events: Iterable[Event]) -> None:
        """More of the record, which goes on where it ended."""
        for event in events:
            if type(event) in _LISTS:
                getattr(self, _LISTS[type(event)]).append(event)

    def forget(self, before_us: int) -> None:
        """Leave out what is old and decides nothing any more, of the kinds of which there is much.

        Windows that begin KEPT_US after `before_us` or later are judged as if it were there.
        """
        for name in ("requests", "pushed", "books", "strange", "busy"):
            events = getattr(self, name)
            events[:] = [event for event in events if event.time_us >= before_us]

    def faulty(self, end_us: int) -> list[Span]:
        """The spans in which a fault held, in order of their beginning, up to `end_us`."""
        began: dict[str, int] = {}
        spans = []
        for fault in self.faults:
            if fault.what == "began":
                began[fault.name] = fault.time_us
            elif fault.what == "ended" and fault.name in began:
                spans.append((began.pop(fault.name), fault.time_us))
        spans += [(start_us, end_us) for start_us in began.values()]
        return sorted(span for span in spans if span[0] < end_us)


_LISTS: dict[type[Event], str] = {
    Request: "requests",
    OrderState: "orders",
    Execution: "executions",
    Socket: "sockets",
    Pushed: "pushed",
    Books: "books",
    Fault: "faults",
    Strange: "strange",
    Busy: "busy",
}


def seen(events: Iterable[Event]) -> Seen:
    """A record sorted."""
    found = Seen()
    found.add(events)
    return found


def quiet(faulty: list[Span], window: Span, settle_us: int) -> list[Span]:
    """The parts of `window` in which no fault holds, nor has within `settle_us`."""
    spans, free_us = [], window[0]
    for start_us, end_us in faulty:
        if free_us < min(start_us, window[1]):
            spans.append((free_us, min(start_us, window[1])))
        free_us = max(free_us, end_us + settle_us)
    if free_us < window[1]:
        spans.append((free_us, window[1]))
    return spans


def is_in(time_us: int, spans: list[Span]) -> bool:
    """Whether a time is in one of the spans."""
    return any(start_us <= time_us < end_us for start_us, end_us in spans)


def free_us(faulty: list[Span], start_us: int, end_us: int) -> int:
    """The time of a span in which no fault holds."""
    free, at_us = 0, start_us
    for fault_us, over_us in (f for f in faulty if f[1] > start_us and f[0] < end_us):
        free += max(0, min(fault_us, end_us) - at_us)
        at_us = max(at_us, min(over_us, end_us))
    return free + max(0, end_us - at_us)

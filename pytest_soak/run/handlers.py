"""Who is told of a soak while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from inspect import iscoroutinefunction
from threading import RLock
from typing import Any, Protocol

from pytest_soak.config.documents import show
from pytest_soak.engine.events import Event
from pytest_soak.errors import SoakUsageError, one_line, told
from pytest_soak.run.settings import Settings


class Handler(Protocol):
    """Consumes the events of a soak, as copies of its own, in the main process when they happen.

    One that raises is told of and gets no more events; the soak goes on, but fails by it, unless
    the handler has an attribute `optional` that is true. Events come one at a time, but from more
    than one thread. A handler that says `reads_only = True` is spared the copying.
    """

    def start(self, settings: Settings) -> None:
        """The run begins; called once."""

    def handle(self, event: Event) -> None:
        """Something happened."""

    def close(self) -> None:
        """The run is over; called once if `start` was, also after this handler has raised."""


METHODS = ("start", "handle", "close")

Complain = Callable[[str, bool], None]
"""Told what a handler raised, and whether that fails the run."""


def checked_handlers(given: Any) -> list[Handler]:
    """The handlers that somebody `given` has; SoakUsageError for what is no list of them."""
    if not isinstance(given, Iterable) or isinstance(given, str | bytes | Mapping):
        raise SoakUsageError("handlers", f"expected a list of handlers, got {show(given)}")
    handlers = list(given)
    for handler in handlers:
        if isinstance(handler, type):
            raise SoakUsageError("handlers", f"{handler.__name__} is a class; give an instance")
        for name in METHODS:
            method = getattr(handler, name, None)
            if not callable(method):
                problem = f"{show(handler)} has no method {name}(); expected {', '.join(METHODS)}"
                raise SoakUsageError("handlers", problem)
            if iscoroutinefunction(method):
                problem = f"{name}() of {type(handler).__name__} is `async def`; write `def`"
                raise SoakUsageError("handlers", problem)
    return handlers


class Handlers:
    """Calls every handler, each as long as it does not raise; they close in reverse order."""

    def __init__(self, handlers: Sequence[Handler], complain: Complain) -> None:
        self._all = list(handlers)
        self._able: list[Handler] = []
        self._begun: list[Handler] = []
        self._complain = complain
        self._lock = RLock()

    def start(self, settings: Settings) -> None:
        """Tell that the run begins."""
        for handler in self._all:
            self._begun.append(handler)
            if self._call(handler, "start", partial(handler.start, settings)):
                self._able.append(handler)

    def handle(self, event: Event) -> None:
        """Tell what happened."""
        with self._lock:
            for handler in list(self._able):
                self._call(handler, "handle", partial(_hand, event, handler))

    def close(self) -> None:
        """Tell that the run is over."""
        while self._begun:
            handler = self._begun.pop()
            self._drop(handler)
            self._call(handler, "close", handler.close)

    def _call(self, handler: Handler, what: str, call: Callable[[], object]) -> bool:
        try:
            call()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # also `SystemExit`: a handler ends no soak
            self._drop(handler)
            rest = "" if what == "close" else "; it gets no more events"
            text = f"handler {type(handler).__name__}: its {what} raised {told(error)}{rest}"
            self._complain(one_line(text), not getattr(handler, "optional", False))
            return False
        return True

    def _drop(self, handler: Handler) -> None:
        self._able = [other for other in self._able if other is not handler]


def _hand(event: Event, handler: Handler) -> None:
    """Tell a handler of an event, by a copy of its own: its dicts and arrays can be changed."""
    reads_only = getattr(handler, "reads_only", False) is True
    handler.handle(event if reads_only else event.model_copy(deep=True))

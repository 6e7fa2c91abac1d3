"""Threads of a target that die of an exception while it is called."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_soak.errors import TargetError
from pytest_soak.targets.tasks import death_told

_USUAL = ("threading", "_thread", "_pytest.threadexception")
"""Whose hooks are nobody's own."""


@contextmanager
def watched_threads() -> Iterator[None]:
    """TargetError at the end of a block in which a thread died of an exception.

    pytest is told of it too, which makes a warning of it. A bot with a `threading.excepthook` of
    its own takes what its threads die of.
    """
    died: list[threading.ExceptHookArgs] = []
    before = threading.excepthook
    if getattr(getattr(before, "func", before), "__module__", "") not in _USUAL:
        yield
        return

    def hear(death: threading.ExceptHookArgs) -> None:
        died.append(death)
        before(death)

    threading.excepthook = hear
    try:
        yield
    finally:
        if threading.excepthook is hear:
            threading.excepthook = before
    for death in died:
        if death.exc_value is not None and not isinstance(death.exc_value, SystemExit):
            name = death.thread.name if death.thread else "that is gone"
            told = death_told(f"the target's thread {name}", death.exc_value)
            raise TargetError(f"{told}; catch it there, or end the bot") from death.exc_value

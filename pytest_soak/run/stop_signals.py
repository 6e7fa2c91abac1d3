"""Signals that end a soak: the first is a Ctrl-C, the others wait until what it ends is over."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from pytest_soak.system import STOP_SIGNALS


class StopOnce:
    """Turns the first stop signal into KeyboardInterrupt; those that are ignored stay so.

    A process that a bot forks does with a signal what it would have done without this.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._stopped = False
        self._process = os.getpid()

    def take(self) -> None:
        """Take the signals over; only a main thread can."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in STOP_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._stop)

    def give_back(self) -> None:
        """Let the signals do what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _stop(self, number: int, frame: FrameType | None) -> None:
        __tracebackhide__ = True  # what pytest tells is where the bot was
        if os.getpid() != self._process:
            signal.signal(number, self._before[number])
            os.kill(os.getpid(), number)
        elif not self._stopped:  # unlike SIG_IGN, no child process inherits a handler
            self._stopped = True
            raise KeyboardInterrupt


@contextmanager
def stopped_once() -> Iterator[None]:
    """KeyboardInterrupt in the block at the first signal; none in what is done about that."""
    signals = StopOnce()
    signals.take()
    try:
        yield
    finally:
        signals.give_back()

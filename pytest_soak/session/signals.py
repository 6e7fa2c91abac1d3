"""Ctrl-C and SIGTERM: the first interrupts the session, the others wait until it is over."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

import pytest

from pytest_soak.system import STOP_SIGNALS


class StopOnce:
    """Turns the first stop signal into KeyboardInterrupt; on the main process of a soak."""

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Take over the signals that are not ignored."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in STOP_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        __tracebackhide__ = True  # what is told is where the bot was
        for other in self._before:
            signal.signal(other, _wait)
        raise KeyboardInterrupt

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _wait(number: int, frame: FrameType | None) -> None:
    """Ignore a further signal; unlike SIG_IGN, no child process inherits that."""

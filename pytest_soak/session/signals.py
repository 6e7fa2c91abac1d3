"""Ctrl-C and its kin in a session: the first interrupts it, the others wait until it is over."""

from __future__ import annotations

import pytest

from pytest_soak.run.stop_signals import StopOnce


class SessionSignals:
    """Takes the signals over in each process of a soak: a worker, too, has targets to stop."""

    def __init__(self) -> None:
        self._signals = StopOnce()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Take over the signals that are not ignored."""
        self._signals.take()

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Give the signals back."""
        self._signals.give_back()

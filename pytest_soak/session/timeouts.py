"""Iterations that hang: pytest-timeout ends them, and the process where even that cannot."""

from __future__ import annotations

import faulthandler
import os
import threading
from collections.abc import Generator
from functools import partial
from typing import Any

import pytest

from pytest_soak.clock import Clock
from pytest_soak.engine.pace import Allowance
from pytest_soak.session.context import slot_of
from pytest_soak.system import on_alarm

_PLUGIN_NAMES = ("timeout", "pytest_timeout")
_MARKED = pytest.StashKey[bool]()


class BareTimeouts:
    """What pytest-timeout raises in an iteration, without the stacks of all threads before it.

    These are the package's own for the most part; the failure has the bot's.
    """

    @pytest.hookimpl(wrapper=True, optionalhook=True)
    def pytest_timeout_set_timer(
        self, item: pytest.Item, settings: Any
    ) -> Generator[None, object, object]:
        """Take the place of the handler that was set."""
        done = yield
        on_main = threading.current_thread() is threading.main_thread()
        if slot_of(item) is not None and settings.method == "signal" and on_main:
            on_alarm(partial(_expire, settings))
        return done


def _expire(settings: Any) -> None:
    __tracebackhide__ = True
    from pytest_timeout import is_debugging  # type: ignore[import-untyped]

    if settings.disable_debugger_detection or not is_debugging():
        pytest.fail(f"Timeout (>{settings.timeout}s) from pytest-timeout.")


class Timeouts:
    """`--soak-iteration-timeout`: a marker on each iteration, and a backstop around it.

    pytest-timeout raises in the test, which compiled code that never returns to Python does not
    notice; then the backstop prints a traceback and ends the process with status 1. A bot that
    catches what was raised and goes on fails its iteration all the same. A test that has a timeout
    marker of its own keeps it, and has neither.
    """

    def __init__(
        self, config: pytest.Config, seconds: float, backstop: Allowance, clock: Clock
    ) -> None:
        if not any(config.pluginmanager.hasplugin(name) for name in _PLUGIN_NAMES):
            raise pytest.UsageError(
                "--soak-iteration-timeout: needs pytest-timeout; do not switch that plugin off"
            )
        self._seconds = seconds
        self._fatal = seconds + backstop.of(seconds)
        self._clock = clock
        self._begun: float | None = None
        self._stderr = os.dup(2)  # in a test, pytest's capture has the original

    @pytest.hookimpl(trylast=True)
    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Mark an iteration: at its set-up it would be too late."""
        if slot_of(item) is not None and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(self._seconds))
            item.stash[_MARKED] = True

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Arm the backstop; innermost, as pytest's `faulthandler_timeout` is the same timer."""
        if _MARKED not in item.stash:
            return (yield)
        self._begun = self._clock.monotonic()
        faulthandler.dump_traceback_later(self._fatal, exit=True, file=self._stderr)
        try:
            return (yield)
        finally:
            faulthandler.cancel_dump_traceback_later()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Fail a test that ended well, but only after its time."""
        yield
        if _MARKED not in item.stash or self._begun is None:
            return
        took = self._clock.monotonic() - self._begun
        if took > self._seconds:
            pytest.fail(
                f"took {took:.3g} s, --soak-iteration-timeout={self._seconds:g}; what that raised "
                "was caught",
                pytrace=False,
            )

    @pytest.hookimpl(tryfirst=True)
    def pytest_enter_pdb(self) -> None:
        """Let a debugger take its time."""
        self._begun = None
        faulthandler.cancel_dump_traceback_later()

    @pytest.hookimpl(tryfirst=True)
    def pytest_exception_interact(self) -> None:
        """Let a post-mortem debugger take its time."""
        faulthandler.cancel_dump_traceback_later()

    def pytest_unconfigure(self) -> None:
        """Let go of the standard error stream."""
        os.close(self._stderr)

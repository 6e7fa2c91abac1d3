"""Time, and the machine's clock: the one place that asks it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Protocol

SIMULATED_EPOCH_US = 1_704_067_200_000_000
"""2024-01-01T00:00:00Z: where simulated and virtual time begin."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _module_of_our_own(name: str) -> ModuleType:
    """A second copy of a module, which nobody patches who patches the first.

    A bot or its tests may freeze `time` (freezegun, monkeypatch) and never let go. What changes
    the interpreter's own functions in memory (time-machine) cannot be kept out.
    """
    spec = find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_time = _module_of_our_own("time")


class Clock(Protocol):
    """Time, and the passing of it."""

    def now(self) -> datetime:
        """The wall clock, in UTC; it may be set."""

    def monotonic(self) -> float:
        """Seconds that only ever grow; a suspended machine may not count them."""

    def sleep(self, seconds: float) -> None:
        """Let so much monotonic time pass; Ctrl-C ends it at once."""


class SystemClock:
    """The machine's clock, also where a bot has frozen time."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return _EPOCH + timedelta(microseconds=_time.time_ns() // 1000)

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return float(_time.monotonic())

    def sleep(self, seconds: float) -> None:
        """Sleep; Ctrl-C ends it at once."""
        _time.sleep(seconds)

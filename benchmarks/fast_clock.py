"""A clock whose seconds pass faster than the machine's."""

from __future__ import annotations

from datetime import datetime, timedelta

from pytest_soak.clock import Clock, SystemClock


class FastClock:
    """Begins with the machine's time, and passes `speed` times as fast."""

    def __init__(self, speed: float, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._speed = speed
        self._began, self._from = self._clock.now(), self._clock.monotonic()

    def now(self) -> datetime:
        """The time that it is by this clock."""
        return self._began + timedelta(seconds=self.monotonic() - self._from)

    def monotonic(self) -> float:
        """Seconds of this clock."""
        return self._from + self._speed * (self._clock.monotonic() - self._from)

    def sleep(self, seconds: float) -> None:
        """Let so many of its seconds pass."""
        self._clock.sleep(seconds / self._speed)

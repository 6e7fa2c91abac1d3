"""When the next iteration of a lane is due, and whether the clocks agree on how long that took."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel, ConfigDict

from pytest_soak.clock import Clock
from pytest_soak.config.documents import shipped, validate


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Allowance(_Data):
    """`seconds` plus a `share` of the time it is about."""

    seconds: float
    share: float

    def of(self, span: float) -> float:
        """The allowance for `span` seconds."""
        return self.seconds + self.share * span


class Pacing(_Data):
    """Everything in `pacing.yaml`."""

    clocks: Allowance
    backstop: Allowance


@cache
def load_pacing() -> Pacing:
    """The allowances that ship with the package."""
    return validate(Pacing, shipped("pytest_soak.engine", "pacing.yaml"))


class Pace:
    """The rhythm of one lane: a pause of `pause` seconds between windows of `window` seconds.

    An iteration is due `pause` after the one before it was to end, which is `window` after its
    planned start, or earlier where it ended earlier (a simulated market). So the starts of a target
    in real time are `window + pause` apart without drift: what measuring and writing took, and how
    late a sleep woke, comes out of the pause. An iteration that overran its whole pause is followed
    at once, and the rhythm goes on from there: nothing is made up by shorter pauses.
    """

    def __init__(self, clock: Clock, pause: float, window: float) -> None:
        self._clock = clock
        self._pause = pause
        self._window = window
        self._due: float | None = None
        self._planned: float | None = None

    def wait(self) -> None:
        """Sleep until the next iteration is due; the first one is at once."""
        if self._due is None:
            return
        self._planned = max(self._due, self._clock.monotonic())
        while (left := self._planned - self._clock.monotonic()) > 0:
            self._clock.sleep(left)

    def begin(self) -> None:
        """A window begins."""
        if self._planned is None:
            self._planned = self._clock.monotonic()

    def end(self) -> None:
        """It has ended."""
        assert self._planned is not None
        ended = min(self._clock.monotonic(), self._planned + self._window)
        self._due, self._planned = ended + self._pause, None


class ClockWatch:
    """Compares the wall clock with the monotonic one, from one look to the next.

    They may come apart by `allowance` of the time between.
    """

    def __init__(self, clock: Clock, allowance: Allowance) -> None:
        self._clock = clock
        self._allowance = allowance
        self._seen = clock.now(), clock.monotonic()

    def look(self) -> str | None:
        """What happened to the clocks since the last look; None when nothing did."""
        (wall, steady), self._seen = self._seen, (self._clock.now(), self._clock.monotonic())
        span = self._seen[1] - steady
        ahead = (self._seen[0] - wall).total_seconds() - span
        if abs(ahead) <= self._allowance.of(span):
            return None
        if ahead < 0:
            return f"the wall clock was set back by {-ahead:.1f} s"
        return f"the machine was suspended, or the wall clock set forward, for {ahead:.1f} s"

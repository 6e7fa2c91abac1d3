"""What is told while a bot is awaited, and of one that did not come."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_soak.clock import Clock

FIRST_SECONDS, EVERY_SECONDS = 5.0, 15.0
"""How long a wait is silent, and how long between two lines of it."""
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
_TRUST = (
    "the Python that it runs in does not trust the exchange's certificate: name that Python in the "
    "command itself (process:PATH/bin/python bot.py), or put it first on PATH"
)


class Awaiting:
    """Says now and then that `what` is still awaited, `seconds` at most; `seen` is what has come.

    Lines go to `tell`.
    """

    def __init__(
        self,
        what: str,
        seconds: float,
        clock: Clock,
        tell: Callable[[str], None],
        seen: Callable[[], str],
    ) -> None:
        self._what = what
        self._seconds = seconds
        self._clock = clock
        self._tell = tell
        self._seen = seen
        self._began = clock.monotonic()
        self._next = FIRST_SECONDS

    def look(self) -> None:
        """Say how long it has been, where it is time to."""
        waited = self._clock.monotonic() - self._began
        if waited < self._next:
            return
        self._next += EVERY_SECONDS
        seen = self._seen()
        more = f"; {seen}" if seen else ""
        self._tell(f"waiting for {self._what}, {waited:.0f} s of {self._seconds:g} s{more}")


def hint(last: Sequence[str]) -> str:
    """What may help a bot whose last lines these are; empty where nothing is known."""
    return _TRUST if any(_UNTRUSTED in line for line in last) else ""

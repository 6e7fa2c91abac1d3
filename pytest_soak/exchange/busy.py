"""Is more asked than an exchange can record one by one, or than lets it keep its own time."""

from __future__ import annotations

from pytest_soak.exchange.record import Busy

MOST_A_SECOND = 100
"""Of what was refused, and of what is strange; what comes beyond is counted."""
LATE_S = 0.5
"""How late the markets may move before it is told."""
SECOND_US = 1_000_000


class Load:
    """Counts by seconds."""

    def __init__(self) -> None:
        self._counts = {"refused": 0, "strange": 0}
        self._late_s = 0.0
        self._ends_us = 0

    def has_room(self, what: str) -> bool:
        """Whether one more that is "refused" or "strange" is recorded; it is counted if not."""
        self._counts[what] += 1
        return self._counts[what] <= MOST_A_SECOND

    def late(self, seconds: float) -> None:
        """The markets have moved so much later than they were to."""
        self._late_s = max(self._late_s, seconds)

    def on_step(self, now_us: int) -> Busy | None:
        """What is to be told of the second that is over."""
        if now_us < self._ends_us:
            return None
        self._ends_us = now_us // SECOND_US * SECOND_US + SECOND_US
        late_ms = self._late_s * 1e3 if self._late_s >= LATE_S else 0.0
        left_out = {what: max(0, n - MOST_A_SECOND) for what, n in self._counts.items()}
        self._counts, self._late_s = dict.fromkeys(self._counts, 0), 0.0
        told = Busy(now_us, round(late_ms), **left_out)
        return told if told.late_ms or any(left_out.values()) else None

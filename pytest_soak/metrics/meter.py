"""A lane's observer, which says as metrics what its target did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_soak.engine.service import Measured
from pytest_soak.gates.sustained import Sustained
from pytest_soak.metrics import table
from pytest_soak.metrics.tally import Tally as Tally
from pytest_soak.metrics.tally import tally

_US = 1e6


class Meter:
    """Hands to `tell` what happened since the last time, part by part where the target reports.

    It works where the lane is run, since no Observation goes to another process.
    """

    def __init__(self, tell: Callable[[Tally], None]) -> None:
        self._tell = tell
        self._heard = False

    def reported(self, part: Any) -> None:
        """The target reported a part of the window."""
        self._heard = True
        self._tell(tally(part))

    def evaluated(self, sustained: Sustained) -> None:
        """The stop criteria were evaluated."""
        if sustained.standings:
            self._tell(Tally({}, {}, _standings(sustained)))

    def measured(self, measured: Measured) -> None:
        """A window is over: what it did is told now, if it was not told part by part."""
        if not self._heard and hasattr(measured.observation, "fills"):
            self._tell(tally(measured.observation))
        self._heard = False
        watched = measured.carried.watched
        if watched is not None:
            self.evaluated(watched.sustained)


def _standings(sustained: Sustained) -> dict[str, dict[str, float]]:
    """How long the limit of each criterion has held, in seconds, and what it did."""
    at = sustained.at or 0
    pending, warned, stopped = {}, {}, {}
    for name, standing in sustained.standings.items():
        since = standing.active_since
        pending[name] = 0.0 if since is None else (at - since) / _US
        warned[name], stopped[name] = float(standing.warned), float(standing.stopped)
    return {
        table.PENDING.name: pending,
        table.WARNED.name: warned,
        table.STOPPED.name: stopped,
    }

"""The later mids of a window's fills, which become known while it goes on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pytest_soak.observation.feed_kinds import UNTOLD
from pytest_soak.observation.feed_lines import Table
from pytest_soak.observation.from_feeds import FRESH_US, LATER_MIDS, last_mids

_EVER = 2**62


class LaterMids:
    """Takes the fills of a window part by part, and from marks the mids that they do not tell.

    `lacking` names those that marks should have told, and did not, of times from `start_us` until
    FRESH_US after the window's end.
    """

    def __init__(self, start_us: int) -> None:
        self.lacking: set[str] = set()
        self._start_us = start_us
        self._parts: list[Table] = []
        self._settled = 0

    def add(self, fills: Table) -> None:
        """Take the fills of the next part."""
        self._parts.append({name: fills[name].copy() for name in ("time_us", *LATER_MIDS)})

    def settle(self, marks: Table, until_us: int) -> None:
        """Take the mids of the time up to `until_us`, of which all marks have come."""
        self.lacking |= self._settle(marks, until_us)
        while self._settled < len(self._parts) and not _open(self._parts[self._settled]):
            self._settled += 1

    def _settle(self, marks: Table, until_us: int) -> set[str]:
        lacking = set()
        for part in self._parts[self._settled :]:
            for name, offset_us in LATER_MIDS.items():
                times = part["time_us"] + offset_us
                due = (part[name] == UNTOLD) & (times <= until_us)
                part[name][due] = found = last_mids(marks, times[due])
                if (np.isnan(found) & (times[due] >= self._start_us)).any():
                    lacking.add(name)
        return lacking

    def columns(self, marks: Table, end_us: int) -> dict[str, NDArray[np.float64]]:
        """The mids of all fills of the window, which is over; NaN where no mark has come."""
        self.settle(marks, end_us + FRESH_US)
        self._settle(marks, _EVER)
        return {name: np.concatenate([part[name] for part in self._parts]) for name in LATER_MIDS}


def _open(part: Table) -> bool:
    return any(bool((part[name] == UNTOLD).any()) for name in LATER_MIDS)

"""The feeds of a bot while it writes them: what was measured, and how well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.clock import Clock
from pytest_soak.errors import TargetError
from pytest_soak.observation.columns import BREAKER, ERROR, RESOURCE, Observation
from pytest_soak.observation.feed_lines import Table
from pytest_soak.observation.feed_schema import FEEDS, WATCHED
from pytest_soak.observation.from_feeds import as_rows
from pytest_soak.observation.growing import GrowingFeeds
from pytest_soak.observation.later_mids import LaterMids
from pytest_soak.process.stitch import Stitch
from pytest_soak.text import plural

SKEW_MS = 1000.0
"""A difference of the clocks that is told."""
MOST_SHOWN = 5
_BEYOND_US = 2**62
_TABLES = {"errors": ERROR, "breaker": BREAKER, WATCHED: RESOURCE}
"""Feeds that are in an Observation as they are, under the same name."""
AT_ONCE = "write each line at once, or raise --soak-settle"
OF_EXCHANGE = "what they are about took longer than --soak-settle"


def now_us(clock: Clock) -> int:
    """The time of `clock` in microseconds since 1970, UTC."""
    return round(clock.now().timestamp() * 1e6)


class BotFeeds:
    """Reads the feeds in a folder; of each window says how many lines were bad, late or askew.

    What was there before is not the bot's. `told_us` is up to when parts have told of it. `remedy`
    is what is said of lines that are late.
    """

    def __init__(self, folder: Path, max_errors: int, clock: Clock, remedy: str = AT_ONCE) -> None:
        self._remedy = remedy
        self._folder = folder
        self._max_errors = max_errors
        self._clock = clock
        self._feeds = GrowingFeeds(folder)
        self._feeds.poll()
        self._stitch = Stitch()
        self._lost = False
        self._later_mids = LaterMids(0)
        self._newest = self._newest_us(0)
        self._late = self._late_met = 0
        self._repeated = self._feeds.repeated
        self.told_us = self._start_us = 0
        self._errors_before = self._feeds.bad_lines
        self._told: list[str] = []
        self._skew_ms: float | None = None

    def begin(self, time_us: int) -> None:
        """A window begins."""
        self.told_us = self._start_us = time_us
        self._later_mids = LaterMids(time_us)
        self._feeds.drop_before(time_us)

    def look(self) -> None:
        """Read what was appended.

        Raises TargetError for more bad lines in a window than may be, or where the folder is gone.
        """
        if not self._folder.is_dir():
            raise TargetError(
                f"the folder of the feeds is gone: {self._folder}; keep SOAK_FEEDS_DIR"
            )
        now = now_us(self._clock)
        problems = self._feeds.poll()
        self._told += [str(problem) for problem in problems[: MOST_SHOWN - len(self._told)]]
        errors = self._errors()
        if errors > self._max_errors:
            count = plural(errors, "bad line")
            first = self._told[0]
            raise TargetError(f"feeds: {count} (max_feed_errors={self._max_errors}), first {first}")
        newest = self._newest_us(self._start_us)
        if newest > self._newest:
            self._newest = newest
            ahead = (newest - now) / 1e3
            self._skew_ms = ahead if self._skew_ms is None else max(self._skew_ms, ahead)

    def _errors(self) -> int:
        return self._feeds.bad_lines - self._errors_before

    def _newest_us(self, since_us: int) -> int:
        """The time of the newest line of the bot."""
        times = (
            self._feeds.table(name, since_us, _BEYOND_US)["time_us"]
            for name in FEEDS
            if name != WATCHED
        )
        return max((int(found[-1]) for found in times if len(found)), default=0)

    def part(self, start_us: int, end_us: int) -> Observation:
        """What the bot did in [start_us, end_us), which follows the part before.

        It is `apart` where that may hold something else than the part before ended with: lines
        came too late for it, or `lose` was called.

        Raises TargetError where nothing has told a mid yet.
        """
        first, late = start_us == self._start_us, self._feeds.late(start_us)
        lost = self._lost or (first and late > self._late_met)
        if lost:
            self._stitch.lose()
        found = self._stitch.add(self._feeds.window(start_us, end_us))
        self._lost = False
        self._late_met = late if first else self._late_met
        rest = {name: self._feeds.table(name, start_us, end_us) for name in _TABLES}
        tables: dict[str, Any] = {name: as_rows(rest[name], _TABLES[name]) for name in _TABLES}
        found = replace(found, apart=lost and first, **tables)
        self._later_mids.add(self._feeds.table("fills", start_us, end_us))
        self._later_mids.settle(self._marks(), end_us)
        self._feeds.drop_before(end_us)
        self.told_us = end_us
        return found

    def later_mids(self, end_us: int) -> tuple[Mapping[str, NDArray[np.float64]], list[str]]:
        """The later mids of all fills of the window that ends, and what to tell of them."""
        found = self._later_mids.columns(self._marks(), end_us)
        lacking = ", ".join(name for name in found if name in self._later_mids.lacking)
        if not lacking:
            return found, []
        return found, [f"feeds: no mark tells {lacking} of some fills; write marks once a second"]

    def _marks(self) -> Table:
        return self._feeds.table("marks", 0, _BEYOND_US)

    def kpis(self, start_us: int, end_us: int) -> Mapping[str, Any] | None:
        """The last KPIs that a bot reckoned of the span itself; None without."""
        rows = self._feeds.table("kpis", start_us, end_us)["kpis"]
        return dict(rows[-1]) if len(rows) else None

    def finish(self, end_us: int) -> tuple[dict[str, float], list[str]]:
        """The KPIs of the feeds in the window that ends, and what to tell; then begin anew."""
        late = self._feeds.late(end_us)
        facts = {"feed_errors": float(self._errors()), "feed_late": float(late - self._late)}
        notes = [f"feeds: {text}" for text in self._told]
        self._lost = self._lost or late > self._late_met
        self._late_met = late
        if late > self._late:
            notes.append(
                f"feeds: {plural(late - self._late, 'line')} came too late to count; {self._remedy}"
            )
        if self._feeds.repeated > self._repeated:
            again = plural(self._feeds.repeated - self._repeated, "line")
            notes.append(
                f"feeds: {again} with a number (seq) that had been told; let one process write, "
                "and number on when it is started anew"
            )
        self._repeated = self._feeds.repeated
        if self._skew_ms is not None:
            facts["clock_skew_ms"] = round(self._skew_ms, 3)
            notes += _skew(self._skew_ms)
        self._late, self._errors_before = late, self._feeds.bad_lines
        self._told, self._skew_ms = [], None
        return facts, notes

    def lose(self) -> None:
        """The bot may hold something else now: the next part is apart from what was before."""
        self._lost = True

    def watched(self) -> int:
        """How many lines of what the bot uses there are, by their last number."""
        numbers = self._feeds.table(WATCHED, 0, _BEYOND_US)["seq"]
        return int(numbers.max(initial=0))


def _skew(milliseconds: float) -> list[str]:
    if abs(milliseconds) <= SKEW_MS:
        return []
    seconds = f"{abs(milliseconds) / 1e3:.1f} s"
    if milliseconds > 0:
        return [f"feeds: the bot's clock is {seconds} ahead of ours; its time_us is to be UTC"]
    return [f"feeds: no line was newer than {seconds}: its clock is behind, or it writes late"]

"""`pytest-soak dataset`: feeds as rows of equal intervals, one JSON line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_soak.canonical import compact
from pytest_soak.commands.feeds_lane import iteration_settings, lane_name, settings
from pytest_soak.commands.output import output_file
from pytest_soak.commands.rfc3339 import span_us
from pytest_soak.dataset.filters import Filters, load_filters
from pytest_soak.dataset.intervals import (
    MEASURED,
    NO_SKIP,
    Interval,
    Lane,
    filled,
    intervals,
    row_of,
)
from pytest_soak.dataset.numbering import Runs, equal_fills, gaps, runs, without_doubles
from pytest_soak.dataset.refuse import Skip
from pytest_soak.dataset.row import Row
from pytest_soak.dataset.summary import Judged, judged, totals
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.gates.engine import Verdict
from pytest_soak.observation.feed_files import DAY_US
from pytest_soak.observation.from_feeds import between
from pytest_soak.observation.line_mapping import load_mapping
from pytest_soak.observation.stored_feeds import MARGIN_US, Asked, Stored, read_parts
from pytest_soak.storage.files import write_text
from pytest_soak.text import number, plural, table

DAY_MINUTES = 1440
MOST_INTERVALS = 600_000
"""More than a year of minutes: what is longer is a mistake."""


class Request(NamedTuple):
    """What was typed."""

    feeds: Path
    begin: str | None
    end: str | None
    interval_min: int
    output: str
    mapping: Path | None = None
    symbol: str | None = None
    cold_minutes: int = 0
    skip_warmup: bool = False


def dataset(request: Request, folder: Path, say: Callable[[str], None]) -> bool:
    """Write the rows, say what they come to; whether that is no FAIL.

    Raises SoakUsageError for what cannot be meant, ArtifactError where the file cannot be written.
    """
    output = output_file(request.output, folder, "--output")
    done = make(request)
    lines = (compact(row.model_dump(mode="json")) for row in done.rows)
    write_text(output, "".join(f"{line}\n" for line in lines))
    for line in done.lines:
        say(line)
    say(one_line(_last(done.found, output, done.rows)))
    return done.found.verdict is not Verdict.FAIL


class Done(NamedTuple):
    """The rows, what they come to, and what there is to say of them."""

    rows: list[Row]
    found: Judged
    lines: tuple[str, ...]


def make(request: Request) -> Done:
    """The rows of the feeds that are asked for; SoakUsageError for what cannot be meant."""
    if request.interval_min < 1 or DAY_MINUTES % request.interval_min:
        problem = f"expected minutes that divide {DAY_MINUTES}, got {request.interval_min}"
        raise SoakUsageError("--interval-min", problem)
    filters, interval_us = load_filters(), request.interval_min * 60_000_000
    made = Made(filters, interval_us)
    mapping = None if request.mapping is None else load_mapping(request.mapping)
    asked = Asked(*span_us(request.begin, request.end), MEASURED, interval_us, mapping)
    for stored in read_parts(request.feeds, asked, interval_us):
        made.take(stored)
        last = stored._replace(tables={})
        del stored  # or its lines are in memory while the next ones are read
    name, iterations = lane_name(request.feeds), iteration_settings(request.feeds)
    lane = Lane(name, request.symbol, settings(iterations, last.boundaries))
    cold_until_us = made.start_us + request.cold_minutes * 60_000_000
    rows = made.rows(lane, Skip(cold_until_us, request.skip_warmup))
    found = judged(rows, interval_us, last.lines, last.bad_lines, made.equal_fills, filters.span)
    bad = (one_line(str(bad)) for bad in last.bad)
    return Done(rows, found, (*bad, *_lines(rows, interval_us), _counts(made, last)))


class Made:
    """What the parts of a span come to so far."""

    def __init__(self, filters: Filters, interval_us: int) -> None:
        self.doubled, self.equal_fills = 0, 0
        self._filters, self._interval_us = filters, interval_us
        self._intervals: list[Interval] = []
        self._runs: list[Runs] = []
        self._held: float | None = None  # before the first fill of the next part, doubled ones once

    def take(self, stored: Stored) -> None:
        """Measure the next part of the span."""
        span = stored.start_us, stored.end_us
        self._check(stored.end_us - stored.start_us)
        tables, doubled = without_doubles(stored.tables, *span)
        held = stored.held if self._held is None else self._held
        self._runs.append(runs(tables, *span))
        self._intervals += intervals(tables, span, self._interval_us, self._filters, held)
        self._held = held + filled(tables["fills"], stored.end_us - MARGIN_US)
        self.doubled += doubled
        self.equal_fills += equal_fills(between(tables["fills"], *span))

    def _check(self, length_us: int) -> None:
        """Refuse a span that a wrong time in the feeds has made endless."""
        more = length_us // self._interval_us
        if len(self._intervals) + more > MOST_INTERVALS:
            problem = (
                f"the feeds span {length_us / DAY_US:.0f} days, which is {more} intervals, "
                f"{MOST_INTERVALS} at most; give --from and --to, or longer intervals"
            )
            raise SoakUsageError("--interval-min", problem)

    @property
    def back(self) -> int:
        """How many lines were out of order."""
        return sum(part.back for part in self._runs)

    @property
    def start_us(self) -> int:
        """When the first interval begins."""
        return self._intervals[0].start_us

    def rows(self, lane: Lane, skip: Skip = NO_SKIP) -> list[Row]:
        """The rows, now that all numbers are known."""
        missing = gaps(self._runs)
        return [row_of(found, missing, lane, self._filters, skip) for found in self._intervals]


def _lines(rows: Sequence[Row], interval_us: int) -> list[str]:
    """The KPIs of all rows beside those of the accepted ones, and why others were refused."""
    every = totals(rows, interval_us)
    kept = totals([row for row in rows if row.accepted], interval_us)
    cells = [("", "all", "accepted"), ("intervals", str(every.rows), str(kept.rows))]
    cells.append(("covered hours", number(every.hours), number(kept.hours)))
    cells += [(name, number(every.kpis[name]), number(kept.kpis[name])) for name in every.kpis]
    refused = [
        f"refused {row.interval_start}: {'; '.join(row.reasons)}" for row in rows if row.reasons
    ]
    return [*table(cells), *map(one_line, refused)]


def _counts(made: Made, stored: Stored) -> str:
    """How many lines there are of each kind."""
    told = [plural(stored.lines, "line"), plural(stored.bad_lines, "bad line")]
    told += [plural(made.doubled, "doubled line"), f"{made.back} out of order"]
    if stored.unended:
        told.append(f"{stored.unended} cut at the end of the newest file")
    return ", ".join(told)


def _last(found: Judged, output: Path, rows: Sequence[Row]) -> str:
    why = f" ({'; '.join(found.reasons)})" if found.reasons else ""
    return f"{found.verdict}: {output}, {plural(len(rows), 'interval')}{why}"

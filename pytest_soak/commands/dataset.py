"""`pytest-soak dataset`: feeds as rows of equal intervals, one JSON line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_soak.canonical import compact
from pytest_soak.commands.output import output_file
from pytest_soak.commands.rfc3339 import span_us
from pytest_soak.config.documents import parse_json
from pytest_soak.dataset.filters import load_filters
from pytest_soak.dataset.intervals import interval_rows
from pytest_soak.dataset.numbering import equal_fills, numbering, without_doubles
from pytest_soak.dataset.row import Row
from pytest_soak.dataset.summary import Judged, judged, totals
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.gates.engine import Verdict
from pytest_soak.observation.stored_feeds import Stored, read_feeds
from pytest_soak.storage.files import write_text
from pytest_soak.text import number, plural, table

DAY_MINUTES = 1440


class Request(NamedTuple):
    """What was typed."""

    feeds: Path
    begin: str | None
    end: str | None
    interval_min: int
    output: str


def dataset(request: Request, folder: Path, say: Callable[[str], None]) -> bool:
    """Write the rows, say what they come to; whether that is no FAIL.

    Raises SoakUsageError for what cannot be meant, ArtifactError where the file cannot be written.
    """
    if request.interval_min < 1 or DAY_MINUTES % request.interval_min:
        problem = f"expected minutes that divide {DAY_MINUTES}, got {request.interval_min}"
        raise SoakUsageError("--interval-min", problem)
    output = output_file(request.output, folder, "--output")
    stored = read_feeds(request.feeds, *span_us(request.begin, request.end))
    for told in stored.problems:
        say(one_line(str(told)))
    interval_us = request.interval_min * 60_000_000
    filters = load_filters()
    tables, doubled = without_doubles(stored.tables)
    numbers = numbering(tables, stored.start_us, stored.end_us)
    span = stored.start_us, stored.end_us
    lane = _lane(request.feeds)
    rows = list(interval_rows(tables, numbers, span, interval_us, lane, filters, stored.held))
    equal = equal_fills(tables["fills"])
    found = judged(rows, interval_us, stored.lines, stored.bad_lines, equal, filters.span)
    lines = (compact(row.model_dump(mode="json")) for row in rows)
    write_text(output, "".join(f"{line}\n" for line in lines))
    counts = f"{plural(doubled, 'doubled line')}, {numbers.back} out of order"
    say("\n".join(_lines(rows, interval_us, stored, counts)))
    say(one_line(_last(found, output, rows)))
    return found.verdict is not Verdict.FAIL


def _lane(feeds: Path) -> str:
    """The lane that an index beside the feeds names; empty without one."""
    try:
        index = parse_json((feeds / "INDEX.json").read_text(encoding="utf-8"), "INDEX.json").data
    except (OSError, ValueError):
        return ""
    lane = index.get("lane") if isinstance(index, dict) else None
    return lane if isinstance(lane, str) else ""


def _lines(rows: Sequence[Row], interval_us: int, stored: Stored, told: str) -> list[str]:
    """The KPIs of all rows beside those of the accepted ones, and why others were refused."""
    every = totals(rows, interval_us)
    kept = totals([row for row in rows if row.accepted], interval_us)
    cells = [("", "all", "accepted"), ("intervals", str(every.rows), str(kept.rows))]
    cells.append(("covered hours", number(every.hours), number(kept.hours)))
    cells += [(name, number(every.kpis[name]), number(kept.kpis[name])) for name in every.kpis]
    refused = [
        f"refused {row.interval_start}: {'; '.join(row.reasons)}" for row in rows if row.reasons
    ]
    counts = f"{plural(stored.lines, 'line')}, {plural(stored.bad_lines, 'bad line')}, {told}"
    return [*table(cells), *map(one_line, refused), counts]


def _last(found: Judged, output: Path, rows: Sequence[Row]) -> str:
    why = f" ({'; '.join(found.reasons)})" if found.reasons else ""
    return f"{found.verdict}: {output}, {plural(len(rows), 'interval')}{why}"

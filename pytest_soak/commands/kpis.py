"""`pytest-soak kpis`: the KPIs of a span of time, from feeds alone."""

from __future__ import annotations

from pathlib import Path

from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.feed_models import SpanKpis
from pytest_soak.commands.rfc3339 import span_us
from pytest_soak.engine.measure import measure
from pytest_soak.errors import SoakUsageError, TargetError, one_line
from pytest_soak.kpi.fed_by import without
from pytest_soak.kpi.summary import Summary
from pytest_soak.observation.feed_schema import FEEDS
from pytest_soak.observation.line_mapping import load_mapping
from pytest_soak.observation.stored_feeds import Asked, Stored, read_feeds
from pytest_soak.text import plural, table, utc_text

_CUT = "the span cuts; take whole windows"


def kpis(
    folder: Path, begin: str | None, end: str | None, mapping: Path | None = None
) -> tuple[SpanKpis, list[str]]:
    """The KPIs of [begin, end), by default of all that the feeds tell, and what is wrong.

    With the file of a `mapping`, the folder has a bot's own logs. Raises SoakUsageError for what is
    no span or mapping, and for feeds that cannot be read.
    """
    start_us, end_us = span_us(begin, end)
    asked = Asked(start_us, end_us, mapping=None if mapping is None else load_mapping(mapping))
    stored = read_feeds(folder, asked)
    summary = span_summary(stored, str(folder))
    problems = [one_line(str(problem)) for problem in stored.problems]
    return _document(folder, stored, summary), problems


def span_summary(stored: Stored, source: str) -> Summary:
    """The KPIs of the span that was read; none of what its feeds do not tell."""
    try:
        minutes = (stored.end_us - stored.start_us) / 60e6
        _, summary = measure(stored.observed(), None, minutes)
    except TargetError as error:
        raise SoakUsageError(source, str(error)) from None
    missing = {name: f"there is no feed {name}" for name in FEEDS if name not in stored.present}
    cut = {name: f"a line of {name} tells of a time that {_CUT}" for name in stored.cut}
    return without(summary, missing | cut)


def _document(folder: Path, stored: Stored, summary: Summary) -> SpanKpis:
    return SpanKpis(
        source=str(folder),
        meta=machine(),
        begin=utc_text(stored.start_us),
        end=utc_text(stored.end_us),
        lines=stored.lines,
        bad_lines=stored.bad_lines,
        unended_lines=stored.unended,
        faults=list(summary.faults),
        notes=list(summary.notes),
        kpis=summary.kpis,
        reasons=summary.reasons,
        samples=summary.samples,
        block_counts=summary.block_counts,
    )


def kpi_lines(found: SpanKpis) -> list[str]:
    """The table of KPIs, and what else was found."""
    told = [*(f"fault: {fault}" for fault in found.faults), *found.notes]
    bad = f", {plural(found.bad_lines, 'bad line')}" if found.bad_lines else ""
    last = f"{found.source}: {found.begin} to {found.end}, {plural(found.lines, 'line')}{bad}"
    return [*kpi_table(found), *map(one_line, [*told, last])]


def kpi_table(found: SpanKpis | Summary) -> list[str]:
    """A row for each KPI with its value, or why there is none."""
    rows = [
        (
            name,
            "n/a" if value is None else f"{value + 0.0:.6g}",
            str(found.samples[name]) if name in found.samples else "",
            found.reasons.get(name, ""),
        )
        for name, value in found.kpis.items()
    ]
    return table([("KPI", "value", "samples", ""), *rows])

"""`pytest-soak feed check`: what a desk asks of a recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import wrap

from pytest_soak.artifacts.feed_check import feed_check as document
from pytest_soak.artifacts.recording_models import FeedCheck
from pytest_soak.commands.feed_recordings import Given, opened
from pytest_soak.commands.output import output_file
from pytest_soak.errors import one_line
from pytest_soak.replay.survey import survey
from pytest_soak.replay.told import COUNTED
from pytest_soak.storage.files import write_json
from pytest_soak.text import number, plural

FAILED = 1
_WIDTH = 80


def feed_check(given: Given, json: str | None, folder: Path, say: Callable[[str], None]) -> int:
    """Check a recording, say what was found, and return the exit status: 1 with a fault.

    Raises SoakUsageError for what is no recording, ArtifactError for a file that cannot be
    written.
    """
    file = None if json is None else output_file(json, folder, "--json")
    recording, units, terms, sources = opened(given, folder, needs_receipt=False)
    found = survey(recording, units)
    shown = [source.shown for source in sources]
    check = document(shown, recording, units, terms, found)
    say("\n".join(lines_of(check)))
    if file is not None:
        write_json(file, check.data())
    return FAILED if check.faults else 0


def lines_of(check: FeedCheck) -> list[str]:
    """What was found, in lines of at most 80 columns; the verdict is the last one."""
    files = f"{len(check.files)} files" if len(check.files) > 1 else check.files[0]
    lines = [one_line(f"{files}: {check.source}{_symbol(check)}")]
    lines += _row("span", f"{check.span_s:,.1f} s, {check.begin} to {check.end}")
    lines += _row("rows", ", ".join(f"{count:,} {kind}" for kind, count in check.rows.items()))
    lines += _row("units", f"tick {check.tick:g}, lot {check.lot:g}{_contract(check)}")
    lines += _row("clock", _clock(check))
    percentiles = ", ".join(f"{name} {value:,.1f}" for name, value in check.latency_ms.items())
    lines += _row("latency", f"{percentiles} ms" if percentiles else "not recorded")
    lines += _row("book", _book(check))
    for name, count in check.counts.items():
        lines += _row("counted", f"{count:,} {COUNTED[name]}")
    for remark in check.remarks:
        lines += _row("remark", one_line(remark))
    verdict = "FAIL: " + "; ".join(check.faults) if check.faults else "PASS: nothing wrong with it"
    return [*lines, *wrap(verdict, _WIDTH, subsequent_indent="  ")]


def _symbol(check: FeedCheck) -> str:
    return "" if check.symbol is None else f", {check.symbol}"


def _contract(check: FeedCheck) -> str:
    if check.kind != "inverse":
        return ""
    value = check.contract_value
    worth = "value not known" if value is None else f"a contract is {number(value)} in quote"
    return f"; inverse, {worth}"


def _clock(check: FeedCheck) -> str:
    if check.clock_floor_ms is None:
        return "the venue's alone"
    drift = check.drift_ms_per_hour
    drifts = (
        "drift not known below 3 minutes" if drift is None else f"drift {drift:+.2f} ms an hour"
    )
    floor = f"receipt less the venue's time {check.clock_floor_ms:+,.1f} ms at least"
    return f"{floor}, {drifts}; moved by {check.clock_shift_ms:+,.1f} ms"


def _book(check: FeedCheck) -> str:
    gaps, off = plural(check.gaps, "gap"), plural(check.off_tick, "row")
    unknown = number(100 * check.no_book_share)
    return (
        f"{gaps}, {check.crossed_books:,} crossed, {off} off the tick, none known for {unknown} % "
        "of the time"
    )


def _row(name: str, text: str) -> list[str]:
    return wrap(f"{name:<9}{text}", _WIDTH, subsequent_indent=" " * 9)

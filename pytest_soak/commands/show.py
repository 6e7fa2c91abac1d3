"""`pytest-soak show`: one run in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pytest_soak.artifacts.models import IterSummary
from pytest_soak.artifacts.names import REPORT
from pytest_soak.artifacts.run_row import RUNNING, asked_of
from pytest_soak.artifacts.so_far import so_far
from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.calibration.stored import run_rates
from pytest_soak.commands.verdict import last_line
from pytest_soak.errors import escaped
from pytest_soak.merging.whole import check_whole, journal_of
from pytest_soak.report.beside import beside_lines
from pytest_soak.report.fitted import Column, table_lines, wrapped
from pytest_soak.report.lane_table import LaneLine, ended, kpi_columns, lane_table
from pytest_soak.report.rates import rate_lines
from pytest_soak.report.read import is_under_way
from pytest_soak.report.totals import money, row_of
from pytest_soak.storage.readers import is_file
from pytest_soak.text import NO_VALUE, plural, shortened, signed

UNDER_WAY, STOPPED = "under way", "stopped"
_LABEL, _NOTE = 9, 26


def show_lines(run: StoredRun, folder: Path, width: int, *, iterations: bool) -> Iterator[str]:
    """The run: what was soaked, its lanes, why they are not PASS, money, where its files are.

    Raises SoakUsageError where a file of it is damaged.
    """
    for label, text in _head(run):
        yield from wrapped(text, width, label, _LABEL)
    lanes = [*run.lanes, *_open(run)]
    if lanes:
        yield ""
        judged = [check.metric for lane in lanes for check in run.checks(lane)]
        yield from lane_table(list(_lane_lines(run)), judged, width)
    for lane in lanes if iterations else ():
        yield ""
        yield from _iteration_lines(run, lane, width)
    yield ""
    for label, text in _sums(run):
        yield from wrapped(text, width, label, _LABEL)
    for label, path in _places(run):
        yield label.ljust(_LABEL) + escaped(str(path))  # whole, to be copied
    yield ""
    for text in _judged(run, folder):
        yield from wrapped(text, width)
    yield from beside_lines(run.result.baseline, width)
    yield from wrapped(last_line(run), width)


def _open(run: StoredRun) -> list[str]:
    """The lanes that have not ended."""
    return [lane for lane in run.result.unfinished if lane not in run.lanes]


def _lane_lines(run: StoredRun) -> Iterator[LaneLine]:
    """Lanes that ended, and others as far as they came."""
    yield from map(ended, run.result.lanes)
    each = run.result.settings.get("iterations", "")
    planned = int(each) if each.isascii() and each.isdigit() else 0
    state = UNDER_WAY if is_under_way(run.folder) else STOPPED
    for lane in _open(run):
        if (final := run.final(lane)) is not None:
            yield ended(final.result)
            continue
        kept = run.files(lane).iterations
        found = so_far([one for _, one in sorted(kept.items())])
        yield LaneLine(
            lane,
            found.iterations,
            planned,
            found.counts,
            found.ungraded,
            found.medians,
            (),
            state,
        )


def _judged(run: StoredRun, folder: Path) -> Iterator[str]:
    """Why lanes are not PASS, and how often gates are wrong."""
    check_whole(run)
    for lane in run.result.lanes:
        if lane.reasons:
            yield f"{lane.lane}: {'; '.join(lane.reasons)}"
    for name in _open(run):
        journal = journal_of(run, name)
        if journal is not None and journal.complaint:
            yield f"{name}: {journal.complaint}"
    yield from rate_lines(run_rates(run, folder))


def _head(run: StoredRun) -> Iterator[tuple[str, str]]:
    result, settings = run.result, run.result.settings
    yield "run", f"{run.name}, {_state(run)}"
    began = str(result.meta.get("started", ""))
    took = "" if result.status == RUNNING else _took(result.meta)
    yield "began", f"{began[:19].replace('T', ' ') or NO_VALUE} UTC{took}"
    lanes = len({*run.lanes, *result.unfinished})
    yield "soaked", f"{result.source}: {plural(lanes, 'lane')}{_windows(settings)}"
    if asked := asked_of(settings):
        yield "with", asked
    gates = ", ".join(dict.fromkeys(lane.gate for lane in result.lanes)) or settings.get("gate", "")
    yield "gate", f"{gates} ({result.gate_mode})"
    if drills := sorted({drill for lane in result.lanes for drill in lane.drills}):
        yield "drills", f"{', '.join(drills)}: no evidence"


def _state(run: StoredRun) -> str:
    """Whether it goes on, and how far it is; of one that ended its status."""
    if run.result.status != RUNNING:
        return run.result.status
    lines = list(_lane_lines(run))
    done, planned = sum(x.iterations for x in lines), sum(x.planned for x in lines)
    state = UNDER_WAY if is_under_way(run.folder) else STOPPED
    return f"{state}, {done} of {plural(planned, 'iteration')} done"


def _took(meta: Mapping[str, Any]) -> str:
    """How long it took, from its start until its RESULT.json was written."""
    try:
        times = [datetime.fromisoformat(str(meta[key])) for key in ("written", "started")]
        return f", took {str(times[0] - times[1]).partition('.')[0]}"
    except (KeyError, ValueError, TypeError):
        return ""


def _windows(settings: Mapping[str, str]) -> str:
    if "iterations" not in settings:
        return ""
    return f", {settings['iterations']} x {settings.get('minutes', '?')} min"


def _iteration_lines(run: StoredRun, lane: str, width: int) -> list[str]:
    summaries = [one for _, one in sorted(run.files(lane).iterations.items())]
    if not summaries:
        return [shortened(f"{lane}: no iterations are kept", width)]
    kpis = [one.summary.model_extra or {} for one in summaries]
    notes = [_note(one) for one in summaries]
    judged = [check.metric for check in run.checks(lane)]
    columns = [
        Column("it", [str(one.iteration) for one in summaries], number=True),
        Column("phase", [one.summary.phase for one in summaries], spare=1000),
        *kpi_columns(judged, kpis),
        Column("verdict", [str(one.summary.verdict) for one in summaries]),
        Column("note", notes, least=_NOTE),
    ]
    return [shortened(lane, width), *table_lines(columns, width)]


def _note(one: IterSummary) -> str:
    """Why the iteration is not PASS, or how it was before grace softened it."""
    summary = one.summary
    if summary.verdict_reasons:
        return summary.verdict_reasons[0]
    return "" if summary.graded else "grace"


def _sums(run: StoredRun) -> Iterator[tuple[str, str]]:
    """Money and drift, over the iterations whose files are kept."""
    lanes = [
        [row_of(one.summary.model_extra or {}) for _, one in sorted(kept.items())]
        for kept in (run.files(lane).iterations for lane in (*run.lanes, *_open(run)))
    ]
    if text := money(lanes):
        yield "money", f"{text} (of {plural(sum(map(len, lanes)), 'iteration')})"
    for lane in run.result.lanes:
        for name, slope in lane.drifts.items():
            yield "drift", f"{lane.lane}: {name} {signed(slope)} an iteration"


def _places(run: StoredRun) -> Iterator[tuple[str, Path]]:
    report = run.folder / REPORT
    yield "files", run.folder
    if is_file(report):
        yield "report", report

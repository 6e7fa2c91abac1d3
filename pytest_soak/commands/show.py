"""`pytest-soak show`: one run in the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pytest_soak.artifacts.models import IterSummary
from pytest_soak.artifacts.names import LATEST, REPORT, RUNS
from pytest_soak.artifacts.run_row import RUNNING, RunRow
from pytest_soak.artifacts.stored_run import StoredRun, find_run, run_in
from pytest_soak.calibration.stored import run_rates
from pytest_soak.commands.runs import listed
from pytest_soak.commands.verdict import last_line, open_line
from pytest_soak.config.names import user_path
from pytest_soak.errors import SoakUsageError, escaped
from pytest_soak.merging.whole import check_whole
from pytest_soak.report.beside import beside_lines
from pytest_soak.report.fitted import Column, table_lines, wrapped
from pytest_soak.report.lane_table import kpi_columns, lane_table
from pytest_soak.report.read import is_under_way
from pytest_soak.storage.readers import is_file
from pytest_soak.text import NO_VALUE, number, plural, shortened, signed

_LABEL, _NOTE = 9, 26


def run_named(given: str, root: Path, base: Path) -> StoredRun:
    """The run that is meant: `latest`, its number in the list of `root`, its name, the beginning of
    one, or a path from `base`.

    Raises SoakUsageError where there is none, or more than one.
    """
    if given == LATEST:
        return run_in(root / LATEST)
    rows = listed(root, lambda _: None) if root.is_dir() else []
    asked = int(given) if re.fullmatch(r"[0-9]{1,6}", given) else 0
    if 1 <= asked <= len(rows):
        return run_in(root / rows[asked - 1].path)
    path = user_path(given, base, "RUN")
    if given and "\0" not in given and (run := find_run(path)) is not None:
        return run
    return _by_name(given, root, rows)


def _by_name(given: str, root: Path, rows: Sequence[RunRow]) -> StoredRun:
    found = [row for row in rows if given and given in (row.name, row.path.rpartition("/")[2])]
    found = found or [row for row in rows if given and _begins(row, given)]
    if len(found) == 1:
        return run_in(root / found[0].path)
    if found:
        some = ", ".join(row.name for row in found[:3])
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise SoakUsageError("RUN", f"{given!r} begins {len(found)} names: {some}{more}")
    there = f"{root} has {plural(len(rows), 'run')}"
    problem = f"no run {given!r}: {there}, and there is none at that path; see pytest-soak runs"
    raise SoakUsageError("RUN", problem)


def _begins(row: RunRow, given: str) -> bool:
    return row.name.startswith(given) or row.path.startswith(f"{RUNS}/{given}")


def show_lines(run: StoredRun, folder: Path, width: int, *, iterations: bool) -> Iterator[str]:
    """The run: what was soaked, its lanes, why they are not PASS, money, where its files are.

    Raises SoakUsageError where a file of it is damaged.
    """
    for label, text in _head(run):
        yield from wrapped(text, width, label, _LABEL)
    if run.result.lanes:
        yield ""
        judged = [check.metric for lane in run.lanes for check in run.checks(lane)]
        yield from lane_table(run.result.lanes, judged, width)
    for lane in run.lanes if iterations else ():
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


def _judged(run: StoredRun, folder: Path) -> Iterator[str]:
    """Why lanes are not PASS, how far others came, how often gates are wrong, and the verdict."""
    check_whole(run)
    for lane in run.result.lanes:
        if lane.reasons:
            yield f"{lane.lane}: {'; '.join(lane.reasons)}"
    yield from (open_line(run, lane) for lane in run.result.unfinished if lane not in run.lanes)
    lanes: dict[str, list[str]] = {}
    for name, text in run_rates(run, folder).items():
        lanes.setdefault(text, []).append(name)
    for text, names in lanes.items():
        yield f"{names[0] if len(names) == 1 else plural(len(names), 'lane')}: {text}"


def _head(run: StoredRun) -> Iterator[tuple[str, str]]:
    result, settings = run.result, run.result.settings
    stopped = result.status == RUNNING and not is_under_way(run.folder)
    yield "run", f"{run.name}, {'stopped' if stopped else result.status}"
    began = str(result.meta.get("started", ""))
    yield "began", f"{began[:19].replace('T', ' ') or NO_VALUE} UTC{_took(result.meta)}"
    lanes = len({*run.lanes, *result.unfinished})
    yield "soaked", f"{result.source}: {plural(lanes, 'lane')}{_windows(settings)}"
    gates = ", ".join(dict.fromkeys(lane.gate for lane in result.lanes)) or settings.get("gate", "")
    yield "gate", f"{gates} ({result.gate_mode})"
    if drills := sorted({drill for lane in result.lanes for drill in lane.drills}):
        yield "drills", f"{', '.join(drills)}: no evidence"


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
    kept = [one for lane in run.lanes for one in run.files(lane).iterations.values()]
    kpis = [one.summary.model_extra or {} for one in kept]

    def known(name: str) -> list[float]:
        return [float(row[name]) for row in kpis if row.get(name) is not None]

    parts = [
        f"{word} {form(make(values))}"
        for word, name, make, form in (
            ("PnL", "net_quote", sum, signed),
            ("volume", "volume_quote", sum, number),
            ("fills", "num_fills", sum, number),
            ("max drawdown", "max_drawdown_quote", max, number),
        )
        if (values := known(name))
    ]
    if parts:
        yield "money", f"{', '.join(parts)} (of {plural(len(kept), 'iteration')})"
    for lane in run.result.lanes:
        for name, slope in lane.drifts.items():
            yield "drift", f"{lane.lane}: {name} {signed(slope)} an iteration"


def _places(run: StoredRun) -> Iterator[tuple[str, Path]]:
    report = run.folder / REPORT
    yield "files", run.folder
    if is_file(report):
        yield "report", report

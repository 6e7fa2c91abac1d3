"""`pytest-soak compare`: stored runs beside a reference, each difference with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap

from pytest_soak.artifacts.compare_models import (
    ComparedKpi,
    ComparedLanes,
    ComparedRuns,
    Found,
    Measure,
)
from pytest_soak.artifacts.stored_run import StoredRun, run_in
from pytest_soak.comparing.document import document
from pytest_soak.comparing.findings import compare_groups
from pytest_soak.comparing.groups import groups_of
from pytest_soak.comparing.match import MINUTES, check_windows, match
from pytest_soak.errors import escaped, one_line
from pytest_soak.gates.engine import Verdict
from pytest_soak.merging.evidence import check_evidence
from pytest_soak.merging.whole import check_whole
from pytest_soak.text import table

EXIT_STATUS = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.HOLD: 3}
_WIDTH, _LONGEST_NAME, _MOST_WHOLE = 80, 21, 1e7


def compare(reference: Path, others: Sequence[Path]) -> ComparedRuns:
    """Compare every run with the reference; SoakUsageError for what cannot be compared at all."""
    first = _read(reference)
    groups, comparisons, notes = groups_of(first), [], _unfinished(first)
    for other in others:
        run = _read(other)
        check_windows(first, run.given, run.result.settings.get(MINUTES))
        matched = match(groups, groups_of(run))
        comparisons += [compare_groups(before, after) for before, after in matched.pairs]
        notes += [*_versions(first, run), *_unfinished(run), *matched.notes]
    return document(first.given, first.result.source, comparisons, notes)


def compared_lines(found: ComparedRuns) -> Iterator[str]:
    """Each comparison with its table, what else is to be known, the verdict."""
    for one in found.comparisons:
        yield one_line(f"{_title(one)} against {found.reference}: {_way(one)}")
        yield from map(one_line, one.notes)
        yield from _table(one)
        yield from _listed("ratios of sums, by volume (others: means of iterations)", _sums(one))
        yield from _listed(
            "identical", [kpi.kpi for kpi in one.kpis if kpi.found is Found.IDENTICAL]
        )
        yield from _listed("left out", [f"{kpi} ({why})" for kpi, why in one.left_out.items()])
        yield ""
    yield from map(one_line, found.notes)
    yield one_line(found.text)


def _read(given: Path) -> StoredRun:
    run = run_in(given)
    check_evidence(run.given, run.result.lanes)
    check_whole(run)
    run.check_files()
    return run


def _unfinished(run: StoredRun) -> list[str]:
    lanes = run.result.unfinished
    return [f"not finished in {run.given}, and left out: {', '.join(lanes)}"] if lanes else []


def _versions(reference: StoredRun, run: StoredRun) -> list[str]:
    old, new = (str(one.result.meta.get("pytest_soak", "unknown")) for one in (reference, run))
    told = f"{reference.given} was made by pytest-soak {old}, {run.given} by {new}"
    return [] if old == new else [told]


def _title(one: ComparedLanes) -> str:
    beside = "" if one.before == one.after else f", beside {one.before},"
    return f"{one.run}: {one.after} on {one.market}{beside}"


def _way(one: ComparedLanes) -> str:
    seeds = f", {len(one.seeds)} seeds" if len(one.seeds) > 1 else ""
    why = f" (not paired: {one.unpaired})" if one.unpaired else ""
    return f"{one.way}{seeds}{why}{f', {one.lacking}' if one.lacking else ''}"


def _table(one: ComparedLanes) -> Iterator[str]:
    rows = [_row(kpi) for kpi in one.kpis if kpi.found is not Found.IDENTICAL]
    if rows:
        yield from table([("KPI", "before", "difference, ± 95 %", "could see", "found"), *rows])


def _sums(one: ComparedLanes) -> list[str]:
    return [kpi.kpi for kpi in one.kpis if kpi.measure is Measure.SUMS]


def _row(kpi: ComparedKpi) -> tuple[str, ...]:
    name = escaped(kpi.kpi)
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME - 2]}.."
    sure = "" if kpi.half_width is None else f" ± {_short(kpi.half_width)}"
    see = "" if kpi.detectable is None else _short(kpi.detectable)
    sign = "+" if kpi.difference > 0 else ""
    return name, _short(kpi.before), f"{sign}{_short(kpi.difference)}{sure}", see, kpi.found


def _short(value: float) -> str:
    """In ten characters."""
    return f"{value:,.0f}" if 1000 <= abs(value) < _MOST_WHOLE else f"{value + 0.0:.4g}"


def _listed(what: str, texts: Sequence[str]) -> list[str]:
    return wrap(one_line(f"{what}: {', '.join(texts)}"), _WIDTH) if texts else []

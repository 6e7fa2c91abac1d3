"""`pytest-soak compare`: stored runs beside a reference, each difference with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap

from pytest_soak.artifacts.compare_models import ComparedKpi, ComparedLanes, ComparedRuns, Found
from pytest_soak.artifacts.stored_run import StoredRun, run_in
from pytest_soak.commands.output import output_file
from pytest_soak.comparing.runs import compare_runs
from pytest_soak.comparing.words import asides, title
from pytest_soak.errors import escaped, one_line
from pytest_soak.gates.engine import Verdict
from pytest_soak.merging.evidence import check_evidence
from pytest_soak.merging.whole import check_whole
from pytest_soak.report.page import comparison_text
from pytest_soak.storage.files import write_text
from pytest_soak.text import table

EXIT_STATUS = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.HOLD: 3}
_WIDTH, _LONGEST_NAME, _MOST_WHOLE = 80, 21, 1e7


def compare(reference: Path, others: Sequence[Path], html: Path | None = None) -> ComparedRuns:
    """Compare every run with the reference; also as a page in the file `html`.

    Raises SoakUsageError for what cannot be compared at all and for a file that cannot be one,
    ArtifactError for one that cannot be written.
    """
    page = None if html is None else output_file(str(html), Path.cwd(), "--html")
    first = _read(reference)
    found = compare_runs(first, [_read(other) for other in others])
    if page is not None:
        write_text(page, comparison_text(found))
    return found


def compared_lines(found: ComparedRuns) -> Iterator[str]:
    """Each comparison with its table, what else is to be known, the verdict."""
    for one in found.comparisons:
        yield one_line(title(one, found.reference))
        yield from map(one_line, one.notes)
        yield from _table(one)
        for aside in asides(one):
            yield from wrap(one_line(aside), _WIDTH)
        yield ""
    yield from map(one_line, found.notes)
    yield one_line(found.text)


def _read(given: Path) -> StoredRun:
    run = run_in(given)
    check_evidence(run.given, run.result.lanes)
    check_whole(run)
    run.check_files()
    return run


def _table(one: ComparedLanes) -> Iterator[str]:
    rows = [_row(kpi) for kpi in one.kpis if kpi.found is not Found.IDENTICAL]
    if rows:
        yield from table([("KPI", "before", "difference, ± 95 %", "could see", "found"), *rows])


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

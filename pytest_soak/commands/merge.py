"""`pytest-soak merge`: the runs of many machines as one run with one verdict."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from pytest_soak.artifacts.compare_models import ComparedRuns
from pytest_soak.artifacts.layout import Layout
from pytest_soak.artifacts.models import Comparison, RunResult
from pytest_soak.artifacts.names import (
    CHECKPOINT,
    COMPARISON,
    JOURNAL,
    LATEST,
    REPORT,
    RESULT,
    RUNTIME,
    TREND,
)
from pytest_soak.artifacts.stored_run import StoredRun, find_run, run_in
from pytest_soak.baseline.judge import judge_run
from pytest_soak.baseline.reference import Baseline, check_against, read_baseline
from pytest_soak.baseline.words import baseline_lines
from pytest_soak.calibration.stored import run_rates
from pytest_soak.commands.verdict import HELD
from pytest_soak.comparing.document import not_compared
from pytest_soak.comparing.groups import ended_lanes, groups_of
from pytest_soak.comparing.match import MINUTES
from pytest_soak.comparing.runs import compare_runs
from pytest_soak.engine.plan import succeeds
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.gates.engine import OF_ITERATIONS, Verdict, worst
from pytest_soak.gates.model import Gate, gate_shelf, load_gates
from pytest_soak.merging.alike import check_alike
from pytest_soak.merging.compare import compare
from pytest_soak.merging.evidence import check_evidence
from pytest_soak.merging.join import check_distinct, join
from pytest_soak.merging.whole import check_whole
from pytest_soak.report.differences import difference_rows
from pytest_soak.report.write import write_report
from pytest_soak.run.verdict import verdict_line
from pytest_soak.storage.files import opened, write_json, writing
from pytest_soak.storage.links import plain
from pytest_soak.storage.lock import locked
from pytest_soak.storage.readers import contents
from pytest_soak.text import plural, table

_OF_THE_RUN = {RESULT, COMPARISON, REPORT, TREND, JOURNAL, RUNTIME}
"""What a lane's folder may hold that is not the lane's, or not of use when it is over."""


class Merged(NamedTuple):
    """The one run, and how it differs from the reference if there is one."""

    result: RunResult
    comparison: Comparison | None


def merge(
    given: Sequence[Path],
    output: Path,
    against: Path | None,
    *,
    allow_different: bool,
    gates: Sequence[Gate] = (),
) -> Merged:
    """Join the runs in `given` as the latest run of the artifact root `output`.

    With `gates` the whole is judged beside the run `against`, by their limits of a change.

    Raises SoakUsageError when they do not go together, ArtifactError when it cannot be written.
    """
    runs, empty = _read(given, output)
    reference = None if against is None else run_in(against)
    for run in [*runs, *([reference] if reference else [])]:
        check_evidence(run.given, run.result.lanes)
    check_distinct(runs)
    for run in runs:
        check_whole(run)
        run.check_files()
    if not allow_different:
        check_alike(runs)
    baseline = read_baseline({str(against): against}) if against is not None and gates else None
    for run in runs:
        if baseline is not None and ended_lanes(run):
            check_against(baseline, run.given, run.result.settings.get(MINUTES), groups_of(run))
    result = join(runs, empty)
    layout = Layout(
        output, several_lanes=len({*result.unfinished, *(x.lane for x in result.lanes)}) > 1
    )
    with locked(output) if output.exists() else nullcontext():
        layout.prepare()
        for run in runs:
            _copy(run, layout)
        comparison = compared = None
        whole = StoredRun(str(output), layout.latest, result)
        if baseline is not None:
            result = _judged_beside(whole, baseline, gates)
        if reference is not None:
            comparison, compared = compare(whole, reference), _compared(reference, whole)
            write_json(layout.latest / COMPARISON, comparison.data())
        write_json(layout.result, result.data())
        rates = {k: v for run in runs for k, v in run_rates(run, Path.cwd()).items()}
        write_report(layout, layout.report, rates, compared)
    return Merged(result, comparison)


def gates_of(given: str, folder: Path) -> tuple[Gate, ...]:
    """The gate of that name or path, whose limits are of a change; SoakUsageError for another."""
    gates = load_gates(given, gate_shelf(folder), folder, "--gate")
    if not any(gate.needs_baseline for gate in gates):
        problem = f"{given} has no limit of a change; give no_worse, or a gate with `baseline:`"
        raise SoakUsageError("--gate", problem)
    return gates


def _compared(reference: StoredRun, run: StoredRun) -> ComparedRuns:
    """The run beside the reference for the report, or why nothing can be said."""
    try:
        check_whole(reference)
        return compare_runs(reference, [run])
    except SoakUsageError as error:
        return not_compared(reference.given, run, str(error))


def _judged_beside(run: StoredRun, baseline: Baseline, gates: Sequence[Gate]) -> RunResult:
    """What the run comes to beside its baseline: no better than it was before."""
    result = run.result
    if not ended_lanes(run):
        return result
    beside = judge_run(run, baseline, {lane.profile: gates for lane in result.lanes})
    found = worst([one.verdict for one in beside])
    verdict = None if result.verdict is None else worst([result.verdict, found])
    if found is Verdict.FAIL:
        verdict = found
    status = result.exit_status if verdict is result.verdict else 0
    if not succeeds(verdict, result.gate_mode):
        status = 1
    update = {
        "baseline": [*result.baseline, *(one for one in beside if one not in result.baseline)],
        "verdict": verdict,
        "exit_status": status,
    }
    return result.model_copy(update=update)


def merged_lines(merged: Merged) -> Iterator[str]:
    """What to print of it: the lanes, why each is not PASS, the comparison, the verdict."""
    lanes = merged.result.lanes
    rows = [["lane", "iterations", "pass/warn/fail", "verdict"]]
    for lane in lanes:
        counts = "/".join(str(lane.counts.get(v, 0)) for v in OF_ITERATIONS)
        rows.append(
            [lane.lane, f"{lane.iterations} of {lane.planned}", counts, lane.verdict or "-"]
        )
    yield from table(rows)
    for lane in lanes:
        yield from (one_line(f"{lane.lane}: {reason}") for reason in lane.reasons)
    if merged.comparison is not None:
        yield from comparison_lines(merged.comparison)
    yield from baseline_lines(merged.result.baseline)
    yield verdict_line(merged.result)


def merged_status(merged: Merged) -> int:
    """The exit status of the command."""
    held = merged.result.verdict is Verdict.HOLD
    return HELD if held else merged.result.exit_status or 0


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Which lanes are identical to the reference's, and how far the judged KPIs differ."""
    against = f"against {comparison.meta['reference']}"
    same = [pair for pair in comparison.lanes if pair.identical]
    iterations = plural(sum(pair.iterations for pair in same), "iteration")
    yield one_line(f"{against}: {plural(len(same), 'lane')} identical ({iterations})")
    for pair in comparison.lanes:
        if not pair.identical:
            yield one_line(f"{against}: {pair.lane}: {pair.difference}")
    for where, lanes in (
        ("only here", comparison.only_here),
        ("only in the reference", comparison.only_in_reference),
    ):
        if lanes:
            yield one_line(f"{against}: {where}: {', '.join(lanes)}")
    rows = difference_rows(comparison)
    if len(rows) > 1:
        yield from (one_line(line) if n else line for n, line in enumerate(table(rows)))


def _read(given: Sequence[Path], output: Path) -> tuple[list[StoredRun], list[str]]:
    runs, empty = [], []
    latest = (output / LATEST).resolve()
    for path in sorted(given):
        run = find_run(path)
        if run is None:
            empty.append(f"{path} (no {RESULT})")
        elif run.folder.resolve().is_relative_to(latest):
            raise SoakUsageError(
                "--output", f"{output} holds {path} as its latest run; give another"
            )
        else:
            runs.append(run)
    if not runs:
        raise SoakUsageError("DIR", f"there is no {RESULT} in {', '.join(map(str, sorted(given)))}")
    return runs, empty


def _copy(run: StoredRun, layout: Layout) -> None:
    homes = {run.home(lane): layout.lane(lane).home for lane in run.lanes}
    try:
        for path, content in contents(run.folder):
            first, slash, below = path.partition("/")
            home, name = ("", path) if "" in homes else (first + slash, below)
            if home not in homes or not _of_a_lane(name):
                continue
            target = homes[home] / name
            with writing(target), opened(plain(layout.root, target), "wb") as file:
                shutil.copyfileobj(content, file)
    except (OSError, ValueError) as error:
        raise SoakUsageError(str(run.folder), f"cannot be read: {error}") from None


def _of_a_lane(name: str) -> bool:
    first = name.partition("/")[0]
    return bool(name) and first not in _OF_THE_RUN and not first.startswith((".", CHECKPOINT))

"""`pytest-soak freeze`: a snapshot by hand, of a run that was found good."""

from __future__ import annotations

from pathlib import Path

from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.models import FinalSummary, IterSummary, LaneOutcome, ProductionSnapshot
from pytest_soak.artifacts.names import summary_name
from pytest_soak.artifacts.stored_run import final_of, read, result_says, run_around
from pytest_soak.artifacts.tuning import spread
from pytest_soak.canonical import state_hash
from pytest_soak.config.names import check_name
from pytest_soak.gates.engine import FINAL_WINDOW
from pytest_soak.merging.evidence import check_evidence
from pytest_soak.storage.files import write_json
from pytest_soak.storage.readers import is_file


def freeze(source: Path, output: Path, profile: str | None) -> ProductionSnapshot:
    """Write a snapshot of the lane whose `ITER_SUMMARY_final.json` (or folder) is `source`.

    Its KPIs are those of the last graded iterations beside that file. Raises SoakUsageError when
    the source is no finished lane, or one with a drill.
    """
    file = final_of(source)
    final = read(FinalSummary, file)
    result = final.result
    check_evidence(str(file), [result])
    if profile is not None:
        check_name(profile, "profile", "--profile")
    snapshot = ProductionSnapshot(
        source=final.source,
        lane=result.lane,
        profile=profile or result.profile,
        market=result.market,
        seed=result.seed,
        iteration=result.iterations,
        overrides=final.overrides,
        sources=final.sources,
        parameters=list(final.overrides),
        run=_run(file),
        rests_on=result.graded,
        kpis=spread(_graded(file.parent, result)),
        signature_hash=state_hash(final.overrides),
        meta=machine(),
    )
    write_json(output, snapshot.data())
    return snapshot


def _run(final: Path) -> str | None:
    """The name of the run that a lane's file lies in, if it says one."""
    folder = run_around(final)
    name = None if folder is None else result_says(folder, "meta", "run")
    return name if isinstance(name, str) else None


def _graded(folder: Path, result: LaneOutcome) -> list[dict[str, float | None]]:
    """The KPIs of the newest iterations that the verdict rests on."""
    found: list[dict[str, float | None]] = []
    for number in range(result.iterations, 0, -1):
        path = folder / summary_name(number)
        if len(found) == min(FINAL_WINDOW, result.graded) or not is_file(path):
            break
        summary = read(IterSummary, path).summary
        if summary.graded:
            found.append(dict(summary.__pydantic_extra__))
    return found

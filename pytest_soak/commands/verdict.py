"""`pytest-soak verdict`: what a run came to, by all that it left."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pytest_soak.artifacts.models import LaneOutcome
from pytest_soak.artifacts.names import BEGUN, LATEST
from pytest_soak.artifacts.stored_run import StoredRun, run_in
from pytest_soak.baseline.words import baseline_lines
from pytest_soak.calibration.stored import run_rates
from pytest_soak.errors import one_line
from pytest_soak.gates.engine import Verdict
from pytest_soak.merging.whole import check_whole, journal_of, outcome_line
from pytest_soak.run.verdict import verdict_line
from pytest_soak.storage.lock import in_use
from pytest_soak.text import plural

FAILED = 1
NOT_FINISHED = 2
HELD = 3


class Judged(NamedTuple):
    """The lines to print, and the exit status: 0 go, 1 no-go, 2 not finished."""

    lines: list[str]
    status: int


def verdict(given: Path, folder: Path) -> Judged:
    """What the run in `given` came to: an artifact root, a run's folder, or its archive.

    A lane that was judged has a second line: how often its gate is wrong, as far as calibrations
    tell, of which the user's lie in `folder`.

    Raises SoakUsageError where there is no run, where a file of it cannot be read, or where its
    RESULT.json says more than the lanes' files.
    """
    run = run_in(given)
    check_whole(run)
    lanes = [lane.lane for lane in run.result.lanes]
    rates = run_rates(run, folder)
    lines = [line for lane in run.result.lanes for line in _ended(lane, rates.get(lane.lane))]
    lines += [open_line(run, lane) for lane in run.result.unfinished if lane not in lanes]
    beside = baseline_lines(run.result.baseline)
    return Judged([*map(one_line, lines), *beside, last_line(run)], _status(run))


def _status(run: StoredRun) -> int:
    result = run.result
    if _overtaken(run):
        return NOT_FINISHED
    if any(lane.verdict is Verdict.FAIL for lane in result.lanes):
        return FAILED
    if result.status != "finished" or result.unfinished or result.verdict is None:
        return NOT_FINISHED
    if result.verdict is Verdict.HOLD:
        return HELD
    return FAILED if result.verdict is Verdict.FAIL or result.exit_status != 0 else 0


def _overtaken(run: StoredRun) -> bool:
    """Whether a session has begun since that left no run and did not come to its end."""
    return run.folder.name == LATEST and (run.folder.parent / BEGUN).exists()


def last_line(run: StoredRun) -> str:
    """What the whole run came to."""
    if _overtaken(run) and run.result.status != "running":
        return "NO VERDICT: a later session ended before its first lane; this is the run before it"
    if run.result.status != "running":
        return verdict_line(run.result)
    at_work = run.folder.name == LATEST and in_use(run.folder.parent)
    if at_work:
        return "NO VERDICT: still running"
    return "NO VERDICT: its process ended before it could conclude; go on with --soak-resume"


def open_line(run: StoredRun, lane: str) -> str:
    """How far a lane came that is not finished."""
    journal = journal_of(run, lane)
    done = len(journal.iterations) if journal else 0
    why = f"; {journal.complaint}" if journal and journal.complaint else ""
    return f"{lane}: not finished, {plural(done, 'iteration')} done{why}"


def _ended(lane: LaneOutcome, rates: str | None) -> list[str]:
    why = f": {'; '.join(lane.reasons)}" if lane.reasons else ""
    told = f"{lane.lane}: {outcome_line(lane)}{why}"
    return [told] if rates is None else [told, f"{lane.lane}: {rates}"]

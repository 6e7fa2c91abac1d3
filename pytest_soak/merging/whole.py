"""Whether what RESULT.json says of a run is what the files of its lanes say."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_soak.artifacts.lane_journal import Content, parse_journal
from pytest_soak.artifacts.models import LaneOutcome
from pytest_soak.artifacts.names import FINAL, JOURNAL, RESULT
from pytest_soak.artifacts.stored_run import StoredRun, is_there
from pytest_soak.engine.record import Ending
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.engine import Verdict, worst
from pytest_soak.storage.readers import read_bytes
from pytest_soak.text import plural


def check_whole(run: StoredRun) -> None:
    """Raise SoakUsageError where RESULT.json says more than the lanes, or they contradict it."""
    result = run.result
    if not result.lanes and not result.unfinished:
        raise SoakUsageError(str(run.folder / RESULT), "names no lane; get the whole run")
    for lane in result.lanes:
        for problem in _contradictions(run, lane):
            raise SoakUsageError(
                str(run.folder / run.home(lane.lane)),
                f"{RESULT} says {outcome_line(lane)}, but {problem}; get the whole run",
            )
    judged = {
        "a lane is": worst([lane.verdict for lane in result.lanes if lane.verdict]),
        "beside its baseline it is": worst([one.verdict for one in result.baseline]),
    }
    for what, verdict in judged.items():
        if result.verdict is not None and worst([verdict, result.verdict]) != result.verdict:
            problem = f"verdict: {result.verdict}, but {what} {verdict}; get the whole run"
            raise SoakUsageError(str(run.folder / RESULT), problem)


def outcome_line(lane: LaneOutcome) -> str:
    """A lane's verdict, and how far it came."""
    done = f"{lane.iterations} of {plural(lane.planned, 'iteration')}"
    return f"{lane.verdict or 'interrupted'}, {done}"


def journal_of(run: StoredRun, lane: str) -> Content | None:
    """The journal of a lane; None where there is none, as in a merged run."""
    path = run.folder / f"{run.home(lane)}{JOURNAL}"
    if not is_there(path):
        return None
    try:
        return parse_journal(str(path), read_bytes(path))
    except (OSError, ValueError) as error:
        raise SoakUsageError(str(path), f"cannot be read: {error}") from None


def _contradictions(run: StoredRun, lane: LaneOutcome) -> Iterator[str]:
    good = lane.verdict not in (None, Verdict.FAIL)
    final = run.final(lane.lane)
    if final is not None:
        if final.result != lane:
            yield f"{FINAL} does not"
    elif good:
        yield f"{FINAL} is missing"
    journal = journal_of(run, lane.lane)
    if journal is None:
        return
    if len(journal.iterations) != lane.iterations:
        yield f"the journal has {plural(len(journal.iterations), 'iteration')}"
    if good and journal.failures:
        yield f"the journal has a failed test: {journal.failures[0].cause}"
    if good and journal.end is not None and journal.end.ending is not Ending.COMPLETED:
        yield f"the journal says that it failed: {journal.end.cause}"

"""What a whole run says: one verdict and one line, in accord with its exit status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pytest_soak.artifacts.build import outcome
from pytest_soak.artifacts.models import LaneOutcome, RunResult
from pytest_soak.artifacts.names import PRODUCTION_SNAPSHOT, TUNING_REPORT
from pytest_soak.engine.plan import GateMode
from pytest_soak.engine.record import LaneResult
from pytest_soak.errors import one_line
from pytest_soak.gates.engine import Verdict, worst
from pytest_soak.text import plural


class Conclusion(NamedTuple):
    """The verdict of a run, None without one, and the line that says what was judged."""

    verdict: Verdict | None
    text: str


def conclude(results: Sequence[LaneResult], lanes: int, done: int, failed: str = "") -> Conclusion:
    """Judge a run: `lanes` were to be judged, `done` counts the iterations of all of them.

    `failed` says what failed beside the gates: it fails the run, though not its lane.
    """
    judged = [result.verdict for result in results if result.verdict is not None]
    if len(judged) < lanes and Verdict.FAIL not in judged:
        finished = f"{len(judged)} of {plural(lanes, 'lane')} finished"
        return Conclusion(None, f"NO VERDICT: {finished}, {plural(done, 'iteration')} done")
    verdict = worst(judged)
    targets = ", ".join(dict.fromkeys(result.target for result in results))
    outcomes = [outcome(result) for result in results]
    drilled = no_evidence(outcomes)
    frozen = len(results) == 1 and results[0].frozen and not drilled
    see = PRODUCTION_SNAPSHOT if frozen else TUNING_REPORT
    text = _judged(outcomes, lanes, _named(targets, results[0].gate_mode), see)
    text += drilled
    if failed and verdict is not Verdict.FAIL:
        return Conclusion(Verdict.FAIL, f"FAIL: {failed}; {text}")
    return Conclusion(verdict, text)


def verdict_line(result: RunResult) -> str:
    """What RESULT.json says of a run that is over: its verdict, on what, and who is to blame."""
    unfinished = f"not finished: {', '.join(result.unfinished)}" if result.unfinished else ""
    judged = [lane for lane in result.lanes if lane.verdict]
    if result.verdict is None:
        finished = plural(len(judged), "lane")
        return one_line(f"NO VERDICT: {finished} finished; {unfinished or result.status}")
    text = _judged(judged, len(judged), _named(result.source, result.gate_mode), TUNING_REPORT)
    if result.verdict is Verdict.FAIL and all(lane.verdict is not Verdict.FAIL for lane in judged):
        text = f"FAIL: something beside the gates failed; {text}"
    text += no_evidence(result.lanes)
    return one_line(f"{text}; {unfinished}" if unfinished else text)


def no_evidence(lanes: Sequence[LaneOutcome]) -> str:
    """What to say of drills, if there were any."""
    drills = dict.fromkeys(drill for lane in lanes for drill in lane.drills)
    return f"; no evidence: drill {', '.join(drills)}" if drills else ""


def _named(target: str, gate_mode: GateMode) -> str:
    return target + (", gate off" if gate_mode is GateMode.OFF else "")


def _judged(outcomes: Sequence[LaneOutcome], lanes: int, target: str, see: str) -> str:
    """The verdict on so many `lanes`, of which `outcomes` are known; `see` tells what was tuned."""
    if len(outcomes) == lanes == 1:
        return _of_one(outcomes[0], target, see)
    verdicts = {lane.lane: lane.verdict for lane in outcomes if lane.verdict}
    verdict = worst(list(verdicts.values()))
    found = {v: sum(given is v for given in verdicts.values()) for v in Verdict}
    counts = ", ".join(f"{number} {v}" for v, number in found.items() if number)
    bad = ", ".join(lane for lane, given in verdicts.items() if given is verdict)
    whom = "" if verdict is Verdict.PASS else f": {verdict} {bad}"
    tuned = sum(bool(lane.changed) for lane in outcomes)
    how = f" {tuned} of them as tuned, see {see}" if tuned else ""
    return f"{verdict} for {lanes} lanes ({counts}, {target}){how}{whom}"


def _of_one(lane: LaneOutcome, target: str, see: str) -> str:
    count = plural(lane.planned, "iteration")
    if lane.iterations != lane.planned:
        count = f"{lane.iterations} of {count}"
    changed = plural(len(lane.changed), "parameter")
    tuned = f" as tuned: {changed} changed, see {see}" if lane.changed else ""
    why = "" if lane.verdict is Verdict.PASS or not lane.reasons else f": {lane.reasons[0]}"
    what = f"{lane.profile} ({lane.variant})" if lane.variant else lane.profile
    return f"{lane.verdict} for {what} on {lane.market} ({count}, {target}){tuned}{why}"

"""What a whole run says: one verdict and one line, in accord with its exit status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pytest_soak.artifacts.baseline_models import AgainstBaseline
from pytest_soak.artifacts.build import outcome
from pytest_soak.artifacts.models import LaneOutcome, RunResult
from pytest_soak.artifacts.names import PRODUCTION_SNAPSHOT, TUNING_REPORT
from pytest_soak.baseline.words import baseline_sentence
from pytest_soak.config.recorded import PREFIX
from pytest_soak.engine.plan import GateMode
from pytest_soak.engine.record import LaneResult
from pytest_soak.errors import one_line
from pytest_soak.gates.engine import Verdict, worst
from pytest_soak.text import plural


class Conclusion(NamedTuple):
    """The verdict of a run, None without one, and the line that says what was judged."""

    verdict: Verdict | None
    text: str


def judged(results: Sequence[LaneResult], lanes: int) -> bool:
    """Whether there is a verdict on a run of so many lanes: all are over, or one FAILs."""
    verdicts = [result.verdict for result in results if result.verdict is not None]
    return len(verdicts) >= lanes or Verdict.FAIL in verdicts


def conclude(
    results: Sequence[LaneResult],
    lanes: int,
    done: int,
    failed: str = "",
    beside: Sequence[AgainstBaseline] = (),
) -> Conclusion:
    """Judge a run: `lanes` were to be judged, `done` counts the iterations of all of them.

    `failed` says what failed beside the gates: it fails the run, though not its lane. So does what
    is worse `beside` a baseline.
    """
    verdicts = [result.verdict for result in results if result.verdict is not None]
    if not judged(results, lanes):
        finished = f"{len(verdicts)} of {plural(lanes, 'lane')} finished"
        return Conclusion(None, f"NO VERDICT: {finished}, {plural(done, 'iteration')} done")
    targets = ", ".join(dict.fromkeys(result.target for result in results))
    outcomes = [outcome(result) for result in results]
    drilled = no_evidence(outcomes)
    frozen = len(results) == 1 and results[0].frozen and not drilled
    see = PRODUCTION_SNAPSHOT if frozen else TUNING_REPORT
    text = _judged(outcomes, lanes, _named(targets, results[0].gate_mode), see)
    text += on_exchange(outcomes) + on_recordings(outcomes)
    told = _with_baseline(Conclusion(worst(verdicts), text + drilled), beside)
    verdict, text = told
    if failed and verdict is not Verdict.FAIL:
        return Conclusion(Verdict.FAIL, f"FAIL: {failed}; {text}")
    return told


def _with_baseline(lanes: Conclusion, beside: Sequence[AgainstBaseline]) -> Conclusion:
    """What the lanes come to, and how they stand beside a baseline: the worse of both first."""
    if not beside:
        return lanes
    verdict = worst([one.verdict for one in beside])
    found = worst([verdict] if lanes.verdict is None else [lanes.verdict, verdict])
    texts = [lanes.text, baseline_sentence(beside)]
    return Conclusion(found, "; ".join(texts if found is lanes.verdict else reversed(texts)))


def verdict_line(result: RunResult) -> str:
    """What RESULT.json says of a run that is over: its verdict, on what, and who is to blame."""
    unfinished = f"not finished: {', '.join(result.unfinished)}" if result.unfinished else ""
    over = [lane for lane in result.lanes if lane.verdict]
    if result.verdict is None:
        finished = plural(len(over), "lane")
        return one_line(f"NO VERDICT: {finished} finished; {unfinished or result.status}")
    text = _judged(over, len(over), _named(result.source, result.gate_mode), TUNING_REPORT)
    said = on_exchange(result.lanes) + on_recordings(result.lanes) + no_evidence(result.lanes)
    lanes = Conclusion(worst([x.verdict for x in over if x.verdict]), text + said)
    verdict, text = _with_baseline(lanes, result.baseline)
    if result.verdict is Verdict.FAIL and verdict is not Verdict.FAIL:
        text = f"FAIL: something beside the gates failed; {text}"
    return one_line(f"{text}; {unfinished}" if unfinished else text)


def on_recordings(lanes: Sequence[LaneOutcome]) -> str:
    """What to say of limits where a recording is judged by those of a market."""
    recorded = any((lane.scenario_hash or "").startswith(PREFIX) for lane in lanes)
    return "; limits set for calm" if recorded else ""


def on_exchange(lanes: Sequence[LaneOutcome]) -> str:
    """On which exchanges of this machine, and what broke on them."""
    named = dict.fromkeys(lane.exchange for lane in lanes if lane.exchange)
    return f"; on {', '.join(named)}" if named else ""


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
    why = next(
        (lane.reasons[0] for lane in outcomes if lane.verdict is verdict and lane.reasons), ""
    )
    cause = f": {why}" if why and "," not in bad else f", the first: {why}" if why else ""
    whom = "" if verdict is Verdict.PASS else f": {verdict} {bad}{cause}"
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

"""What a whole session says: one verdict and one line, in accord with its exit status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pytest_soak.engine.record import LaneResult
from pytest_soak.gates.engine import Verdict, worst
from pytest_soak.report.words import of_several, plural


class Conclusion(NamedTuple):
    """The verdict of the session, None without one, and the line that says what was judged."""

    verdict: Verdict | None
    text: str


def conclude(
    results: Sequence[LaneResult], lanes: int, done: int, failed: Sequence[str]
) -> Conclusion:
    """Judge a session: `lanes` were to be judged, `done` counts the iterations of all of them.

    `failed` names what failed beside the gates: it fails the session, though not its lane.
    """
    judged = [result.verdict for result in results if result.verdict is not None]
    if len(judged) < lanes and Verdict.FAIL not in judged:
        finished = f"{len(judged)} of {plural(lanes, 'lane')} finished"
        return Conclusion(None, f"NO VERDICT: {finished}, {plural(done, 'iteration')} done")
    verdict = worst(judged)
    text = _of_one(results[0]) if len(results) == 1 else _of_several(results, lanes)
    if failed and verdict is not Verdict.FAIL:
        others = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        return Conclusion(Verdict.FAIL, f"FAIL: {failed[0]}{others} failed; {text}")
    return Conclusion(verdict, text)


def _of_one(result: LaneResult) -> str:
    count = plural(result.planned, "iteration")
    if result.iterations != result.planned:
        count = f"{result.iterations} of {count}"
    gate = ", gate off" if result.gate_mode == "off" else ""
    why = "" if result.verdict is Verdict.PASS or not result.reasons else f": {result.reasons[0]}"
    lane = result.lane
    return (
        f"{result.verdict} for {lane.profile} on {lane.market} "
        f"({count}, {result.target}{gate}){_as_tuned(result)}{why}"
    )


def _as_tuned(result: LaneResult) -> str:
    if not result.changed:
        return ""
    where = "PRODUCTION_SNAPSHOT.json" if result.frozen else "TUNING_REPORT.json"
    return f" as tuned: {plural(len(result.changed), 'parameter')} changed, see {where}"


def _of_several(results: Sequence[LaneResult], lanes: int) -> str:
    verdicts = {result.lane.id: result.verdict for result in results if result.verdict}
    targets = ", ".join(dict.fromkeys(result.target for result in results))
    targets += ", gate off" if results[0].gate_mode == "off" else ""
    return of_several(verdicts, lanes, targets, sum(bool(result.changed) for result in results))

"""What a stored run proves: its verdict, derived anew from what its lanes measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pytest_soak.ab.switched import NOT_TOLD
from pytest_soak.artifacts.models import LaneOutcome
from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.calibration.lanes import judged
from pytest_soak.calibration.stored import stored_lane
from pytest_soak.engine.plan import GateMode
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.engine import Check, Verdict, worst
from pytest_soak.gates.model import Gate
from pytest_soak.merging.whole import check_whole
from pytest_soak.run.verdict import no_evidence


class Wanted(NamedTuple):
    """What a run has to be of: the target, iterations of so many minutes, a lane of each seed.

    `version` is what the target says of itself; all of it has the same parameters and flags, and
    `gates` judge it.
    """

    target: str
    version: str
    market: str
    seeds: tuple[int, ...]
    iterations: int
    minutes: float
    overrides: dict[str, float]
    flags: dict[str, bool | float]
    gates: tuple[Gate, ...]


class Evidence(NamedTuple):
    """A verdict, the reasons for one that is no PASS, and what each gate said of each lane."""

    verdict: Verdict
    reasons: tuple[str, ...]
    checks: tuple[Check, ...] = ()


def evidence(run: StoredRun, wanted: Wanted) -> Evidence:
    """What `run` says of what was wanted, judged anew by its gates.

    Raises SoakUsageError for a run of something else, one that is not over, and one whose files
    contradict each other or tell too little.
    """
    check_whole(run)
    if run.result.status != "finished" or run.result.unfinished:
        raise SoakUsageError(run.given, f"the run is {run.result.status}, expected a finished one")
    if drilled := no_evidence(run.result.lanes):
        raise SoakUsageError(run.given, drilled.removeprefix("; "))
    seeds = tuple(sorted(lane.seed for lane in run.result.lanes))
    _same(run, "seeds", list(seeds), sorted(wanted.seeds))
    came = [_lane(run, lane, wanted) for lane in run.result.lanes]
    reasons = [reason for one in came for reason in one.reasons]
    checks = tuple(check for one in came for check in one.checks)
    return Evidence(worst([one.verdict for one in came]), tuple(reasons), checks)


def _lane(run: StoredRun, lane: LaneOutcome, wanted: Wanted) -> Evidence:
    recorded = stored_lane(run, lane)
    plan = recorded.plan
    for what, found, expected in (
        ("target", plan.target, wanted.target),
        ("target version", recorded.version or NOT_TOLD, wanted.version),
        ("market", plan.lane.market, wanted.market),
        ("iterations", lane.planned, wanted.iterations),
        ("minutes", plan.lane.minutes, wanted.minutes),
        ("overrides", dict(plan.overrides.values), wanted.overrides),
        ("flags", dict(plan.lane.config), wanted.flags),
    ):
        _same(run, what, found, expected)
    again = recorded.judged_by(wanted.gates, GateMode.HARD)
    result = judged(again.plan, again.done)
    if result.verdict is None:
        raise SoakUsageError(run.given, f"{lane.lane}: nothing of it can be judged")
    reasons = _reasons(lane.lane, result.verdict, result.reasons)
    return Evidence(result.verdict, reasons, result.judgement.checks)


def _reasons(lane: str, verdict: Verdict, reasons: Sequence[str]) -> tuple[str, ...]:
    if verdict is Verdict.PASS:
        return ()
    return tuple(f"{lane}: {reason}" for reason in reasons) or (f"{lane}: {verdict}",)


def _same(run: StoredRun, what: str, found: object, expected: object) -> None:
    if found != expected:
        problem = f"{what}: the run has {found}, the plan wants {expected}"
        raise SoakUsageError(run.given, problem)

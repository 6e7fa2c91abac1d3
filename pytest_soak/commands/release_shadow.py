"""`pytest-soak release shadow`: an hour of the candidate, by its latencies and its cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_soak.artifacts.budget_models import ShadowReport, StageBudgets
from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.models import LaneOutcome
from pytest_soak.artifacts.names import FEEDS
from pytest_soak.artifacts.stored_run import StoredRun, read, run_in
from pytest_soak.canonical import dumps
from pytest_soak.clock import Clock
from pytest_soak.commands.release_place import Asked, Place, Say, Worked, command, open_place
from pytest_soak.commands.release_step import (
    Measured,
    Step,
    answer,
    candidate_of,
    carry_out,
    put,
    run_folder,
    run_given,
    say_dry,
    wanted,
)
from pytest_soak.errors import SoakUsageError, TargetError
from pytest_soak.gates.engine import Verdict
from pytest_soak.observation.stored_feeds import read_feeds
from pytest_soak.release.budgets import stage_budgets
from pytest_soak.release.choice import Choice
from pytest_soak.release.evidence import evidence
from pytest_soak.release.hashes import file_hashes
from pytest_soak.release.layout import SHADOW_REPORT, SHADOW_TEXT, STAGE_BUDGETS
from pytest_soak.release.record import Outcome
from pytest_soak.release.session import Session
from pytest_soak.release.shadow import Judged, shadow_lines, shadow_report
from pytest_soak.release.steps import PREP, SHADOW, SOAK
from pytest_soak.report.release import shadow_text

_MINUTE_US = 60_000_000


def shadow(
    asked: Asked,
    minutes: float,
    more: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
    clock: Clock,
    say: Say,
    *,
    dry: bool = False,
    quiet: bool = False,
    given: str | None = None,
) -> Worked:
    """Soak the candidate for `minutes`, and hold it to the gate of the step.

    Exit status 0 PASS or WARN, 1 FAIL, 2 interrupted, 3 HOLD. Raises SoakUsageError for a target
    that is none to be measured, a step before that is not done, and a run that is no evidence.
    """
    place = open_place(asked, env, folder)
    step = _step(place, minutes, run_given(given, folder))
    if dry:
        paths = (STAGE_BUDGETS, SHADOW_REPORT, SHADOW_TEXT)
        return say_dry(place, step, more, paths, clock, say)
    return answer(SHADOW, carry_out(place, step, more, clock, say, quiet=quiet), say)


def _step(place: Place, minutes: float, given: StoredRun | None = None) -> Step:
    plan = place.choice.plan
    check_target(place.choice)
    session = Session(
        plan,
        candidate_of(place, "gate shadow"),
        plan.seeds[:1],
        1,
        minutes,
        plan.gates.shadow,
        run_folder(place, SHADOW),
        feeds=True,
    )
    wants = wanted(place.choice, session, place.choice.gates["shadow"])
    return Step(SHADOW, session, wants, lambda run: _judge(place, session, run), given=given)


def check_target(choice: Choice) -> None:
    """Refuse what has no latencies of its own, or might send orders."""
    at = choice.plan.at("target")
    if choice.plan.target == "mock":
        raise SoakUsageError(at, "mock has made-up KPIs; name a bot, or sim")
    can = None if choice.bot is None else choice.bot.can
    if can is not None and can.writes_feeds and not can.shadow:
        problem = "does not say that it sends no orders; give ProcessTarget(..., shadow=True)"
        raise SoakUsageError(at, f"{choice.plan.target} {problem} as module:attr")


def _judge(place: Place, session: Session, run: StoredRun) -> Measured:
    """The report of a run and its files; without ticks it is a FAIL, and there are no budgets."""
    try:
        budgets, report = _found(place, session, run)
    except TargetError as error:
        outcome = Outcome("FAIL", [str(error)])
        return Measured(outcome, [f"FAIL: shadow: {error}"], {"step": SHADOW, "verdict": "FAIL"})
    put(place, STAGE_BUDGETS, dumps(budgets.data()))
    put(place, SHADOW_REPORT, dumps(report.data()))
    put(place, SHADOW_TEXT, shadow_text(report))
    hashes = file_hashes(place.directory, [STAGE_BUDGETS, SHADOW_REPORT, SHADOW_TEXT])
    outcome = Outcome(report.verdict.value, report.reasons, hashes)
    return Measured(outcome, list(shadow_lines(report, _next(report))), report.data())


def _found(place: Place, session: Session, run: StoredRun) -> tuple[StageBudgets, ShadowReport]:
    """What a run comes to; TargetError where it has no ticks."""
    said = evidence(run, wanted(place.choice, session, place.choice.gates["shadow"]))
    (lane,) = run.result.lanes
    budgets = budgets_of(session, run, lane)
    report = shadow_report(
        Judged(said.verdict, said.reasons, said.checks),
        budgets,
        session.minutes,
        plan=session.plan.source,
        candidate=session.arm.digest,
        run=run.folder.relative_to(place.directory).as_posix(),
        source=session.plan.target,
        meta=machine(),
    )
    return budgets, report


def shadow_anew(place: Place) -> str:
    """The verdict of the run that there is; TargetError where it has no ticks."""
    minutes = read(ShadowReport, place.directory / SHADOW_REPORT).minutes
    session = _step(place, minutes).session
    return _found(place, session, run_in(session.directory))[1].verdict.value


def _next(report: ShadowReport) -> str:
    good = report.verdict in (Verdict.PASS, Verdict.WARN)
    return command(SOAK) if good else f"change the candidate, then {command(PREP)}"


def budgets_of(session: Session, run: StoredRun, lane: LaneOutcome) -> StageBudgets:
    """The budgets of a lane, from its feeds; TargetError where it has no ticks."""
    stored = read_feeds(run.folder / f"{run.home(lane.lane)}{FEEDS}")
    start = stored.start_us // _MINUTE_US * _MINUTE_US
    return stage_budgets(
        stored.observed().ticks,
        (start, start + round(session.minutes * _MINUTE_US)),
        lane=lane.lane,
        seed=lane.seed,
        flags_hash=lane.flags_hash or "",
        source=session.plan.target,
        meta=machine(),
    )

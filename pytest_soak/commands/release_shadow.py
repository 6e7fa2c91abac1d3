"""`pytest-soak release shadow`: an hour of the candidate, by its latencies and its cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_soak.artifacts.artifact import Artifact
from pytest_soak.artifacts.budget_models import ShadowReport, StageBudgets
from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.names import FEEDS
from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.canonical import dumps
from pytest_soak.clock import Clock
from pytest_soak.commands.release_place import Asked, Place, Say, Worked, command, open_place
from pytest_soak.commands.release_step import (
    Measured,
    Step,
    carry_out,
    check_before,
    run_folder,
)
from pytest_soak.errors import SoakUsageError, TargetError, one_line
from pytest_soak.gates.engine import Verdict
from pytest_soak.observation.stored_feeds import read_feeds
from pytest_soak.release.budgets import stage_budgets
from pytest_soak.release.choice import Choice
from pytest_soak.release.evidence import Wanted, evidence
from pytest_soak.release.inputs import file_hashes
from pytest_soak.release.layout import SHADOW_REPORT, SHADOW_TEXT, STAGE_BUDGETS
from pytest_soak.release.record import Outcome, Record
from pytest_soak.release.session import Session, arguments
from pytest_soak.release.shadow import Judged, shadow_lines, shadow_report
from pytest_soak.release.steps import PREP, SHADOW, SOAK
from pytest_soak.report.release import shadow_text
from pytest_soak.storage.files import write_text
from pytest_soak.storage.links import plain

_MINUTE_US = 60_000_000
_STATUS = {Verdict.PASS: 0, Verdict.WARN: 0, Verdict.FAIL: 1, Verdict.HOLD: 3}


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
) -> Worked:
    """Soak the candidate for `minutes`, and hold it to the gate of the step.

    Exit status 0 PASS or WARN, 1 FAIL, 2 interrupted, 3 HOLD. Raises SoakUsageError for a target
    that is none to be measured, a step before that is not done, and a run that is no evidence.
    """
    place = open_place(asked, env, folder)
    step = _step(place, minutes)
    if dry:
        return _only_said(place, step, more, clock, say)
    measured = carry_out(place, step, more, clock, say, quiet=quiet)
    if measured is None:
        say(f"interrupted: shadow; the same command goes on: {command(SHADOW)}")
        return Worked(2, {"step": SHADOW, "verdict": None})
    for line in measured.lines:
        say(one_line(line))
    return Worked(_STATUS[Verdict(measured.outcome.verdict)], measured.document)


def _step(place: Place, minutes: float) -> Step:
    choice, problems = place.choice, place.choice.problems
    _check_target(choice.plan.target)
    for what in ("target", "config", "control", "candidate", "gate shadow"):
        if what in problems:
            raise problems[what]
    plan, candidate = choice.plan, choice.candidate
    assert candidate is not None
    session = Session(
        plan,
        candidate,
        plan.seeds[:1],
        1,
        minutes,
        plan.gates.shadow,
        run_folder(place, SHADOW),
        feeds=True,
    )
    return Step(SHADOW, session, lambda run: _judge(place, session, run))


def _check_target(target: str) -> None:
    """Refuse what has no latencies of its own, or might send orders."""
    if target == "mock":
        raise SoakUsageError("target", "mock has made-up KPIs; name a bot, or sim")
    if target.startswith("process:"):
        problem = "a program cannot yet say that it sends no orders, so it has no shadow"
        raise SoakUsageError("target", problem)


def _only_said(place: Place, step: Step, more: Sequence[str], clock: Clock, say: Say) -> Worked:
    """Say the session's command, and every file that would be written."""
    entries = Record(place.directory, clock, say, only_read=True).entries
    check_before(place, SHADOW, entries, clock)
    given = arguments(step.session, more)
    say(one_line(f"would run python -m pytest {' '.join(given)}"))
    paths = [STAGE_BUDGETS, SHADOW_REPORT, SHADOW_TEXT]
    for path in paths:
        say(one_line(f"would write {place.directory / path}"))
    return Worked(0, {"step": SHADOW, "arguments": given, "files": paths})


def wanted(choice: Choice, session: Session) -> Wanted:
    """What a run of a session has to be of."""
    assert choice.scenario is not None
    gates = choice.gates["shadow"]
    assert gates is not None
    return Wanted(
        target=session.plan.target,
        market=session.plan.market,
        seeds=session.seeds,
        iterations=session.iterations,
        minutes=session.minutes,
        overrides=session.arm.overrides,
        flags=session.arm.flags,
        gates=gates,
    )


def _judge(place: Place, session: Session, run: StoredRun) -> Measured:
    """The report of a run and its files; without ticks it is a FAIL, and there are no budgets."""
    said = evidence(run, wanted(place.choice, session))
    below = run.folder.relative_to(place.directory).as_posix()
    of = {"source": session.plan.target, "meta": machine()}
    try:
        budgets = _budgets(session, run, of)
    except TargetError as error:
        outcome = Outcome("FAIL", [*said.reasons, str(error)])
        return Measured(outcome, [f"FAIL: shadow: {error}"], {"step": SHADOW, "verdict": "FAIL"})
    report = shadow_report(
        Judged(said.verdict, said.reasons, said.checks),
        budgets,
        session.minutes,
        plan=session.plan.source,
        candidate=session.arm.digest,
        run=below,
        **of,
    )
    paths = _write(place, budgets, report)
    outcome = Outcome(report.verdict.value, report.reasons, file_hashes(place.directory, paths))
    return Measured(outcome, list(shadow_lines(report, _next(report))), report.data())


def _next(report: ShadowReport) -> str:
    good = report.verdict in (Verdict.PASS, Verdict.WARN)
    return command(SOAK) if good else f"change the candidate, then {command(PREP)}"


def _budgets(session: Session, run: StoredRun, of: Mapping[str, object]) -> StageBudgets:
    (lane,) = run.result.lanes
    stored = read_feeds(run.folder / f"{run.home(lane.lane)}{FEEDS}")
    start = stored.start_us // _MINUTE_US * _MINUTE_US
    return stage_budgets(
        stored.observed().ticks,
        (start, start + round(session.minutes * _MINUTE_US)),
        lane=lane.lane,
        seed=lane.seed,
        flags_hash=lane.flags_hash or "",
        **of,
    )


def _write(place: Place, budgets: StageBudgets, report: ShadowReport) -> list[str]:
    written: dict[str, Artifact] = {STAGE_BUDGETS: budgets, SHADOW_REPORT: report}
    for path, artifact in written.items():
        _put(place, path, dumps(artifact.data()))
    _put(place, SHADOW_TEXT, shadow_text(report))
    return [*written, SHADOW_TEXT]


def _put(place: Place, path: str, text: str) -> None:
    file = plain(place.directory, place.directory / path)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, text, durable=True)

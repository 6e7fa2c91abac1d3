"""`pytest-soak release soak`: a day or more of the candidate, by the gate and the stop criteria."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_soak.artifacts.budget_models import ShadowReport
from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.finish_models import FinishLine
from pytest_soak.artifacts.release_models import PrepLog
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
from pytest_soak.gates.engine import Verdict
from pytest_soak.release.evidence import evidence
from pytest_soak.release.finish import finish_line, finish_lines, soaked_lane
from pytest_soak.release.hashes import file_hashes
from pytest_soak.release.layout import (
    CHECKLIST,
    FINISH_LINE,
    FINISH_TEXT,
    PRE_SOAK,
    PREP_LOG,
    SHADOW_REPORT,
    SOAK_START,
)
from pytest_soak.release.record import Outcome
from pytest_soak.release.session import Session, arguments
from pytest_soak.release.steps import DATASET, HOUR, PREP, SOAK
from pytest_soak.report.before_soak import checklist_text, pre_soak_text
from pytest_soak.report.release import finish_text, start_text

_FILES = (PRE_SOAK, SOAK_START, CHECKLIST, FINISH_LINE, FINISH_TEXT)


def soak(
    asked: Asked,
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
    """Soak the candidate for the plan's hours, an iteration each.

    Exit status and errors are those of `release shadow`.
    """
    place = open_place(asked, env, folder)
    step = _step(place, run_given(given, folder))
    if dry:
        return say_dry(place, step, more, _FILES, clock, say)
    measured = carry_out(
        place, step, more, clock, say, quiet=quiet, first=lambda: _write_start(place, step, more)
    )
    return answer(SOAK, measured, say)


def _step(place: Place, given: StoredRun | None = None) -> Step:
    plan = place.choice.plan
    session = Session(
        plan,
        candidate_of(place, "gate soak", "stop"),
        plan.seeds[:1],
        round(plan.hours.soak),
        HOUR,
        plan.gates.soak,
        run_folder(place, SOAK),
        stop=plan.stop,
        feeds=True,
    )
    wants = wanted(place.choice, session, place.choice.gates["soak"])
    return Step(SOAK, session, wants, lambda run: _judge(place, session, run), given=given)


def _write_start(place: Place, step: Step, more: Sequence[str]) -> None:
    """What is known before, what is going to be soaked, and what to look at meanwhile."""
    stop = place.choice.stop
    assert stop is not None
    given = arguments(step.session, place.choice.folder, more)
    line = f"python -m pytest {shlex.join(given)}"
    prep = read(PrepLog, place.directory / PREP_LOG)
    shadow = read(ShadowReport, place.directory / SHADOW_REPORT)
    put(place, PRE_SOAK, pre_soak_text(prep, shadow, step.session, stop))
    put(place, SOAK_START, start_text(step.session, line, stop))
    put(place, CHECKLIST, checklist_text(step.session, place.choice.folder, stop))


def _judge(place: Place, session: Session, run: StoredRun) -> Measured:
    report = _found(place, session, run)
    put(place, FINISH_LINE, dumps(report.data()))
    put(place, FINISH_TEXT, finish_text(report))
    hashes = file_hashes(place.directory, _FILES)
    outcome = Outcome(report.verdict.value, report.reasons, hashes)
    return Measured(outcome, list(finish_lines(report, _next(report))), report.data())


def soak_anew(place: Place) -> str:
    """The verdict of the run that there is."""
    session = _step(place).session
    return _found(place, session, run_in(session.directory)).verdict.value


def _found(place: Place, session: Session, run: StoredRun) -> FinishLine:
    said = evidence(run, wanted(place.choice, session, place.choice.gates["soak"]))
    lanes = [soaked_lane(lane, session.minutes, _kpis(run, lane.lane)) for lane in run.result.lanes]
    return finish_line(
        said,
        lanes,
        session.iterations * session.minutes / 60.0,
        plan=session.plan.source,
        candidate=session.arm.digest,
        gate=session.gate,
        criteria=session.stop,
        run=run.folder.relative_to(place.directory).as_posix(),
        source=session.plan.target,
        meta=machine(),
    )


def _kpis(run: StoredRun, lane: str) -> list[Mapping[str, float | None]]:
    return [one.summary.model_dump() for one in run.files(lane).iterations.values()]


def _next(report: FinishLine) -> str:
    good = report.verdict in (Verdict.PASS, Verdict.WARN)
    return command(DATASET) if good else f"change the candidate, then {command(PREP)}"

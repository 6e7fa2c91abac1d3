"""`pytest-soak release daily`: what a day of the soak came to, beside the days before it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.daily_models import DailyReport
from pytest_soak.artifacts.lock_models import LockedBudgets
from pytest_soak.artifacts.names import FEEDS
from pytest_soak.artifacts.stored_run import StoredRun, read, run_in
from pytest_soak.canonical import dumps
from pytest_soak.clock import Clock
from pytest_soak.commands.daily_feeds import Source, day_of, read_lane, report
from pytest_soak.commands.release_place import (
    Asked,
    Place,
    Say,
    Worked,
    command,
    open_place,
)
from pytest_soak.commands.release_step import Measured, answer, put, read_and_write, run_folder
from pytest_soak.gates.engine import Verdict
from pytest_soak.release.daily import NO_DATA
from pytest_soak.release.hashes import file_hashes
from pytest_soak.release.layout import DAILY_REPORTS, LOCKED_BUDGETS
from pytest_soak.release.record import Outcome
from pytest_soak.release.steps import DAILY, PREP, SOAK
from pytest_soak.report.daily import daily_lines, daily_text


def daily(
    asked: Asked, date: str | None, env: Mapping[str, str], folder: Path, clock: Clock, say: Say
) -> Worked:
    """Report a UTC day on the target's clock, by default the last whole one.

    Exit status 0 PASS or WARN, 1 FAIL. Raises SoakUsageError where a step before is not done, for
    feeds that cannot be read, and for a day that is none of theirs.
    """
    day = None if date is None else day_of(date)
    place = open_place(asked, env, folder)
    measured = read_and_write(
        place, DAILY, clock, say, lambda: _report(place, day), lambda found: _written(place, found)
    )
    return answer(DAILY, measured, say)


def _report(place: Place, day: int | None) -> DailyReport:
    criteria = place.choice.stop
    assert criteria is not None, "prep passed, so they can be used"
    run = run_in(run_folder(place, SOAK))
    lock = place.directory / LOCKED_BUDGETS
    return report(
        [read_lane(_source(run, lane), criteria) for lane in run.lanes],
        day,
        criteria,
        read(LockedBudgets, lock) if lock.exists() else None,
        LOCKED_BUDGETS,
        plan=place.choice.plan.source,
        run=run.folder.relative_to(place.directory).as_posix(),
        source=place.choice.plan.target,
        meta=machine(),
    )


def daily_anew(place: Place, date: str) -> str:
    """The verdict on the day that was reported."""
    return _report(place, day_of(date)).verdict.value


def _source(run: StoredRun, lane: str) -> Source:
    transitions = [one for told in run.files(lane).iterations.values() for one in told.stops]
    return Source(lane, run.folder / f"{run.home(lane)}{FEEDS}", transitions)


def _written(place: Place, found: DailyReport) -> Measured:
    paths = [f"{DAILY_REPORTS}/{found.date}{ending}" for ending in (".json", ".md")]
    put(place, paths[0], dumps(found.data()))
    put(place, paths[1], daily_text(found))
    outcome = Outcome(found.verdict.value, found.reasons, file_hashes(place.directory, paths))
    return Measured(outcome, list(daily_lines(found, _next(found))), found.data())


def _next(found: DailyReport) -> str:
    if found.verdict is not Verdict.FAIL:
        return command("status")
    if found.reasons == [NO_DATA]:
        return command(SOAK)
    return f"change the candidate, then {command(PREP)}"

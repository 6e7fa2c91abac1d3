"""`pytest-soak release lock --check`: a build held against the lock, as CI does it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.lock_models import GatesStatus, LockCheck, LockedBudgets
from pytest_soak.artifacts.names import LATEST, RESULT
from pytest_soak.artifacts.stored_run import StoredRun, run_in
from pytest_soak.canonical import dumps
from pytest_soak.clock import Clock
from pytest_soak.commands.release_locked import REPLACE, lock_in_force
from pytest_soak.commands.release_place import Asked, Place, Say, Worked, command, open_place
from pytest_soak.commands.release_rollback import finish_rollback
from pytest_soak.commands.release_shadow import budgets_of, check_target
from pytest_soak.commands.release_step import candidate_of, put, run_folder, wanted
from pytest_soak.errors import ArtifactError, SoakUsageError, TargetError, one_line
from pytest_soak.gates.engine import Verdict, worst
from pytest_soak.gates.model import Gate, gate_shelf, load_gates
from pytest_soak.release.child import INTERRUPTED, run_pytest
from pytest_soak.release.evidence import evidence
from pytest_soak.release.inputs import versions
from pytest_soak.release.judged import STATUS
from pytest_soak.release.layout import GATES_STATUS, GATES_TEXT, LOCKED_BUDGETS
from pytest_soak.release.lock import seeds_of
from pytest_soak.release.lock_check import MACHINE, check, others, same
from pytest_soak.release.rules import CI_BASELINE
from pytest_soak.release.session import Session, arguments
from pytest_soak.release.steps import LOCK
from pytest_soak.report.github import github_step, harmless
from pytest_soak.report.github_lock import lock_annotations, lock_summary
from pytest_soak.report.release_lock import check_line, status_lines, status_text
from pytest_soak.system import machine_class

_RUN = "lock-check"
"""The folder of its runs, beside those of the steps."""
_COMMAND = f"{command(LOCK)} --check"


class _Build(NamedTuple):
    """What is held against a lock: `exact` says that its runs are to be those of the lock."""

    place: Place
    locked: LockedBudgets
    session: Session
    gates: tuple[Gate, ...]
    exact: bool
    notes: Sequence[str]


class _Came(NamedTuple):
    """What a build came to; `same` counts runs that were as they were, None where it says nothing.

    `run` is None where nothing was run.
    """

    verdict: Verdict
    reasons: Sequence[str]
    checks: Sequence[LockCheck] = ()
    same: int | None = None
    run: StoredRun | None = None


def check_lock(
    asked: Asked,
    runs: int | None,
    more: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
    clock: Clock,
    say: Say,
    *,
    dry: bool = False,
    quiet: bool = False,
) -> Worked:
    """Soak the candidate as the lock was made, hold it to the lock, and write what it came to.

    It needs no step done and adds none to the ledger. Exit status 0 PASS, 1 FAIL, 2 interrupted, 3
    HOLD where too little is known. Raises SoakUsageError for a lock that is none or is of another
    target, for `runs` of a bot that does the same again, and for a session that made no run.
    """
    place = open_place(asked, env, folder)
    build = _build(place, lock_in_force(place), runs)
    given = arguments(build.session, place.choice.folder, more)
    if dry:
        say(one_line(f"would run python -m pytest {shlex.join(given)}"))
        for path in (GATES_STATUS, GATES_TEXT):
            say(one_line(f"would write {place.directory / path}"))
        return Worked(0, {"arguments": given, "files": [GATES_STATUS, GATES_TEXT]})
    finish_rollback(place, clock, say)
    came = _of_another_machine(build) or _measured(build, given, say, quiet=quiet)
    if came is None:
        say(f"interrupted: the same command begins anew: {_COMMAND}")
        return Worked(INTERRUPTED, {"verdict": None})
    status = _status(build, came)
    put(place, GATES_STATUS, dumps(status.data()))
    put(place, GATES_TEXT, status_text(status))
    _tell(status, env, say)
    return Worked(STATUS[status.verdict], status.data())


def _build(place: Place, locked: LockedBudgets, runs: int | None) -> _Build:
    plan, design = place.choice.plan, locked.design
    check_target(place.choice)
    if locked.source != plan.target:
        problem = f"is of {locked.source}, and the plan has {plan.target}; lock that, {REPLACE}"
        raise SoakUsageError(str(place.directory / LOCKED_BUDGETS), problem)
    candidate = candidate_of(place)
    changed = list(others(locked, versions(place.choice)))
    exact = _deterministic(place, locked) and not changed
    if exact and runs is not None:
        problem = f"{plan.target} does the same again, so it is held to the runs of the lock alone"
        raise SoakUsageError("--runs", f"{problem}; leave it out")
    if locked.candidate != candidate.digest:
        changed.append("the candidate is another one than was locked")
    session = Session(
        replace(plan, market=design.market),
        candidate,
        seeds_of(design.seeds, runs or len(design.seeds)),
        1,
        design.minutes,
        CI_BASELINE,
        run_folder(place, _RUN),
        feeds=True,
    )
    base = place.choice.folder
    gates = load_gates(CI_BASELINE, gate_shelf(base), base, "gate")
    return _Build(place, locked, session, gates, exact, changed)


def _deterministic(place: Place, locked: LockedBudgets) -> bool:
    bot = place.choice.bot
    return locked.design.deterministic and bot is not None and bot.can.deterministic


def _of_another_machine(build: _Build) -> _Came | None:
    """HOLD where the noise of the lock is that of another kind of machine."""
    was, now = build.locked.meta.get(MACHINE, "one that is not told"), machine_class()
    if _deterministic(build.place, build.locked) or was == now:
        return None
    why = f"the lock was made on another machine ({was}) than this one ({now})"
    return _Came(Verdict.HOLD, [f"{why}; check on such a one, or lock on this one: {REPLACE}"])


def _measured(build: _Build, given: Sequence[str], say: Say, *, quiet: bool) -> _Came | None:
    """Run the session; None where it was interrupted."""
    say(one_line(f"python -m pytest {shlex.join(given)}"))
    before = _stamp(build.session.directory)
    status = run_pytest(given, build.place.choice.folder, sys.stderr if quiet else None)
    if status == INTERRUPTED:
        return None
    if _stamp(build.session.directory) == before:
        problem = f"the session ended by {status} and made no run, see above; mend that"
        raise SoakUsageError(_COMMAND, problem)
    return _judged(build, run_in(build.session.directory))


def _stamp(directory: Path) -> tuple[int, int] | None:
    """What tells the newest run from the one before."""
    try:
        found = (directory / LATEST / RESULT).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _judged(build: _Build, run: StoredRun) -> _Came:
    said = evidence(run, wanted(build.place.choice, build.session, build.gates))
    try:
        budgets = [budgets_of(build.session, run, lane) for lane in run.result.lanes]
    except TargetError as error:
        return _Came(Verdict.FAIL, [*said.reasons, str(error)], run=run)
    checks = check(build.locked, budgets, exact=build.exact)
    reasons = [check_line(one) for one in checks if one.verdict is not Verdict.PASS]
    verdict = worst([said.verdict, *(one.verdict for one in checks)])
    alike = same(build.locked, budgets) if build.exact else None
    return _Came(verdict, [*reasons, *said.reasons], checks, alike, run)


def _status(build: _Build, came: _Came) -> GatesStatus:
    place, session = build.place, build.session
    run = None if came.run is None else came.run.folder.relative_to(place.directory).as_posix()
    return GatesStatus(
        source=session.plan.target,
        meta={**machine(), MACHINE: machine_class()},
        plan=session.plan.source,
        verdict=came.verdict,
        reasons=list(came.reasons),
        candidate=session.arm.digest,
        lock=build.locked.number,
        lock_sha256=sha256((place.directory / LOCKED_BUDGETS).read_bytes()).hexdigest(),
        exact=build.exact,
        same=came.same,
        seeds=list(session.seeds),
        minutes=session.minutes,
        market=session.plan.market,
        checks=list(came.checks),
        notes=list(build.notes),
        run=run,
    )


def _tell(status: GatesStatus, env: Mapping[str, str], say: Say) -> None:
    """Say what a build came to; in a step of GitHub Actions also as its runner shows it."""
    *lines, last = map(one_line, status_lines(status, _next(status)))
    github = github_step(env)
    if github is not None:
        lines = [github.stop(), *lines, github.resume(), *lock_annotations(status)]
        last = harmless(last)
        try:
            github.append(lock_summary(status, last))
        except ArtifactError as error:
            say(one_line(f"ERROR: {error}"))
    for line in (*lines, last):
        say(line)


def _next(status: GatesStatus) -> str:
    if status.verdict is Verdict.FAIL:
        return f"change the candidate, or {REPLACE}"
    more = status.verdict is Verdict.HOLD and status.run is not None
    return f"{_COMMAND} --runs=N" if more else ""

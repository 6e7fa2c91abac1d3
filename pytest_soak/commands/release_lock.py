"""`pytest-soak release lock`: how long the stages take, over several runs, for later builds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pytest_soak.artifacts.budget_models import ShadowReport, StageBudgets
from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.ledger import Entry
from pytest_soak.artifacts.lock_models import LockDesign, LockedBudgets, LockReport
from pytest_soak.artifacts.stored_run import StoredRun, read, run_in
from pytest_soak.canonical import dumps
from pytest_soak.clock import Clock
from pytest_soak.commands.release_locked import (
    REPLACE,
    check_keepable,
    is_locked,
    keep_lock,
    lock_in_force,
    next_number,
    successive,
)
from pytest_soak.commands.release_place import Asked, Place, Say, Worked, command, open_place
from pytest_soak.commands.release_shadow import budgets_of, check_target
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
from pytest_soak.errors import SoakUsageError, TargetError, escaped
from pytest_soak.gates.engine import Verdict
from pytest_soak.release.evidence import evidence
from pytest_soak.release.hashes import file_hashes
from pytest_soak.release.inputs import versions
from pytest_soak.release.layout import LOCK_REPORT, LOCK_TEXT, LOCKED_BUDGETS, SHADOW_REPORT
from pytest_soak.release.lock import (
    TOTAL,
    budgets_digest,
    caches,
    least_runs,
    refusals,
    seeds_of,
    stage_baseline,
)
from pytest_soak.release.lock_chain import drift, is_same
from pytest_soak.release.lock_check import MACHINE
from pytest_soak.release.record import Outcome, Record
from pytest_soak.release.rules import lock_gates
from pytest_soak.release.session import Session
from pytest_soak.release.steps import DAILY, HOUR, LOCK, NO_AB, SHADOW
from pytest_soak.report.release_lock import drift_lines, lock_text
from pytest_soak.system import machine_class
from pytest_soak.text import plural

_PATHS = (LOCKED_BUDGETS, LOCK_REPORT, LOCK_TEXT)
_REPLACE = "replace"
"""The key of an event's `plan` that says why a lock is replaced."""


class _Found(NamedTuple):
    """PASS, FAIL or HOLD, and why; the budgets of each run that makes a lock.

    `exact` says that the target does the same again.
    """

    verdict: str
    reasons: Sequence[str]
    budgets: list[StageBudgets]
    exact: bool


def lock(
    asked: Asked,
    more: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
    clock: Clock,
    say: Say,
    *,
    replace: str | None = None,
    no_ab: bool = False,
    dry: bool = False,
    quiet: bool = False,
    given: str | None = None,
) -> Worked:
    """Soak the candidate for an hour on several seeds, and lock how long its stages took.

    A lock that is there is kept beside, and `replace` says why it is replaced. With `no_ab` it
    waits for no A/B, which is put on the ledger. Exit status 0, 1 FAIL, 2 interrupted, 3 HOLD where
    the runs are too few or too noisy. Errors are those of
    `release shadow`, and SoakUsageError for a lock that is there without a reason to replace it.
    """
    place = open_place(asked, env, folder)
    reason = None if replace is None else escaped(replace)
    step = _step(place, clock, reason, run_given(given, folder), no_ab=no_ab)

    def may() -> None:
        check_shadow(place)
        _check_replace(place, Record(place.directory, clock, say, only_read=True).entries, reason)

    if dry:
        may()
        return say_dry(place, step, more, _PATHS, clock, say)
    return answer(LOCK, carry_out(place, step, more, clock, say, quiet=quiet, first=may), say)


def check_shadow(place: Place) -> None:
    """Raise SoakUsageError behind a shadow that was no whole hour."""
    path = place.directory / SHADOW_REPORT
    if path.exists() and (shadow := read(ShadowReport, path)).short:
        problem = f"the shadow was short, {shadow.minutes:g} of {HOUR:g} minutes"
        raise SoakUsageError(command(LOCK), f"{problem}; {command(SHADOW)} first")


def _check_replace(place: Place, entries: Sequence[Entry], reason: str | None) -> None:
    """Raise SoakUsageError where a lock would be replaced without a reason, or none is there."""
    if reason == "":
        raise SoakUsageError("--replace", "expected the reason, e.g. --replace='new exchange'")
    if not is_locked(place):
        if reason is not None:
            raise SoakUsageError("--replace", "there is no lock to replace; leave it out")
        return
    check_keepable(place, lock_in_force(place))
    last = next((entry for entry in reversed(entries) if entry.step == LOCK), None)
    its_own = last is not None and last.verdict is None and _REPLACE not in last.plan
    if reason is None and not its_own:
        raise _no_reason(place)


def _no_reason(place: Place) -> SoakUsageError:
    problem = f"is there already, and is kept beside a new one; say why: {REPLACE}"
    return SoakUsageError(str(place.directory / LOCKED_BUDGETS), problem)


def _step(
    place: Place,
    clock: Clock,
    reason: str | None,
    given: StoredRun | None = None,
    *,
    no_ab: bool = False,
) -> Step:
    plan = place.choice.plan
    check_target(place.choice)
    session = Session(
        plan,
        candidate_of(place, "gate shadow"),
        seeds_of(plan.seeds, least_runs(exact=_is_exact(place))),
        1,
        HOUR,
        plan.gates.shadow,
        run_folder(place, LOCK),
        feeds=True,
    )
    plan_of_it: dict[str, Any] = {} if reason is None else {_REPLACE: reason}
    plan_of_it |= {NO_AB: True} if no_ab else {}
    wants = wanted(place.choice, session, place.choice.gates["shadow"])
    return Step(
        LOCK,
        session,
        wants,
        lambda run: _judge(place, session, run, clock, reason),
        plan_of_it,
        given=given,
    )


def _judge(
    place: Place, session: Session, run: StoredRun, clock: Clock, reason: str | None
) -> Measured:
    try:
        verdict, why, budgets, exact = _found(place, session, run)
    except TargetError as error:
        return _without("FAIL", [str(error)])
    if verdict != "PASS":
        return _without(verdict, why)
    locked = _kept(place, lock_of(place, session, budgets, clock, exact=exact), reason)
    report = _report(place, session, locked)
    put(place, LOCK_REPORT, dumps(report.data()))
    put(place, LOCK_TEXT, lock_text(report))
    outcome = Outcome("PASS", report.notes, file_hashes(place.directory, _PATHS))
    return Measured(outcome, list(_lines(report)), report.data())


def _found(place: Place, session: Session, run: StoredRun) -> _Found:
    """Whether a run makes a lock; TargetError where one of its lanes has no ticks."""
    said = evidence(run, wanted(place.choice, session, place.choice.gates["shadow"]))
    exact = _is_exact(place)
    if said.verdict is Verdict.FAIL:
        return _Found("FAIL", said.reasons, [], exact)
    budgets = [budgets_of(session, run, lane) for lane in run.result.lanes]
    why = list(refusals(budgets, lock_gates(), exact=exact))
    return _Found("HOLD" if why else "PASS", why, budgets, exact)


def _is_exact(place: Place) -> bool:
    """Whether the target does the same again."""
    bot = place.choice.bot
    return bot is not None and bot.can.deterministic


def lock_anew(place: Place, clock: Clock) -> str:
    """The verdict of the run that there is; TargetError where one of its lanes has no ticks."""
    session = _step(place, clock, None).session
    return _found(place, session, run_in(session.directory)).verdict


def _kept(place: Place, locked: LockedBudgets, reason: str | None) -> LockedBudgets:
    """Write the lock behind the one that is there, unless that says the same; the one in force."""
    if is_locked(place):
        former = lock_in_force(place)
        if is_same(former, locked):
            return former
        if reason is None:
            raise _no_reason(place)
        locked = locked.model_copy(update={"replaces": keep_lock(place, former, reason)})
    locked = locked.model_copy(update={"number": next_number(place)})
    put(place, LOCKED_BUDGETS, dumps(locked.data()))
    return locked


def _report(place: Place, session: Session, locked: LockedBudgets) -> LockReport:
    locks, notes = successive(place, locked)
    return LockReport(
        source=locked.source,
        meta=machine(),
        plan=session.plan.source,
        path=LOCKED_BUDGETS,
        sha256=file_hashes(place.directory, [LOCKED_BUDGETS])[LOCKED_BUDGETS],
        lock=locked,
        first=locks[0].number,
        drift=drift(locks),
        notes=list(notes),
    )


def _without(verdict: str, reasons: Sequence[str]) -> Measured:
    """A lock that is none."""
    then = f"mend that, then {command(LOCK)}"
    line = f"{verdict}: lock: {'; '.join(reasons)}; next: {then}"
    outcome = Outcome("FAIL" if verdict == "FAIL" else "HOLD", list(reasons))
    return Measured(outcome, [line], {"step": LOCK, "verdict": verdict, "reasons": list(reasons)})


def lock_of(
    place: Place, session: Session, runs: Sequence[StageBudgets], clock: Clock, *, exact: bool
) -> LockedBudgets:
    """The lock of runs that make one, as if it were the first."""
    stages = {
        stage: stage_baseline([run.stages[stage].p95_ms for run in runs])
        for stage in runs[0].stages
    }
    return LockedBudgets(
        source=session.plan.target,
        meta={**machine(), MACHINE: machine_class()},
        number=1,
        replaces=None,
        locked=clock.now().isoformat(),
        candidate=session.arm.digest,
        baseline=stages,
        tick_total=stage_baseline([run.tick_total.p95_ms for run in runs]),
        md_cache=caches(runs),
        md_cache_hit_ratio=min(run.md_cache.hit_ratio for run in runs),
        deadline_miss_ratio=max(run.tick_total.deadline_miss_ratio for run in runs),
        gates=lock_gates(),
        design=LockDesign(
            seeds=list(session.seeds),
            minutes=session.minutes,
            market=session.plan.market,
            deterministic=exact,
        ),
        flags_hash=runs[0].flags_hash,
        versions=versions(place.choice),
        sources={run.lane: budgets_digest(run) for run in runs},
    )


def _lines(report: LockReport) -> Iterator[str]:
    locked = report.lock
    for name, one in {**locked.baseline, TOTAL: locked.tick_total}.items():
        runs = plural(len(one.runs), "run")
        yield f"{name}: p95 {one.p95_ms:.4g} ms over {runs}, sd {one.rel_sd:.2%}"
    yield f"md_cache: hit ratio {locked.md_cache.hit_ratio:.4g}"
    yield from drift_lines(report)
    yield from (f"NOTE: {note}" for note in report.notes)
    count = plural(len(locked.tick_total.runs), "run")
    yield f"PASS: lock {locked.number} of {count}; next: {command(DAILY)}"

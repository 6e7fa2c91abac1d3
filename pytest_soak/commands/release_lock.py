"""`pytest-soak release lock`: how long the stages take, over several runs, for later builds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from pytest_soak.artifacts.budget_models import LockDesign, LockedBudgets, StageBudgets
from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.canonical import dumps
from pytest_soak.clock import Clock
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
    say_dry,
    wanted,
)
from pytest_soak.errors import TargetError
from pytest_soak.gates.engine import Verdict
from pytest_soak.release.evidence import evidence
from pytest_soak.release.hashes import file_hashes
from pytest_soak.release.inputs import versions
from pytest_soak.release.layout import LOCKED_BUDGETS
from pytest_soak.release.lock import LEAST_RUNS, caches, lock_gates, refusals, stage_baseline
from pytest_soak.release.record import Outcome
from pytest_soak.release.session import Session
from pytest_soak.release.steps import DAILY, LOCK

MINUTES = 60.0


def lock(
    asked: Asked,
    more: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
    clock: Clock,
    say: Say,
    *,
    dry: bool = False,
    quiet: bool = False,
) -> Worked:
    """Soak the candidate for an hour on several seeds, and lock how long its stages took.

    Exit status 0, 1 FAIL, 2 interrupted, 3 HOLD where the runs are too few or too noisy. Errors
    are those of `release shadow`.
    """
    place = open_place(asked, env, folder)
    step = _step(place, clock)
    if dry:
        return say_dry(place, step, more, (LOCKED_BUDGETS,), clock, say)
    return answer(LOCK, carry_out(place, step, more, clock, say, quiet=quiet), say)


def _step(place: Place, clock: Clock) -> Step:
    plan = place.choice.plan
    check_target(place.choice)
    session = Session(
        plan,
        candidate_of(place, "gate shadow"),
        _seeds(plan.seeds),
        1,
        MINUTES,
        plan.gates.shadow,
        run_folder(place, LOCK),
        feeds=True,
    )
    return Step(LOCK, session, lambda run: _judge(place, session, run, clock))


def _seeds(planned: Sequence[int]) -> tuple[int, ...]:
    """The plan's, as many as a lock takes at least; further ones where it has fewer."""
    more = (seed for seed in range(1, 10 * LEAST_RUNS) if seed not in planned)
    return tuple(dict.fromkeys([*planned[:LEAST_RUNS], *more]))[:LEAST_RUNS]


def _judge(place: Place, session: Session, run: StoredRun, clock: Clock) -> Measured:
    said = evidence(run, wanted(place.choice, session, "gate shadow"))
    if said.verdict is Verdict.FAIL:
        return _without("FAIL", said.reasons)
    try:
        budgets = [budgets_of(session, run, lane) for lane in run.result.lanes]
    except TargetError as error:
        return _without("FAIL", [str(error)])
    bot = place.choice.bot
    exact = bot is not None and bot.can.deterministic
    if why := list(refusals(budgets, lock_gates(), exact=exact)):
        return _without("HOLD", why)
    locked = _locked(place, session, budgets, clock, exact=exact)
    put(place, LOCKED_BUDGETS, dumps(locked.data()))
    outcome = Outcome("PASS", [], file_hashes(place.directory, [LOCKED_BUDGETS]))
    return Measured(outcome, _lines(locked), locked.data())


def _without(verdict: str, reasons: Sequence[str]) -> Measured:
    """A lock that is none."""
    then = f"mend that, then {command(LOCK)}"
    line = f"{verdict}: lock: {'; '.join(reasons)}; next: {then}"
    outcome = Outcome("FAIL" if verdict == "FAIL" else "HOLD", list(reasons))
    return Measured(outcome, [line], {"step": LOCK, "verdict": verdict, "reasons": list(reasons)})


def _locked(
    place: Place, session: Session, runs: Sequence[StageBudgets], clock: Clock, *, exact: bool
) -> LockedBudgets:
    stages = {
        stage: stage_baseline([run.stages[stage].p95_ms for run in runs])
        for stage in runs[0].stages
    }
    return LockedBudgets(
        source=session.plan.target,
        meta=machine(),
        locked=clock.now().isoformat(),
        baseline=stages,
        tick_total=stage_baseline([run.tick_total.p95_ms for run in runs]),
        md_cache=caches(runs),
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
        sources={run.lane: sha256(dumps(run.data()).encode()).hexdigest() for run in runs},
    )


def _lines(locked: LockedBudgets) -> list[str]:
    stages = {**locked.baseline, "tick_total": locked.tick_total}
    told = [
        f"{name}: p95 {one.p95_ms:.4g} ms over {len(one.runs)} runs, sd {one.rel_sd:.2%}"
        for name, one in stages.items()
    ]
    cache = f"md_cache: hit ratio {locked.md_cache.hit_ratio:.4g}"
    count = len(locked.tick_total.runs)
    return [*told, cache, f"PASS: lock of {count} runs; next: {command(DAILY)}"]

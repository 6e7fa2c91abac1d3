"""A build against the lock of a release: each limit, and what several of them come to. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pytest_soak.artifacts.budget_models import StageBudgets
from pytest_soak.artifacts.lock_models import LockCheck, LockedBudgets, LockGates, StageBaseline
from pytest_soak.baseline.decide import Harm, decide, more_needed
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.expressions import Expression
from pytest_soak.release.lock import CHANCE, TOTAL, budgets_digest, log_limit, p95_of_runs, typical
from pytest_soak.release.rules import HIT_RATIO, MISS_RATIO, absolute_limits
from pytest_soak.stats.estimate import MeanEstimate, between, mean_of
from pytest_soak.text import plural

MACHINE = "machine"
"""The key of a lock's `meta` that has the kind of machine it was made on."""


def others(locked: LockedBudgets, versions: Mapping[str, str]) -> Iterator[str]:
    """What of a build has another version than what was locked."""
    for name in dict.fromkeys((*locked.versions, *versions)):
        was, now = locked.versions.get(name, "none"), versions.get(name, "none")
        if was != now:
            yield f"{name} was {was}, is {now}"


def same(locked: LockedBudgets, runs: Sequence[StageBudgets]) -> int:
    """How many of the runs are those of the lock, digit by digit."""
    return sum(locked.sources.get(run.lane) == budgets_digest(run) for run in runs)


def check(locked: LockedBudgets, runs: Sequence[StageBudgets], *, exact: bool) -> list[LockCheck]:
    """Each limit of a lock held against the runs of a build.

    Where they are to be the same again (`exact`), there is no noise: any change counts by its size.
    """
    current = p95_of_runs(runs)
    baseline = {**locked.baseline, TOTAL: locked.tick_total}
    checks = [
        _stage(name, baseline.get(name), current.get(name, []), locked.gates, exact=exact)
        for name in dict.fromkeys((*baseline, *current))
    ]
    return [*checks, *absolute(locked, runs)]


def _stage(
    name: str,
    before: StageBaseline | None,
    runs: Sequence[float | None],
    gates: LockGates,
    *,
    exact: bool,
) -> LockCheck:
    limit_pct = gates.tick_total_p95_pct if name == TOTAL else gates.stage_p95_pct
    values = [value for value in runs if value is not None]
    blank = LockCheck(
        name=f"{name}_p95_ms",
        locked=before.p95_ms if before else None,
        current=typical(values) if _above(values) else None,
        limit=f"<= +{limit_pct:g} %",
        verdict=Verdict.FAIL,
    )
    if before is None:
        return _said(blank, Verdict.FAIL, f"stage {name}: not in the lock")
    if len(values) < len(runs) or not values:
        return _said(blank, Verdict.FAIL, f"stage {name}: not in current")
    if not _above(values) or not _above(before.runs):
        return _still(blank, before.runs, values)
    if exact:
        return _exactly(blank, before, values, limit_pct)
    return _compared(blank, before, values, limit_pct)


def _still(blank: LockCheck, before: Sequence[float], values: Sequence[float]) -> LockCheck:
    """A stage that takes no time: the same as before, or a change that no per cent tell of."""
    if not any(values):
        blank = blank.model_copy(update={"current": 0.0})
        if not any(before):
            return _said(blank, Verdict.PASS, "takes no time, as before")
        return _said(blank, Verdict.FAIL, "takes no time any more")
    if not _above(values):
        return _said(blank, Verdict.FAIL, "takes no time in some runs and some in others")
    return _said(blank, Verdict.FAIL, "took no time when it was locked")


def _above(values: Sequence[float]) -> bool:
    return bool(values) and min(values) > 0.0


def _exactly(
    blank: LockCheck, before: StageBaseline, values: Sequence[float], limit_pct: float
) -> LockCheck:
    assert blank.current is not None
    change = 100.0 * (blank.current / before.p95_ms - 1.0)
    told = blank.model_copy(update={"change_pct": change})
    if change > limit_pct:
        return _said(told, Verdict.FAIL, f"{change:+.2f} %, exactly")
    pairs = zip(values, before.runs, strict=False)
    changed = sum(not math.isclose(now, was) for now, was in pairs)
    how = f"changed by {change:+.3g} % ({changed} of {plural(len(values), 'run')})"
    return _said(told, Verdict.PASS, how if changed else "")


def _compared(
    blank: LockCheck, before: StageBaseline, values: Sequence[float], limit_pct: float
) -> LockCheck:
    if len(values) < 2:
        return _said(blank, Verdict.HOLD, "not known (one run, 2 at least)")
    old, new = (mean_of(np.log(np.array(runs))) for runs in (before.runs, values))
    change, limit = between(old, new), log_limit(limit_pct)
    told = blank.model_copy(
        update={
            "change_pct": 100.0 * math.expm1(change.mean),
            "half_width_pct": 100.0 * change.half_width,
        }
    )
    if change.error == 0.0:
        return _said(told, Verdict.FAIL if not limit.holds(change.mean) else Verdict.PASS, "")
    return _decided(told, limit, change, min(len(before.runs), len(values)))


def _decided(told: LockCheck, limit: Expression, change: MeanEstimate, units: int) -> LockCheck:
    size = f"{told.change_pct:+.2f} +- {told.half_width_pct:.2f} %"
    harm = decide(limit, change, CHANCE)
    if harm is Harm.SHOWN:
        return _said(told, Verdict.FAIL, size)
    if harm is Harm.NONE:
        return _said(told, Verdict.PASS, "")
    more = more_needed(limit, change, CHANCE, units)
    needed = "no number of runs" if more is None else f"some {plural(more, 'more run')} of each"
    return _said(told, Verdict.HOLD, f"{size}: {needed} would decide")


def absolute(locked: LockedBudgets, runs: Sequence[StageBudgets]) -> Iterator[LockCheck]:
    """What a build may never be, by its worst run."""
    limits = absolute_limits(locked.gates)
    hits = min((run.md_cache.hit_ratio for run in runs), default=None)
    misses = max((run.tick_total.deadline_miss_ratio for run in runs), default=None)
    for name, was, value in (
        (HIT_RATIO, locked.md_cache_hit_ratio, hits),
        (MISS_RATIO, locked.deadline_miss_ratio, misses),
    ):
        holds = value is not None and limits[name].holds(value)
        yield LockCheck(
            name=name,
            locked=was,
            current=value,
            limit=limits[name].text,
            verdict=Verdict.PASS if holds else Verdict.FAIL,
            reason="" if value is not None else "no data",
        )


def _said(one: LockCheck, verdict: Verdict, reason: str) -> LockCheck:
    return one.model_copy(update={"verdict": verdict, "reason": reason})

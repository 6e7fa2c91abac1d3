"""The lock of a release: how long its stages took over several runs, and whether a build may pass.

Runs are compared by the logarithms of their p95, since what varies does so in per cent. Nothing is
said of one run beside one: that a build seems slower by 3 % happens to 14 of 100 where runs differ
by 2 %, to 38 where they differ by 7 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pytest_soak.artifacts.budget_models import (
    CacheBudget,
    LockCheck,
    LockedBudgets,
    LockGates,
    StageBaseline,
    StageBudgets,
)
from pytest_soak.baseline.decide import Harm, decide, detectable, more_needed
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.expressions import Expression
from pytest_soak.release.rules import HIT_RATIO, MISS_RATIO, absolute_limits
from pytest_soak.stats.estimate import MeanEstimate, between, mean_of
from pytest_soak.text import plural

CHANCE = 0.01
"""Of a false FAIL of one stage."""
LEAST_RUNS, LEAST_TICKS = 5, 10_000
TOTAL = "tick_total"


def stage_baseline(runs: Sequence[float]) -> StageBaseline:
    """The baseline of a stage's p95 of two or more runs: milliseconds above 0, or all 0."""
    if not any(runs):
        return StageBaseline(p95_ms=0.0, runs=list(runs), rel_sd=0.0)
    logs = np.log(np.array(runs))
    return StageBaseline(
        p95_ms=float(np.exp(logs.mean())), runs=list(runs), rel_sd=float(logs.std(ddof=1))
    )


def refusals(runs: Sequence[StageBudgets], gates: LockGates, *, exact: bool) -> Iterator[str]:
    """Why runs make no lock; `exact` says that the target does the same again."""
    if len(runs) < LEAST_RUNS:
        yield f"{plural(len(runs), 'run')}, {LEAST_RUNS} at least"
        return
    if (ticks := sum(run.tick_count for run in runs)) < LEAST_TICKS:
        yield f"{ticks} ticks in all, {LEAST_TICKS:,} at least"
    if len({run.flags_hash for run in runs}) > 1:
        yield "runs with other flags than each other"
    for name, p95s in _p95s(runs).items():
        if any(value is None for value in p95s.values()):
            yield f"stage {name}: not in every run"
        elif not all(p95s.values()):
            if any(p95s.values()):
                yield f"stage {name}: takes no time in some runs and some in others"
        elif name != TOTAL and not exact and (why := _too_wide(p95s, gates.stage_p95_pct)):
            yield f"stage {name}: {why}"


def _too_wide(p95s: Mapping[str, float | None], limit_pct: float) -> str:
    """Why so many runs beside as many others would not show a harm as large as the limit."""
    logs = np.log(np.array([value for value in p95s.values() if value]))
    noise, limit = between(mean_of(logs), mean_of(logs)), _limit(limit_pct)
    if detectable(noise, CHANCE) <= limit.limit:
        return ""
    more = more_needed(limit, noise, CHANCE, len(logs))
    needed = "no number of runs" if more is None else f"{len(logs) + more} runs"
    sees = f"+{limit_pct:g} % is not seen in 80 of 100 cases"
    return f"varies by {logs.std(ddof=1):.1%} from run to run: {sees}, {needed} would"


def check(locked: LockedBudgets, runs: Sequence[StageBudgets], *, exact: bool) -> list[LockCheck]:
    """Each limit of a lock held against the runs of a build.

    Where they are to be the same again (`exact`), there is no noise: any change counts by its size.
    """
    current = _p95s(runs)
    baseline = {**locked.baseline, TOTAL: locked.tick_total}
    checks = [
        _stage(name, baseline.get(name), current.get(name, {}), locked.gates, exact=exact)
        for name in dict.fromkeys((*baseline, *current))
    ]
    return [*checks, *_absolute(locked, runs)]


def _p95s(runs: Sequence[StageBudgets]) -> dict[str, dict[str, float | None]]:
    """The p95 of each stage and of the whole tick, by run."""
    names = dict.fromkeys(stage for run in runs for stage in run.stages)
    found: dict[str, dict[str, float | None]] = {
        name: {
            str(at): run.stages[name].p95_ms if name in run.stages else None
            for at, run in enumerate(runs)
        }
        for name in names
    }
    return {**found, TOTAL: {str(at): run.tick_total.p95_ms for at, run in enumerate(runs)}}


def _stage(
    name: str,
    before: StageBaseline | None,
    runs: Mapping[str, float | None],
    gates: LockGates,
    *,
    exact: bool,
) -> LockCheck:
    limit_pct = gates.tick_total_p95_pct if name == TOTAL else gates.stage_p95_pct
    values = [value for value in runs.values() if value is not None]
    blank = LockCheck(
        name=f"{name}_p95_ms",
        locked=before.p95_ms if before else None,
        current=math.exp(math.fsum(map(math.log, values)) / len(values))
        if _above(values)
        else None,
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
        return _exactly(blank, before, limit_pct)
    return _compared(blank, before, values, limit_pct)


def _still(blank: LockCheck, before: Sequence[float], values: Sequence[float]) -> LockCheck:
    """A stage that takes no time: the same as before, or a change that no per cent tell of."""
    if not any(before) and not any(values):
        told = blank.model_copy(update={"locked": 0.0, "current": 0.0})
        return _said(told, Verdict.PASS, "takes no time, as before")
    return _said(blank, Verdict.FAIL, "takes no time in some runs and some in others")


def _above(values: Sequence[float]) -> bool:
    return bool(values) and min(values) > 0.0


def _exactly(blank: LockCheck, before: StageBaseline, limit_pct: float) -> LockCheck:
    assert blank.current is not None
    change = 100.0 * (blank.current / before.p95_ms - 1.0)
    told = blank.model_copy(update={"change_pct": change})
    if change > limit_pct:
        return _said(told, Verdict.FAIL, f"{change:+.2f} %, exactly")
    return _said(told, Verdict.PASS, f"changed by {change:+.3g} %" if abs(change) > 1e-9 else "")


def _compared(
    blank: LockCheck, before: StageBaseline, values: Sequence[float], limit_pct: float
) -> LockCheck:
    if len(values) < 2:
        return _said(blank, Verdict.HOLD, "not known (one run, 2 at least)")
    old, new = (mean_of(np.log(np.array(runs))) for runs in (before.runs, values))
    change, limit = between(old, new), _limit(limit_pct)
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


def _absolute(locked: LockedBudgets, runs: Sequence[StageBudgets]) -> Iterator[LockCheck]:
    """What a build may never be, by its worst run."""
    limits = absolute_limits(locked.gates)
    hits = min((run.md_cache.hit_ratio for run in runs), default=None)
    misses = max((run.tick_total.deadline_miss_ratio for run in runs), default=None)
    for name, was, value in (
        (HIT_RATIO, locked.md_cache.hit_ratio, hits),
        (MISS_RATIO, locked.deadline_miss_ratio, misses),
    ):
        yield LockCheck(
            name=name,
            locked=was,
            current=value,
            limit=limits[name].text,
            verdict=Verdict.FAIL
            if value is None or not limits[name].holds(value)
            else Verdict.PASS,
            reason="" if value is not None else "no data",
        )


def caches(runs: Sequence[StageBudgets]) -> CacheBudget:
    """The cache over all runs."""
    fetches = sum(run.md_cache.fetches for run in runs)
    hits = math.fsum(run.md_cache.hit_ratio * run.md_cache.fetches for run in runs)
    return CacheBudget(hit_ratio=hits / fetches, fetches=fetches)


def _limit(percent: float) -> Expression:
    """A limit in per cent as one of the difference of logarithms."""
    return Expression(f"<= +{percent:g} %", "<=", math.log1p(percent / 100.0))


def _said(one: LockCheck, verdict: Verdict, reason: str) -> LockCheck:
    return one.model_copy(update={"verdict": verdict, "reason": reason})

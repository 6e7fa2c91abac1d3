"""The lock of a release: how long its stages took over several runs, and which runs make none.

Runs are compared by the logarithms of their p95, since what varies does so in per cent. Nothing is
said of one run beside one: that a build seems slower by 3 % happens to 14 of 100 where runs differ
by 2 %, to 38 where they differ by 7 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from pytest_soak.artifacts.budget_models import CacheBudget, StageBudgets
from pytest_soak.artifacts.lock_models import LockGates, StageBaseline
from pytest_soak.baseline.decide import detectable, more_needed
from pytest_soak.gates.expressions import Expression
from pytest_soak.release.inputs import digest
from pytest_soak.stats.estimate import between, mean_of
from pytest_soak.text import plural

CHANCE = 0.01
"""Of a false FAIL of one stage."""
LEAST_TICKS = 10_000
TOTAL = "tick_total"


def stage_baseline(runs: Sequence[float]) -> StageBaseline:
    """The baseline of a stage's p95 of two or more runs: milliseconds above 0, or all 0."""
    if not any(runs):
        return StageBaseline(p95_ms=0.0, runs=list(runs), rel_sd=0.0)
    spread = float(np.log(np.array(runs)).std(ddof=1))
    return StageBaseline(p95_ms=typical(runs), runs=list(runs), rel_sd=spread)


def typical(runs: Sequence[float]) -> float:
    """The geometric mean of one or more times above 0."""
    return math.exp(math.fsum(map(math.log, runs)) / len(runs))


def least_runs(*, exact: bool) -> int:
    """The fewest runs that make a lock: of a target that does not do the same again, more."""
    return 5 if exact else 10


def refusals(runs: Sequence[StageBudgets], gates: LockGates, *, exact: bool) -> Iterator[str]:
    """Why runs make no lock; `exact` says that the target does the same again."""
    if len(runs) < (least := least_runs(exact=exact)):
        yield f"{plural(len(runs), 'run')}, {least} at least"
        return
    if (ticks := sum(run.tick_count for run in runs)) < LEAST_TICKS:
        yield f"{ticks} ticks in all, {LEAST_TICKS:,} at least"
    if len({run.flags_hash for run in runs}) > 1:
        yield "runs with other flags than each other"
    for name, values in p95_of_runs(runs).items():
        if None in values:
            yield f"stage {name}: not in every run"
        elif not all(values):
            if any(values):
                yield f"stage {name}: takes no time in some runs and some in others"
        elif name != TOTAL and not exact and (why := _too_wide(values, gates.stage_p95_pct)):
            yield f"stage {name}: {why}"


def _too_wide(values: Sequence[float | None], limit_pct: float) -> str:
    """Why so many runs beside as many others would not show a harm as large as the limit."""
    logs = np.log(np.array([value for value in values if value]))
    noise, limit = between(mean_of(logs), mean_of(logs)), log_limit(limit_pct)
    if detectable(noise, CHANCE) <= limit.limit:
        return ""
    more = more_needed(limit, noise, CHANCE, len(logs))
    needed = "no number of runs" if more is None else f"{len(logs) + more} runs"
    sees = f"+{limit_pct:g} % is not seen in 80 of 100 cases"
    return f"varies by {logs.std(ddof=1):.1%} from run to run: {sees}, {needed} would"


def p95_of_runs(runs: Sequence[StageBudgets]) -> dict[str, list[float | None]]:
    """The p95 of each stage and of the whole tick in each run; None where it has no such stage."""
    names = dict.fromkeys(stage for run in runs for stage in run.stages)
    found: dict[str, list[float | None]] = {
        name: [run.stages[name].p95_ms if name in run.stages else None for run in runs]
        for name in names
    }
    return {**found, TOTAL: [run.tick_total.p95_ms for run in runs]}


def seeds_of(planned: Sequence[int], count: int) -> tuple[int, ...]:
    """So many seeds: those that are planned, then others."""
    more = (seed for seed in range(1, count + len(planned) + 1) if seed not in planned)
    return (*planned, *more)[:count]


def budgets_digest(run: StageBudgets) -> str:
    """What tells a run from one whose ticks differ in anything."""
    return digest({name: value for name, value in run.data().items() if name != "meta"})


def caches(runs: Sequence[StageBudgets]) -> CacheBudget:
    """The cache over all runs."""
    fetches = sum(run.md_cache.fetches for run in runs)
    hits = math.fsum(run.md_cache.hit_ratio * run.md_cache.fetches for run in runs)
    return CacheBudget(hit_ratio=hits / fetches, fetches=fetches)


def log_limit(percent: float) -> Expression:
    """A limit in per cent as one of the difference of logarithms."""
    return Expression(f"<= +{percent:g} %", "<=", math.log1p(percent / 100.0))

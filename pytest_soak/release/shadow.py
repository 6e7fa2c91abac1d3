"""Whether an hour of a candidate is as fast as it must be: its gate, and that it was an hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pytest_soak.ab.question import SIM
from pytest_soak.artifacts.budget_models import ShadowCheck, ShadowReport, StageBudgets
from pytest_soak.gates.engine import Check, Verdict, worst
from pytest_soak.release.steps import HOUR

COVERED = 0.95
"""The share of the minutes that must have a tick."""
NOTE = "It says how fast the candidate is, and nothing of what it would earn."
OF_SIM = (
    "Of the built-in maker these limits see the cache alone: without it, fetches take 39 ms; "
    "without its pipeline a tick takes 58 ms of the 150 that are allowed, and passes."
)


class Judged(NamedTuple):
    """What the gate said of a run: the verdict, why, and each check."""

    verdict: Verdict
    reasons: Sequence[str]
    checks: Sequence[Check]


def shadow_report(judged: Judged, budgets: StageBudgets, minutes: float, **of: Any) -> ShadowReport:
    """The report of a run of `minutes` that was asked for.

    `of` are plan, candidate, run, source and meta. Less than an hour is a WARN at best.
    """
    covered = _covered(budgets)
    reasons = list(judged.reasons)
    if covered.verdict is Verdict.FAIL:
        reasons.append(covered.reason)
    verdict = worst([judged.verdict, covered.verdict])
    short = minutes < HOUR
    if short:
        reasons.append(f"short: {minutes:g} of {HOUR:g} minutes; no lock is made of it")
        verdict = worst([verdict, Verdict.WARN])
    return ShadowReport(
        verdict=verdict,
        reasons=reasons,
        minutes=minutes,
        short=short,
        checks=[*map(_check, judged.checks), covered],
        duration_min=budgets.duration_min,
        tick_count=budgets.tick_count,
        notes=[NOTE, *([OF_SIM] if of["source"] == SIM else [])],
        **of,
    )


def _check(check: Check) -> ShadowCheck:
    return ShadowCheck(
        metric=check.metric,
        value=check.value,
        limit=check.fail_unless or check.warn_unless or "",
        verdict=check.verdict,
        reason=check.reason,
    )


def _covered(budgets: StageBudgets) -> ShadowCheck:
    share = budgets.minutes_covered
    enough = share >= COVERED
    why = f"ticks in {share:.1%} of the minutes, fail unless in {COVERED:.0%}"
    return ShadowCheck(
        metric="minutes_covered",
        value=share,
        limit=f">= {COVERED:g}",
        verdict=Verdict.PASS if enough else Verdict.FAIL,
        reason="" if enough else why,
    )


def shadow_lines(report: ShadowReport, following: str) -> Iterator[str]:
    """What to print: a line a check, then the verdict, and the command that is next."""
    for one in report.checks:
        value = "no value" if one.value is None else f"{one.value:.6g}"
        told = f" ({one.reason})" if one.reason and one.value is None else ""
        yield f"{one.verdict}  {one.metric} = {value}, must be {one.limit}{told}"
    why = f": {'; '.join(report.reasons)}" if report.reasons else ""
    told = f"shadow of {report.plan}, {report.duration_min:.1f} min{why}"
    yield f"{report.verdict}: {told}; next: {following}"

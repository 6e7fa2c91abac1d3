"""The report of a day of a soak: figures beside those of the days before, health, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import fsum
from statistics import median
from typing import Any, NamedTuple

from pytest_soak.artifacts.budget_models import StageBudget, StageBudgets
from pytest_soak.artifacts.daily_models import (
    DailyCriterion,
    DailyFigure,
    DailyGap,
    DailyReport,
    DailyStage,
)
from pytest_soak.artifacts.lock_models import LockCheck, LockedBudgets
from pytest_soak.dataset.row import Row
from pytest_soak.engine.watch import MINUTE_US
from pytest_soak.gates.criteria import Criteria, Criterion
from pytest_soak.gates.engine import Verdict, worst
from pytest_soak.observation.feed_files import DAY_US
from pytest_soak.release.daily_rules import DailyRules
from pytest_soak.release.day import DayFigures, Numbers
from pytest_soak.release.lock import TOTAL
from pytest_soak.release.lock_check import absolute
from pytest_soak.release.ranking import Ranking
from pytest_soak.release.replay import Stood
from pytest_soak.text import number, utc_text

NO_DATA = "no data"
NO_HEALTH = "no stop criterion could be evaluated, so its health is not known"
OTHER = "other"
Counts = Counter[str]


class Asked(NamedTuple):
    """Of which day, counted from 1970, a report is; how much of it is covered, and if that is all.

    `of` are plan, run, source and meta.
    """

    day: int
    coverage: float
    complete: bool
    of: Mapping[str, Any]


class Found(NamedTuple):
    """What the report is made of: the figures of days, and of the day itself the rest."""

    days: Mapping[int, DayFigures]
    criteria: Sequence[DailyCriterion]
    gaps: Sequence[DailyGap]
    ranking: Ranking
    locked: LockedBudgets | None
    lock_file: str


def date_of(day: int) -> str:
    """A day, counted from 1970, as YYYY-MM-DD."""
    return utc_text(day * DAY_US)[:10]


def no_report(asked: Asked, rules: DailyRules) -> DailyReport:
    """The report of a day of which nothing is known: a FAIL without any figure."""
    return DailyReport(
        **asked.of,
        date=date_of(asked.day),
        verdict=Verdict.FAIL,
        health=None,
        reasons=[NO_DATA],
        complete=False,
        coverage=None,
        figures={},
        stages={},
        lock=None,
        limits=[],
        blocks=None,
        errors=None,
        criteria=[],
        gaps=[],
        least_fills=rules.least_fills,
        best=[],
        worst=[],
        unranked=[],
    )


def daily_report(asked: Asked, found: Found, rules: DailyRules) -> DailyReport:
    """The report of a day of which there are feeds.

    Health is the verdict of the worst criterion that could be judged; the verdict is the worst of
    that, of what a lock allows no build, and WARN for a day that is not complete or whose health
    is not known.
    """
    today, locked = found.days[asked.day], found.locked
    last = range(asked.day - rules.days, asked.day)
    earlier = {day: found.days[day] for day in last if day in found.days}
    limits: list[LockCheck] = []
    if locked is not None and today.budgets is not None:
        limits += absolute(locked, [today.budgets])
    verdict, reasons = _judged(asked, found.criteria, limits)
    return DailyReport(
        **asked.of,
        date=date_of(asked.day),
        verdict=verdict,
        health=health_of(found.criteria),
        reasons=reasons,
        complete=asked.complete,
        coverage=asked.coverage,
        figures=_beside(asked.day, today.kpis, {d: one.kpis for d, one in earlier.items()}),
        stages=dict(_stages(asked.day, today.budgets, earlier, locked)),
        lock=None if locked is None else found.lock_file,
        limits=limits,
        blocks=_counted(asked.day, today.blocks, {d: one.blocks for d, one in earlier.items()}),
        errors=_counted(
            asked.day,
            today.errors,
            {d: one.errors for d, one in earlier.items()},
            rules.most_codes,
        ),
        criteria=list(found.criteria),
        gaps=list(found.gaps),
        least_fills=rules.least_fills,
        **found.ranking._asdict(),
    )


def health_of(criteria: Iterable[DailyCriterion]) -> Verdict | None:
    """The verdict of the worst criterion; None where none could be judged."""
    told = [one.verdict for one in criteria if one.verdict is not None]
    return worst(told) if told else None


def _judged(
    asked: Asked, criteria: Sequence[DailyCriterion], limits: Sequence[LockCheck]
) -> tuple[Verdict, list[str]]:
    health = health_of(criteria)
    verdicts = [Verdict.WARN if health is None else health]
    reasons = [NO_HEALTH] if health is None else []
    several = len({one.lane for one in criteria}) > 1
    for one in criteria:
        if one.verdict not in (None, Verdict.PASS):
            lane = f"{one.lane}: " if several else ""
            reasons += [f"{lane}{told}" for told in one.told or [f"{one.name}: {one.state}"]]
    for limit in limits:
        if limit.verdict is not Verdict.PASS:
            verdicts.append(limit.verdict)
            reasons.append(f"{limit.name} = {number(limit.current)}, {limit.limit} by the lock")
    if not asked.complete:
        verdicts.append(Verdict.WARN)
        reasons.append(f"incomplete: {100.0 * asked.coverage:.1f} % of the day covered")
    return worst(verdicts), reasons


def _beside(day: int, today: Numbers, earlier: Mapping[int, Numbers]) -> dict[str, DailyFigure]:
    """Each figure of a day beside those of the days before it, which are by day."""
    return {name: _figure(day, name, value, earlier) for name, value in today.items()}


def _figure(
    day: int, name: str, value: float | None, earlier: Mapping[int, Numbers]
) -> DailyFigure:
    known = {d: found for d, one in earlier.items() if (found := one.get(name)) is not None}
    return DailyFigure(
        value=value,
        day_before=known.get(day - 1),
        median=median(known.values()) if known else None,
        days=len(known),
    )


def _counted(
    day: int,
    today: Counts | None,
    earlier: Mapping[int, Counts | None],
    most: int | None = None,
) -> dict[str, DailyFigure] | None:
    """Counts by name, of which a day that reports any has 0 where it has none.

    Of more names than `most` the rarest are one.
    """
    if today is None:
        return None
    told = {d: counts for d, counts in earlier.items() if counts is not None}
    every = sum(told.values(), today)
    kept = [name for name, _ in every.most_common(most)]

    def row(counts: Counts) -> dict[str, float | None]:
        found: dict[str, float | None] = {name: counts[name] for name in kept}
        if len(every) > len(kept):
            found[OTHER] = counts.total() - sum(counts[name] for name in kept)
        return found

    return _beside(day, row(today), {d: row(counts) for d, counts in told.items()})


def _stages(
    day: int,
    budgets: StageBudgets | None,
    earlier: Mapping[int, DayFigures],
    locked: LockedBudgets | None,
) -> Iterator[tuple[str, DailyStage]]:
    if budgets is None:
        return
    before = {d: _all(one.budgets) for d, one in earlier.items() if one.budgets is not None}
    baseline = {} if locked is None else {**locked.baseline, TOTAL: locked.tick_total}
    for name, stage in _all(budgets).items():
        quantiles = {d: _quantiles(stages[name]) for d, stages in before.items() if name in stages}
        p95 = baseline[name].p95_ms if name in baseline else None
        yield (
            name,
            DailyStage(
                ticks=stage.n,
                **_beside(day, _quantiles(stage), quantiles),
                locked_p95_ms=p95,
                change_pct=100.0 * (stage.p95_ms / p95 - 1.0) if p95 else None,
            ),
        )


def _all(budgets: StageBudgets) -> dict[str, StageBudget]:
    return {**budgets.stages, TOTAL: budgets.tick_total}


def _quantiles(stage: StageBudget) -> dict[str, float | None]:
    return {name: getattr(stage, name) for name in ("p50_ms", "p95_ms", "p99_ms")}


def day_criteria(lane: str, criteria: Criteria, stood: Mapping[str, Stood]) -> list[DailyCriterion]:
    """How each criterion stood in a lane over a day."""
    return [_criterion(lane, one, stood.get(one.name, Stood())) for one in criteria.criteria]


def _criterion(lane: str, criterion: Criterion, stood: Stood) -> DailyCriterion:
    verdict, state = _state(stood)
    return DailyCriterion(
        lane=lane,
        name=criterion.name,
        metric=criterion.metric,
        limit=criterion.limit.text,
        lasting=criterion.for_,
        action=criterion.action,
        verdict=verdict,
        state=state,
        minutes=stood.minutes,
        pending_minutes=stood.pending,
        longest_minutes=stood.longest_us / MINUTE_US,
        no_data_minutes=stood.no_data,
        told=list(map(str, stood.transitions)),
    )


def _state(stood: Stood) -> tuple[Verdict | None, str]:
    """The verdict of a criterion on a day, and what it did."""
    kinds = {one.kind for one in stood.transitions}
    if "stop" in kinds or stood.standing.stopped:
        return Verdict.FAIL, "stopped"
    if kinds or stood.standing.warned:
        return Verdict.WARN, "warned" if kinds else "still warned"
    if not stood.minutes:
        return None, "not judged, as no feed tells of it"
    if stood.no_data == stood.minutes:
        return None, "not judged, as there was no value"
    return Verdict.PASS, "was pending" if stood.pending else "quiet"


def gaps_of(lane: str, rows: Sequence[Row], least: float) -> list[DailyGap]:
    """The times of a lane of which less than the share `least` is covered, as long as they are."""
    found: list[DailyGap] = []
    for is_gap, part in groupby(rows, lambda row: row.coverage < least):
        if is_gap:
            gap = list(part)
            share = fsum(row.coverage for row in gap) / len(gap)
            ends = gap[0].interval_start, gap[-1].interval_end
            found.append(DailyGap(lane=lane, begin=ends[0], end=ends[1], coverage=share))
    return found

"""What the report shows of an A/B, as plain values for its template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_soak.ab.judge import Decision
from pytest_soak.artifacts.ab_found import FoundAb
from pytest_soak.artifacts.ab_models import AbMetric, AbReport
from pytest_soak.report.ab import design, headline, low_power, money, set_to, what_next
from pytest_soak.report.charts import Chart
from pytest_soak.report.whisker import NOTHING_FOUND, Difference, drawn
from pytest_soak.text import number, plural, signed

_NET = "net_bps"
_GOOD, _BAD = "better", "FAIL"
_FOUND = {"better": _GOOD, "more": _GOOD, "worse": _BAD, "harm": _BAD, "less": _BAD}
"""By what a metric's bounds say, the kind of its mark."""


@dataclass(frozen=True)
class AbRow:
    """A KPI that differs, its picture, and how what is found is coloured."""

    metric: AbMetric
    unit: str
    bounds: str
    blocks: str
    chart: Chart
    kind: str


@dataclass(frozen=True)
class AbStage:
    """A stage among those before it, in a line."""

    stage: int
    decision: str
    net_bps: str
    hours: str
    blocks: int
    reasons: Sequence[str]


@dataclass(frozen=True)
class AbView:
    """An A/B by the stage that was decided last; `judged` rows decide, the `others` are told.

    `unit` is what gives a value: a block, or a group of them. `here` says which lanes of the run
    that is shown are under A and B, empty on its own page; `aside` that none is under B.
    """

    decision: str
    title: str
    reasons: Sequence[str]
    next: str
    here: Sequence[str]
    aside: bool
    cautions: Sequence[str]
    facts: Sequence[tuple[str, str]]
    changes: Sequence[tuple[str, str, str]]
    unit: str
    judged: Sequence[AbRow]
    others: Sequence[AbRow]
    sure: str
    seen: str
    rails: Sequence[str]
    passed: Sequence[str]
    stages: Sequence[AbStage]
    details: Sequence[str]
    assignment: Sequence[tuple[int, str]]
    versions: Sequence[tuple[str, str]]


def ab_view(found: FoundAb, here: Sequence[str] = (), *, aside: bool = False) -> AbView:
    """What is shown of an A/B."""
    last = found.last
    rows = [_row(metric, last) for metric in last.metrics]
    return AbView(
        decision=last.decision,
        title=headline(last).removeprefix(f"{last.decision}: ").partition(": ")[0],
        reasons=last.reasons,
        next=what_next(last),
        here=here,
        aside=aside,
        cautions=list(_cautions(found)),
        facts=_facts(last),
        changes=[(name, set_to(one.a), set_to(one.b)) for name, one in last.changes.items()],
        unit="blocks" if last.paired else "groups",
        judged=[row for row in rows if row.metric.rule],
        others=[row for row in rows if not row.metric.rule],
        sure=_sure(last),
        seen=_seen(last),
        rails=last.rails,
        passed=last.passed,
        stages=[_stage(report) for report in found.stages] if len(found.stages) > 1 else [],
        details=[design(last, last.market), *money(last)],
        assignment=[(lane.seed, lane.blocks) for lane in last.assignment],
        versions=sorted(last.versions.items()),
    )


def _facts(report: AbReport) -> list[tuple[str, str]]:
    compared = f"{plural(len(report.assignment), 'pair')} of lanes" if report.paired else "one lane"
    hours = f"{number(report.hours_used)} of {number(report.hours_asked)}"
    return [
        ("target", report.source),
        ("market", report.market),
        ("stage", f"{report.stage} %"),
        ("compared", compared),
        ("blocks under B", f"{report.blocks_b} of {report.block_minutes} min"),
        ("hours of each lane", hours),
        ("hours needed, by the pilot", number(report.needs.planned)),
        *([("could tell from 0", _least(report))] if report.could_see is not None else []),
    ]


def _least(report: AbReport) -> str:
    return f"{number(report.could_see)} bps"


def _sure(report: AbReport) -> str:
    """How often bounds are wrong, of each KPI that decides."""
    chances = [f"{one.metric} {100 * one.chance:g} %" for one in report.metrics if one.rule]
    return f"chance that one is wrong: {', '.join(chances)}" if chances else ""


def _seen(report: AbReport) -> str:
    if report.could_see is None or report.power is None:
        return ""
    missed = f"missed in more than {100 * (1 - report.power):.0f} of 100 such stages"
    return f"Within the grey area, {_least(report)}, a true difference of net_bps is {missed}."


def _cautions(found: FoundAb) -> list[str]:
    told = [f"Low power: {text}" for text in filter(None, [low_power(found.last)])]
    if found.under_way is not None:
        told.append(f"Stage {found.under_way} % was begun since, and is not decided.")
    if found.last.decision == Decision.HOLD:
        told.append("HOLD blocks, and is no failure: it is not shown that B is worse.")
    return told


def _row(metric: AbMetric, report: AbReport) -> AbRow:
    kind = _FOUND.get(metric.verdict, NOTHING_FOUND)
    seen = (report.could_see or 0.0) if metric.metric == _NET else 0.0
    of = Difference(
        name=metric.metric,
        value=metric.delta,
        half=(metric.high - metric.low) / 2,
        kind=kind,
        seen=seen,
        limit=metric.limit or 0.0,
        sure="bounds ",
    )
    missing = f" ({metric.missing} missing)" if metric.missing else ""
    return AbRow(
        metric=metric,
        unit=f" {metric.unit}" if metric.unit else "",
        bounds=f"{signed(metric.low)} to {signed(metric.high)}",
        blocks=f"{metric.blocks}{missing}",
        chart=drawn(of),
        kind={_GOOD: "better", _BAD: "worse"}.get(kind, ""),
    )


def _stage(report: AbReport) -> AbStage:
    net = next((one for one in report.metrics if one.metric == _NET), None)
    return AbStage(
        stage=report.stage,
        decision=report.decision,
        net_bps="" if net is None else f"{signed(net.delta)} {net.unit}",
        hours=f"{number(report.hours_used)} of {number(report.hours_asked)}",
        blocks=report.blocks_b,
        reasons=report.reasons,
    )

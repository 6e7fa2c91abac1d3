"""The documents of what an A/B takes, and of what a stage of it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

from pytest_soak.ab.arms import Arm
from pytest_soak.ab.compare import JUDGED, MONEY, NET, SLIPPAGE, TICK, Metric
from pytest_soak.ab.design import Design, Share
from pytest_soak.ab.judge import Finding
from pytest_soak.ab.limits import Limits
from pytest_soak.ab.power import BlockNoise, Hours
from pytest_soak.ab.question import Question
from pytest_soak.ab.stage import Outcome
from pytest_soak.artifacts.ab_models import (
    AbArm,
    AbChange,
    AbLane,
    AbMetric,
    AbNeeds,
    AbPlan,
    AbReport,
)
from pytest_soak.artifacts.build import machine


class Setting(NamedTuple):
    """What a stage was to be: fixed before its first block."""

    question: Question
    design: Design
    pilot: BlockNoise
    needs: Hours
    low_power: bool
    versions: dict[str, str]

    def plan(self) -> dict[str, Any]:
        """All of it as JSON data, for the ledger."""
        question, limits = self.question, self.question.limits
        return {
            "hypotheses": {
                "none": "B earns no more net_bps than A",
                "better": f"net_bps by {limits.net_bps:g} or more",
                "harm": "slippage, tick time or an absolute limit worse than allowed",
            },
            "a": question.a.model_dump(mode="json"),
            "b": question.b.model_dump(mode="json"),
            "target": question.target,
            "market": question.where.scenario.name,
            "settings": dict(question.where.settings),
            "limits": limits.model_dump(mode="json"),
            "rails": question.rails.model_dump(mode="json", by_alias=True),
            "design": self.design.model_dump(mode="json"),
            "pilot": self.pilot._asdict(),
            "low_power": self.low_power,
        }


def ab_report(setting: Setting, outcome: Outcome) -> AbReport:
    """What came of a stage."""
    question, design = setting.question, setting.design
    a, b, where, limits = question.a, question.b, question.where, question.limits
    judgement, treated = outcome.judgement, outcome.blocks.treated
    money = judgement.findings.get(MONEY.name)
    blocks = 0 if money is None else money.difference.blocks
    return AbReport(
        source=question.target,
        decision=outcome.decision.value,
        reasons=list(judgement.reasons),
        stage=int(design.share),
        paired=design.paired,
        low_power=setting.low_power,
        a=_arm(a),
        b=_arm(b),
        changes={n: AbChange(a=old, b=new) for n, (old, new) in b.changes(a).items()},
        market=where.scenario.name,
        scenario_hash=where.scenario.digest,
        settings=dict(where.settings),
        hours_asked=design.hours,
        hours_used=limits.hours(outcome.done),
        looks=[limits.hours(look) for look in design.looks],
        block_minutes=limits.block_minutes,
        skipped_minutes=limits.skipped_minutes,
        cold_blocks=limits.cold_blocks,
        assignment=[AbLane(seed=s, blocks=text) for s, text in design.assignment.items()],
        blocks_b=int(treated.sum()),
        metrics=[_metric(found, limits) for found in judgement.findings.values()],
        placebo=None if judgement.placebo is None else _placebo(judgement.placebo),
        net_quote_a=None if money is None else money.difference.a * blocks,
        net_quote_b=None if money is None else money.difference.b * blocks,
        needs=_needs(setting.needs, setting.pilot),
        could_see=question.could_see(setting.pilot, design),
        power=limits.power,
        rails=[criterion.title for criterion in question.rails.criteria],
        passed=list(outcome.passed),
        versions=setting.versions,
        meta=machine(),
    )


def ab_plan(
    question: Question,
    hours: float,
    seen: BlockNoise,
    needs: Mapping[Share, Hours],
    remedies: Sequence[str],
) -> AbPlan:
    """What stages take; `remedies` are what to give where `hours` are too few for one of them."""
    return AbPlan(
        source=question.target,
        enough=all(needed.planned <= hours for needed in needs.values()),
        a=_arm(question.a),
        b=_arm(question.b),
        market=question.where.scenario.name,
        paired=question.paired,
        seeds=list(question.seeds),
        hours_asked=hours,
        net_bps=question.limits.net_bps,
        power=question.limits.power,
        stages={str(int(share)): _needs(needed, seen) for share, needed in needs.items()},
        remedies=list(remedies),
        meta=machine(),
    )


def _needs(needed: Hours, seen: BlockNoise) -> AbNeeds:
    return AbNeeds(**needed._asdict(), sd=seen.sd)


def _arm(arm: Arm) -> AbArm:
    return AbArm(digest=arm.digest, **arm.model_dump())


def _metric(finding: Finding, limits: Limits) -> AbMetric:
    rule, verdict = _judged(finding, limits)
    held = _limits(limits).get(finding.difference.metric)
    return _row(finding, rule, verdict, held)


def _placebo(finding: Finding) -> AbMetric:
    covers = finding.low <= 0.0 <= finding.high
    return _row(finding, "its bounds hold 0", "no carry-over seen" if covers else "carry-over", 0.0)


def _row(finding: Finding, rule: str, verdict: str, limit: float | None) -> AbMetric:
    found = finding.difference
    return AbMetric(
        metric=found.metric.name,
        a=found.a,
        b=found.b,
        delta=found.delta,
        unit=found.metric.unit,
        low=finding.low,
        high=finding.high,
        chance=finding.chance,
        blocks=found.blocks,
        missing=found.missing,
        joined=found.joined,
        sd=found.noise.sd,
        phi=found.noise.phi,
        skewness=found.skew,
        correlation=found.correlation if isfinite(found.correlation) else None,
        limit=limit,
        rule=rule,
        verdict=verdict,
    )


def _limits(limits: Limits) -> dict[Metric, float]:
    """What the difference of each metric that is judged is held against."""
    return {
        NET: limits.net_bps,
        SLIPPAGE: 0.0 - limits.slippage_bps,
        TICK: limits.tick_total_p95_pct,
        MONEY: 0.0,
    }


def _judged(finding: Finding, limits: Limits) -> tuple[str, str]:
    """The rule of a metric in words, and what its bounds say."""
    low, high = finding.low, finding.high
    metric = finding.difference.metric
    if finding.difference.constant and metric in JUDGED:
        return "differs from block to block", "constant"
    if metric is NET:
        shown = "worse" if high < 0.0 else "better" if low > 0.0 else "open"
        return f">= +{limits.net_bps:g} and sure to be above 0", shown
    if metric is SLIPPAGE:
        shown = "harm" if -high > limits.slippage_bps else "no harm shown"
        return f"costs no more than {limits.slippage_bps:g} more", shown
    if metric is TICK:
        shown = "harm" if low > limits.tick_total_p95_pct else "no harm shown"
        return f"no more than +{limits.tick_total_p95_pct:g} %", shown
    if metric is MONEY:
        return "not sure to be less", "less" if high < 0.0 else "more" if low > 0.0 else "open"
    return "", ""

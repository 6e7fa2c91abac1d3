"""What the blocks so far come to: go on, promote, hold, or roll back. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from pytest_soak.ab.blocks import Contrast, Evidence
from pytest_soak.ab.compare import (
    JUDGED,
    METRICS,
    MONEY,
    NET,
    SLIPPAGE,
    TICK,
    Difference,
    Metric,
    difference,
)
from pytest_soak.ab.design import Design
from pytest_soak.ab.limits import Limits
from pytest_soak.ab.power import BlockNoise, hours_needed, lane_hours
from pytest_soak.stats.sequential import look_half_width, sequence_half_width
from pytest_soak.text import signed

TOLERANCE = 1e-9
_SAFETY = (SLIPPAGE, TICK)
SKEWNESS_ERRORS = 1.5
"""So many standard errors make a skewness more than chance."""


class Decision(StrEnum):
    """What a stage comes to."""

    PROMOTE = "PROMOTE"
    HOLD = "HOLD"
    ROLLBACK = "ROLLBACK"


class Finding(NamedTuple):
    """A metric's difference between the bounds that hold at every look, each with `chance`."""

    difference: Difference
    chance: float
    low: float
    high: float


class Judgement(NamedTuple):
    """What is decided, None to go on, and why; what it rests on, by metric.

    A metric of fewer than `least_rolled_back` blocks is not among the findings. `placebo` is
    net_bps over the blocks of lane T under A, None of as few.
    """

    decision: Decision | None
    reasons: tuple[str, ...]
    findings: dict[str, Finding]
    placebo: Finding | None


def judge(blocks: Evidence, design: Design, limits: Limits, fired: Sequence[str]) -> Judgement:
    """Judge what the lanes have done so far, at the end of a block of each.

    `fired` says which absolute limits B has passed.
    """
    findings = {m.name: f for m in METRICS if (f := _finding(m, blocks, design, limits))}
    placebo = _placebo(blocks, design, limits)
    harm = [*fired, *_lost(blocks, limits), *_harm(findings, limits)]
    if harm:
        return Judgement(Decision.ROLLBACK, tuple(harm), findings, placebo)
    done = blocks.treated.shape[1]
    if done not in design.looks:
        return Judgement(None, (), findings, placebo)
    look = design.looks.index(done) + 1
    against = [
        *_untrusted(blocks, findings, placebo, limits),
        *_lacking(blocks, findings, design, look, limits),
    ]
    if not against:
        return Judgement(Decision.PROMOTE, (_better(findings[NET.name]),), findings, placebo)
    decision = Decision.HOLD if look == len(design.looks) else None
    return Judgement(decision, tuple(against), findings, placebo)


def _chance(metric: Metric, limits: Limits) -> float:
    return limits.chance / len(_SAFETY) if metric in _SAFETY else limits.chance


def _finding(metric: Metric, blocks: Evidence, design: Design, limits: Limits) -> Finding | None:
    return _bounded(metric, blocks.effect, design.values, _chance(metric, limits), limits)


def _placebo(blocks: Evidence, design: Design, limits: Limits) -> Finding | None:
    """net_bps where nothing should differ any more; each bound has half of the chance."""
    if blocks.placebo is None:
        return None
    planned = max(1, len(design.seeds) * design.blocks - design.treated)
    return _bounded(NET, blocks.placebo, planned, limits.chance / 2, limits)


def _bounded(
    metric: Metric, contrast: Contrast, planned: int, chance: float, limits: Limits
) -> Finding | None:
    found = difference(metric, contrast, limits.likeness)
    if found is None or found.blocks < limits.least_rolled_back:
        return None
    width = sequence_half_width(found.noise, chance, planned / found.joined)
    return Finding(found, chance, found.delta - width, found.delta + width)


def _shows_harm(finding: Finding, limits: Limits) -> bool:
    """Whether a bound of a finding can be relied on that says that B is worse."""
    found = finding.difference
    alike = found.noise.phi > limits.likeness
    return not (found.constant or alike or _tilt(found) > _skewness_limit(found, limits))


def _skewness_limit(found: Difference, limits: Limits) -> float:
    """The skewness beyond which it does harm, and is no chance."""
    return max(limits.skewness, SKEWNESS_ERRORS * found.skew_error)


def _tilt(found: Difference) -> float:
    """The skewness towards what is good: bounds err against B where it is above 0, else for B."""
    return -found.skew if found.metric is TICK else found.skew


def _harm(findings: dict[str, Finding], limits: Limits) -> Iterator[str]:
    """What is shown to be worse by more than it may."""
    good = {name: finding for name, finding in findings.items() if _shows_harm(finding, limits)}
    if (net := good.get(NET.name)) and net.high < 0.0:
        yield f"net_bps {_shown(net)}: worse, its upper bound {signed(net.high)} is below 0"
    if (cost := good.get(SLIPPAGE.name)) and -cost.high > limits.slippage_bps:
        limit = f"more than {limits.slippage_bps:g}"
        yield f"slippage_bps {_shown(cost)}: costs at least {-cost.high:.4g} more, {limit}"
    if (tick := good.get(TICK.name)) and tick.low > limits.tick_total_p95_pct:
        limit = f"more than {limits.tick_total_p95_pct:g} %"
        yield f"tick_total_p95_ms {_shown(tick)}: at least {signed(tick.low)} %, {limit}"


def _lost(blocks: Evidence, limits: Limits) -> Iterator[str]:
    for metric in JUDGED:
        if (minutes := _silent(metric, blocks, limits)) >= limits.lost_minutes:
            yield f"{metric.name}: no data for {minutes} min, {limits.lost_minutes} at most"


def _silent(metric: Metric, blocks: Evidence, limits: Limits) -> int:
    """The longest that a lane has now been without data of a metric, in minutes."""
    known = np.logical_and.reduce([metric.known(lane) for lane in blocks.lanes])
    trailing = np.logical_and.accumulate(~known[:, ::-1], axis=1)
    return int(trailing.sum(axis=1).max(initial=0)) * limits.judged_minutes


def _untrusted(
    blocks: Evidence, findings: dict[str, Finding], placebo: Finding | None, limits: Limits
) -> Iterator[str]:
    """Why nothing can be concluded from the blocks."""
    for metric in JUDGED:
        if _silent(metric, blocks, limits) >= limits.held_minutes:
            yield f"{metric.name}: no data in the last block"
    for metric in JUDGED:
        if finding := findings.get(metric.name):
            yield from _unsound(finding, limits)
    if placebo is not None and not placebo.low <= 0.0 <= placebo.high:
        bounds = f"{signed(placebo.low)} to {signed(placebo.high)}"
        yield f"placebo: lane T differs under A, too ({bounds} bps): use longer blocks"


def _unsound(finding: Finding, limits: Limits) -> Iterator[str]:
    found = finding.difference
    if found.constant:
        if found.metric is NET or found.delta != 0.0:
            how = "did the same as A" if found.delta == 0.0 else "differs by the same"
            why = f"in all {found.blocks} blocks, so there is no noise to judge by"
            yield f"{found.metric.name}: B {how} {why}"
        return
    if found.noise.phi > limits.likeness:
        most = f"{limits.likeness:g} at most"
        yield f"{found.metric.name}: blocks are too alike (phi {found.noise.phi:.2g}, {most})"
    limit = _skewness_limit(found, limits)
    if found.metric is NET and _tilt(found) < -limit:
        why = f"{signed(found.skew)}, {limit:.2g} at most"
        yield f"net_bps: blocks are too skewed for its lower bound ({why})"


def _lacking(
    blocks: Evidence, findings: dict[str, Finding], design: Design, look: int, limits: Limits
) -> Iterator[str]:
    """Which of the conditions of a promotion do not hold at a planned look."""
    net, money = findings.get(NET.name), findings.get(MONEY.name)
    known = int(blocks.effect.where.sum()) if net is None else net.difference.blocks
    if net is None or money is None or known < limits.least_promoted:
        needed = lane_hours(limits.least_promoted, design.group, len(design.seeds), limits)
        more = f"at least {max(needed - limits.hours(design.looks[look - 1]), 0.0):g} h more"
        what = "blocks under B" if design.paired else "groups of blocks with both"
        yield f"{known} {what}, {limits.least_promoted} are needed: {more} of each lane"
        return
    found, looks = net.difference, len(design.looks)
    low = found.delta - look_half_width(found.noise, look, looks)
    if found.delta < limits.net_bps - TOLERANCE:
        more = _more(net, design, limits)
        yield f"net_bps {_shown(net)}: better by {limits.net_bps:g} is asked for; {more}"
    elif low <= 0.0 and not found.constant:
        more = _more(net, design, limits)
        yield f"net_bps {_shown(net)}: its lower bound at this look is {signed(low)}; {more}"
    earned = money.difference
    high = earned.delta + look_half_width(earned.noise, look, looks)
    if high < 0.0:
        yield f"net_quote {_shown(money)}: less money, at most {signed(high)} a block"


def _more(net: Finding, design: Design, limits: Limits) -> str:
    """How many hours more it takes, by the noise of these blocks."""
    found = net.difference
    seen = BlockNoise(found.noise.inflated, found.joined)
    needed = hours_needed(seen, design.group, len(design.seeds), len(design.looks), limits)
    effect = f"{limits.net_bps:g} bps"
    if needed.planned <= design.hours:
        return f"{design.hours:g} h show {effect} with {limits.power:.0%} chance"
    return f"to show {effect} takes {needed.planned - design.hours:g} h more of each lane"


def _better(net: Finding) -> str:
    return f"net_bps {_shown(net)}: better, and nothing is shown to be worse"


def _shown(finding: Finding) -> str:
    found = finding.difference
    return f"{signed(found.delta)} {found.metric.unit} over {found.blocks} blocks"

"""Judging: thresholds against the KPIs of the iterations so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import isfinite
from statistics import median

from pydantic import BaseModel, ConfigDict

from pytest_soak.gates.expressions import parse
from pytest_soak.gates.model import Gate, Threshold

FINAL_WINDOW = 8


class Verdict(StrEnum):
    """The outcome of a gate, from good to bad."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The worst of them; PASS of none."""
    order = list(Verdict)
    return max(verdicts, key=order.index, default=Verdict.PASS)


class Sample(BaseModel):
    """The metrics of one iteration, as far as a gate needs them."""

    model_config = ConfigDict(frozen=True)

    values: dict[str, float | None]
    reasons: dict[str, str] = {}
    samples: dict[str, int] = {}


class Check(BaseModel):
    """One threshold applied: the value beside the texts of the threshold, and why."""

    model_config = ConfigDict(frozen=True)

    gate: str
    metric: str
    value: float | None
    verdict: Verdict
    fail_unless: str | None = None
    warn_unless: str | None = None
    reason: str = ""
    no_data: bool = False


class Judgement(BaseModel):
    """What a gate says: the worst check, and every check."""

    model_config = ConfigDict(frozen=True)

    verdict: Verdict
    checks: tuple[Check, ...] = ()
    note: str = ""

    @property
    def no_data_failed(self) -> bool:
        """Whether it fails for want of data, which no grace softens."""
        return any(c.no_data and c.verdict is Verdict.FAIL for c in self.checks)

    def reasons(self) -> list[str]:
        """One line for each check that does not pass, the failing ones first."""
        return [
            f"{check.reason} ({check.gate})"
            for verdict in (Verdict.FAIL, Verdict.WARN)
            for check in self.checks
            if check.verdict is verdict
        ]


def judge(gate: Gate, market: str, history: Sequence[Sample]) -> Judgement:
    """The verdict on the newest iteration of `history` (oldest first, at least one)."""
    checks = tuple(_check(gate.name, threshold, history) for threshold in gate.on(market))
    return Judgement(verdict=worst([c.verdict for c in checks]), checks=checks)


def judge_final(gates: Sequence[Gate], market: str, graded: Sequence[Sample]) -> Judgement:
    """The verdict on a lane: `gates` on the medians of its last eight graded iterations."""
    if not graded:
        return Judgement(verdict=Verdict.WARN, note="nothing graded yet")
    last = graded[-FINAL_WINDOW:]
    checks = tuple(
        _check_median(gate.name, threshold, last) for gate in gates for threshold in gate.on(market)
    )
    return Judgement(
        verdict=worst([c.verdict for c in checks]),
        checks=checks,
        note=_what(len(last)),
    )


def _what(count: int) -> str:
    return "its one graded iteration" if count == 1 else f"medians of its last {count} graded"


def history_needed(gate: Gate) -> int:
    """How many past iterations judging may look at."""
    blocks = [gate.thresholds, *gate.markets.values()]
    return max([FINAL_WINDOW, *(t.window + t.for_ - 1 for block in blocks for t in block)])


def _check(name: str, threshold: Threshold, history: Sequence[Sample]) -> Check:
    now = _check_median(name, threshold, history[-threshold.window :])
    if now.no_data or threshold.for_ == 1:
        return now
    ends = range(len(history) - 1, len(history) - threshold.for_, -1)
    earlier = [
        _check_median(name, threshold, history[max(0, end - threshold.window) : end]).verdict
        if end > 0
        else Verdict.PASS
        for end in ends
    ]
    lasting = min([now.verdict, *earlier], key=list(Verdict).index)
    if lasting is now.verdict:
        return now
    spell = f"{now.reason} (not yet for {threshold.for_} iterations)"
    return now.model_copy(update={"verdict": lasting, "reason": spell})


def _check_median(name: str, threshold: Threshold, history: Sequence[Sample]) -> Check:
    metric = threshold.metric
    lack = next((why for sample in history if (why := _lack(threshold, sample))), None)
    value = None
    if lack is None:
        value = median(v for sample in history if (v := sample.values[metric]) is not None)
        verdict, reason = _compared(threshold, value)
    else:
        verdict, reason = Verdict(threshold.no_data.upper()), f"{metric}: no data ({lack})"
    return Check(
        gate=name,
        metric=metric,
        value=value,
        verdict=verdict,
        fail_unless=threshold.fail_unless,
        warn_unless=threshold.warn_unless,
        reason=reason,
        no_data=lack is not None,
    )


def _compared(threshold: Threshold, value: float) -> tuple[Verdict, str]:
    for verdict, limit in (
        (Verdict.FAIL, threshold.fail_unless),
        (Verdict.WARN, threshold.warn_unless),
    ):
        if limit is not None and not parse(limit).holds(value):
            return verdict, f"{threshold.metric} = {value:.6g}, {verdict.lower()} unless {limit}"
    return Verdict.PASS, ""


def _lack(threshold: Threshold, sample: Sample) -> str | None:
    metric = threshold.metric
    value = sample.values.get(metric)
    if value is None:
        return sample.reasons.get(metric, "not measured")
    if not isfinite(value):
        return f"{value} is no measurement"
    if threshold.min_samples is None:
        return None
    count = sample.samples.get(metric)
    if count is None:
        return f"sample count unknown, {threshold.min_samples} needed"
    return f"{count} samples of {threshold.min_samples}" if count < threshold.min_samples else None


def metrics_of(checks: Sequence[Check]) -> Mapping[str, Check]:
    """The worst check of each metric, in order of first appearance."""
    found: dict[str, Check] = {}
    for check in checks:
        kept = found.get(check.metric)
        if kept is None or worst([kept.verdict, check.verdict]) is not kept.verdict:
            found[check.metric] = check
    return found

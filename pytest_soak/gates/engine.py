"""Judging: thresholds against the KPIs of the iterations so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import isfinite

from pydantic import BaseModel, ConfigDict

from pytest_soak.gates.expressions import parse
from pytest_soak.gates.model import Gate, Threshold
from pytest_soak.kpi.spans import SPAN_KPIS, over, so_far

FINAL_WINDOW = 8
DRIFT = ".drift"
"""Ends the name of a check on a drift; before it is what drifts."""


class Verdict(StrEnum):
    """The outcome of a gate, from good to bad.

    HOLD says that there is not enough evidence to decide, and is of lanes and runs alone.
    """

    PASS = "PASS"
    WARN = "WARN"
    HOLD = "HOLD"
    FAIL = "FAIL"


OF_ITERATIONS = (Verdict.PASS, Verdict.WARN, Verdict.FAIL)


badness = tuple(Verdict).index
"""How bad a verdict is: a key to order by."""


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The worst of them; PASS of none."""
    return max(verdicts, key=badness, default=Verdict.PASS)


class Sample(BaseModel):
    """The metrics of one iteration, as far as a gate needs them."""

    model_config = ConfigDict(frozen=True)

    values: dict[str, float | None]
    reasons: dict[str, str] = {}
    samples: dict[str, int] = {}


class Check(BaseModel):
    """One threshold applied: the value beside the texts of the threshold, and why.

    Attributes:
        gate: The name of the gate.
        metric: The KPI, or `failed`; of a drift its name ends in `.drift`.
        value: What was judged; None without a value.
        verdict: What follows.
        fail_unless: The limit that must hold not to FAIL, as written.
        warn_unless: The limit that must hold for a PASS, as written.
        fail_at_once: The limit that not one iteration may break.
        hold_unless: What must be known for a verdict.
        reason: Why it is no PASS; empty where it is.
        no_data: Whether that is for want of data.
    """

    model_config = ConfigDict(frozen=True)

    gate: str
    metric: str
    value: float | None
    verdict: Verdict
    fail_unless: str | None = None
    warn_unless: str | None = None
    fail_at_once: str | None = None
    hold_unless: str | None = None
    reason: str = ""
    no_data: bool = False


class Judgement(BaseModel):
    """What a gate says: the worst check, and every check.

    Attributes:
        verdict: The worst of the checks.
        checks: A check for each threshold in force.
        note: What to know of it.
    """

    model_config = ConfigDict(frozen=True)

    verdict: Verdict
    checks: tuple[Check, ...] = ()
    note: str = ""

    @property
    def drifts(self) -> dict[str, float]:
        """The KPIs that drift for the worse, and their slopes an iteration."""
        return {
            check.metric.removesuffix(DRIFT): check.value
            for check in self.checks
            if check.metric.endswith(DRIFT) and check.reason and check.value is not None
        }

    @property
    def no_data_failed(self) -> bool:
        """Whether it fails for want of data, which no grace softens."""
        return any(c.no_data and c.verdict is Verdict.FAIL for c in self.checks)

    def reasons(self) -> list[str]:
        """One line for each check that does not pass, the failing ones first."""
        return [
            f"{check.reason} ({check.gate})"
            for verdict in (Verdict.FAIL, Verdict.HOLD, Verdict.WARN)
            for check in self.checks
            if check.verdict is verdict
        ]


def judge(gate: Gate, market: str, history: Sequence[Sample]) -> Judgement:
    """The verdict on the newest iteration of `history` (oldest first, at least one)."""
    checks = tuple(_check_lasting(gate.name, threshold, history) for threshold in gate.on(market))
    return Judgement(verdict=worst([c.verdict for c in checks]), checks=checks)


def history_needed(gate: Gate) -> int:
    """How many past iterations judging may look at."""
    blocks = gate.blocks().values()
    return max([FINAL_WINDOW, *(t.window + t.for_ - 1 for block in blocks for t in block)])


def _check_lasting(name: str, threshold: Threshold, history: Sequence[Sample]) -> Check:
    now = check(name, threshold, history[-threshold.window :])
    if now.no_data or threshold.for_ == 1:
        return now
    if _breaks_at_once(now):
        told = f"{now.metric} = {now.value:.6g}, fail at once unless {now.fail_at_once}"
        return now.model_copy(update={"verdict": Verdict.FAIL, "reason": told})
    ends = range(len(history) - 1, len(history) - threshold.for_, -1)
    earlier = [
        check(name, threshold, history[max(0, end - threshold.window) : end]).verdict
        if end > 0
        else Verdict.PASS
        for end in ends
    ]
    lasting = min([now.verdict, *earlier], key=badness)
    if lasting is now.verdict:
        return now
    spell = f"{now.reason} (not yet for {threshold.for_} iterations)"
    return now.model_copy(update={"verdict": lasting, "reason": spell})


def _breaks_at_once(now: Check) -> bool:
    if now.value is None or now.fail_at_once is None:
        return False
    return not parse(now.fail_at_once).holds(now.value)


def check(name: str, threshold: Threshold, history: Sequence[Sample]) -> Check:
    """A threshold of the gate `name` applied to a metric over all of `history`."""
    metric = threshold.metric
    value, lack = value_over(metric, history, threshold.min_samples)
    if value is not None:
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
        fail_at_once=threshold.fail_at_once,
        reason=reason,
        no_data=value is None,
    )


def _compared(threshold: Threshold, value: float) -> tuple[Verdict, str]:
    for verdict, limit in (
        (Verdict.FAIL, threshold.fail_unless),
        (Verdict.WARN, threshold.warn_unless),
    ):
        if limit is not None and not parse(limit).holds(value):
            return verdict, f"{threshold.metric} = {value:.6g}, {verdict.lower()} unless {limit}"
    return Verdict.PASS, ""


def value_over(
    metric: str, history: Sequence[Sample], min_samples: int | None = None
) -> tuple[float | None, str | None]:
    """The value of a metric over iterations, or None and why there is none.

    It is what `kpi.spans` says of theirs, or of what it needs where they do not have it themselves.
    """
    span = SPAN_KPIS.get(metric)
    if span is None or all(sample.values.get(metric) is not None for sample in history):
        told = _telling(metric, history)
        lack = next((why for s in told if (why := _lack(metric, s, min_samples))), None)
        found = [v for s in told if (v := s.values.get(metric)) is not None]
        return (over(metric, found), None) if lack is None else (None, lack)
    for name in span.needs:
        for sample in history:
            if why := _lack(name, sample, min_samples):
                return None, f"{name}: {why}"
    value = span.over([[sample.values[n] or 0.0 for n in span.needs] for sample in history])
    return value, span.kpi.missing if value is None else None


def _telling(metric: str, history: Sequence[Sample]) -> Sequence[Sample]:
    """Those that tell of a metric: all, but of one of the lane so far the last that has it."""
    if not so_far(metric):
        return history
    measured = [sample for sample in history if sample.values.get(metric) is not None]
    return (measured or history)[-1:]


def _lack(metric: str, sample: Sample, min_samples: int | None) -> str | None:
    value = sample.values.get(metric)
    if value is None:
        return sample.reasons.get(metric, "not measured")
    if not isfinite(value):
        return f"{value} is no measurement"
    if min_samples is None:
        return None
    count = sample.samples.get(metric)
    if count is None:
        return f"sample count unknown, {min_samples} needed"
    return f"{count} samples of {min_samples}" if count < min_samples else None


def metrics_of(checks: Sequence[Check]) -> Mapping[str, Check]:
    """The worst check of each metric, in order of first appearance."""
    found: dict[str, Check] = {}
    for one in checks:
        kept = found.get(one.metric)
        if kept is None or worst([kept.verdict, one.verdict]) is not kept.verdict:
            found[one.metric] = one
    return found

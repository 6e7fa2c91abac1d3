"""What all steady graded iterations of a lane say together: drift, and what is sure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pytest_soak.gates.engine import DRIFT, FINAL_WINDOW, Check, Verdict
from pytest_soak.gates.expressions import Expression, parse
from pytest_soak.gates.model import DriftRule, Gate, Threshold
from pytest_soak.stats.means import MeanBound, mean_bound
from pytest_soak.stats.trend import LEAST_POINTS, Drift, Trend, recent_and_whole

FAMILY_CHANCE = 0.05
"""Of a lane without drift to have one in any of the KPIs that are looked at together."""

Series = Sequence[float | None]
_FALLING = (">=", ">")
_RISING = ("<=", "<")


class _Followed(NamedTuple):
    gate: str
    threshold: Threshold
    rule: DriftRule


def followed(gates: Sequence[Gate], market: str) -> dict[str, _Followed]:
    """The thresholds whose drift decides, by metric: of the strictest of the gates."""
    found: dict[str, _Followed] = {}
    for gate in gates:
        for threshold in gate.on(market):
            one = _Followed(gate.name, threshold, gate.drift_of(threshold))
            known = found.get(threshold.metric)
            if one.rule != "off" and (known is None or (one.rule, known.rule) == ("fail", "warn")):
                found[threshold.metric] = one
    return found


def needed_series(gates: Sequence[Gate], market: str) -> frozenset[str]:
    """The metrics of which a lane's end wants every steady graded iteration."""
    sure = {t.metric for gate in gates for t in gate.on(market) if t.confidence is not None}
    return frozenset(sure | followed(gates, market).keys())


def drift_checks(
    gates: Sequence[Gate], market: str, series: Mapping[str, Series], unit: str
) -> Iterator[Check]:
    """A check on the drift of each metric that is followed, where one can be seen.

    Its value is the slope an iteration, and 0 where none is sure.
    """
    looked_at = followed(gates, market)
    for metric, one in looked_at.items():
        values = series.get(metric, ())
        points = [(n, value) for n, value in enumerate(values) if value is not None]
        x, y = [float(n) for n, _ in points], [value for _, value in points]
        _, whole = recent_and_whole(x, y, FINAL_WINDOW, FAMILY_CHANCE / len(looked_at))
        found = _drift_check(metric, one, whole, unit)
        if found is not None:
            yield found


def told_drifts(gates: Sequence[Gate], market: str, drifts: Mapping[str, float]) -> Iterator[Check]:
    """The checks on what is followed of KPIs that drifted for the worse by these slopes."""
    for metric, one in followed(gates, market).items():
        if metric in drifts:
            check, slope = _blank(metric, one), drifts[metric]
            why = f"{metric} drifts by {slope:.3g} an iteration"
            yield check.model_copy(update={"value": slope, "verdict": _bad(one), "reason": why})


def _drift_check(metric: str, one: _Followed, trend: Trend, unit: str) -> Check | None:
    check, limit = _blank(metric, one), _no_worse(one.threshold)
    if trend.drift is Drift.INCONCLUSIVE or trend.slope is None:
        if one.rule != "fail":
            return None
        why = f"{check.metric}: not known ({_lack(trend, unit)})"
        return check.model_copy(update={"verdict": Verdict.HOLD, "reason": why})
    slope = 0.0 if trend.drift is Drift.NONE else trend.slope
    if parse(limit).holds(slope):
        return check.model_copy(update={"value": slope})
    return check.model_copy(
        update={"value": slope, "verdict": _bad(one), "reason": _drifts(metric, trend, unit)}
    )


def _blank(metric: str, one: _Followed) -> Check:
    limit, fails = _no_worse(one.threshold), one.rule == "fail"
    return Check(
        gate=one.gate,
        metric=f"{metric}{DRIFT}",
        value=None,
        verdict=Verdict.PASS,
        fail_unless=limit if fails else None,
        warn_unless=None if fails else limit,
    )


def _bad(one: _Followed) -> Verdict:
    return Verdict.FAIL if one.rule == "fail" else Verdict.WARN


def _no_worse(threshold: Threshold) -> str:
    symbol = _limit(threshold).symbol
    return ">= 0" if symbol in _FALLING else "<= 0" if symbol in _RISING else "== 0"


def _limit(threshold: Threshold) -> Expression:
    return parse(threshold.fail_unless or threshold.warn_unless or "")


def _lack(trend: Trend, unit: str) -> str:
    if trend.n < LEAST_POINTS:
        return f"{trend.n} of {LEAST_POINTS} {unit}s, {LEAST_POINTS - trend.n} more needed"
    return f"{trend.n} {unit}s resemble their neighbours so much that more are needed"


def _drifts(metric: str, trend: Trend, unit: str) -> str:
    assert trend.slope is not None
    assert trend.median is not None
    half = trend.slope * (trend.n - 1) / 2
    return (
        f"{metric} drifts from {trend.median - half:.3g} to {trend.median + half:.3g} "
        f"over {trend.n} {unit}s"
    )


def sure_check(gate: str, threshold: Threshold, series: Series, unit: str) -> Check:
    """A threshold with a confidence, applied to the mean of a series."""
    assert threshold.confidence is not None
    metric, values = threshold.metric, [v for v in series if v is not None]
    check = Check(
        gate=gate,
        metric=metric,
        value=None,
        verdict=Verdict.PASS,
        fail_unless=threshold.fail_unless,
        warn_unless=threshold.warn_unless,
    )
    if len(values) < len(series) or not series:
        why = f"{metric}: no data ({len(values)} of {len(series)} {unit}s)"
        verdict = Verdict(threshold.no_data.upper())
        return check.model_copy(update={"verdict": verdict, "reason": why, "no_data": True})
    try:
        bound = mean_bound(np.array(values), threshold.confidence)
    except ValueError as error:
        why = f"{metric}: not known ({error})"
        return check.model_copy(update={"verdict": Verdict.HOLD, "reason": why})
    verdict, why = _decided(threshold, bound, unit)
    return check.model_copy(update={"value": bound.mean, "verdict": verdict, "reason": why})


def _decided(threshold: Threshold, bound: MeanBound, unit: str) -> tuple[Verdict, str]:
    ends = (bound.mean - bound.half_width, bound.mean + bound.half_width)
    told = f"{threshold.metric} = {bound.mean:.6g} +- {bound.half_width:.3g}"
    limits = ((Verdict.FAIL, threshold.fail_unless), (Verdict.WARN, threshold.warn_unless))
    for verdict, text in limits:
        if text is None:
            continue
        limit = parse(text)
        holds = [limit.holds(end) for end in ends]
        if all(holds):
            continue
        why = f"{told}, {verdict.lower()} unless {text}"
        if verdict is Verdict.WARN or not any(holds):
            return verdict, why
        more = bound.more_needed(limit.limit)
        return Verdict.HOLD, f"{why}: {_more(more, unit)}"
    return Verdict.PASS, ""


def _more(more: int | None, unit: str) -> str:
    if more is None:
        return "no number of them would decide"
    return f"some {more} more {unit}{'' if more == 1 else 's'} would decide"

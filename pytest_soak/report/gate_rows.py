"""The thresholds of a lane beside its values: a row a metric, however many gates judge it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from pytest_soak.artifacts.models import GateMetric
from pytest_soak.gates.engine import DRIFT, Verdict, worst
from pytest_soak.gates.expressions import Expression, parse
from pytest_soak.kpi.definitions import KNOWN
from pytest_soak.text import signed

_UP = (">", ">=")
_KINDS = ("fail_unless", "warn_unless")


@dataclass(frozen=True)
class GateRow:
    """A metric: its value, how far that is on the good side of the limits, these by column.

    A limit is empty where a gate wants nothing, `drift_verdict` where none judges the `drift`.
    """

    metric: str
    verdict: Verdict
    value: float | None
    margin: str
    limits: Sequence[str]
    slope: float | None
    drift: str
    drift_verdict: str
    reason: str


@dataclass(frozen=True)
class GateTable:
    """The rows of all metrics, and what the columns of their limits are."""

    columns: Sequence[str]
    rows: Sequence[GateRow]


class Drifting(NamedTuple):
    """The trend of a metric in words."""

    slope: float | None
    text: str


def gate_table(checks: Sequence[GateMetric], drifts: Mapping[str, Drifting]) -> GateTable:
    """The checks of a lane by metric; a check on a drift goes with what drifts."""
    own = [one for one in checks if not one.metric.endswith(DRIFT)]
    columns = [
        (gate, kind)
        for gate in dict.fromkeys(one.gate for one in own)
        for kind in _KINDS
        if any(one.gate == gate and getattr(one, kind) for one in own)
    ]
    metrics = dict.fromkeys(one.metric.removesuffix(DRIFT) for one in checks)
    return GateTable(
        [f"{gate}: {kind.replace('_', ' ')}" for gate, kind in columns],
        [_row(metric, checks, columns, drifts) for metric in metrics],
    )


def _row(
    metric: str,
    checks: Sequence[GateMetric],
    columns: Sequence[tuple[str, str]],
    drifts: Mapping[str, Drifting],
) -> GateRow:
    own = [one for one in checks if one.metric == metric]
    drifting = [one for one in checks if one.metric == metric + DRIFT]
    limits = {(one.gate, kind): getattr(one, kind) or "" for one in own for kind in _KINDS}
    trend = drifts.get(metric, Drifting(None, ""))
    value = next((one.value for one in own if one.value is not None), None)
    return GateRow(
        metric=metric,
        verdict=worst([one.verdict for one in (*own, *drifting)]),
        value=value,
        margin=margin(value, own),
        limits=[limits.get(column, "") for column in columns],
        slope=trend.slope,
        drift=trend.text,
        drift_verdict=str(worst([one.verdict for one in drifting])) if drifting else "",
        reason=next((one.reason for one in own if one.value is None and one.reason), ""),
    )


def margin(value: float | None, checks: Sequence[GateMetric]) -> str:
    """How far `value` is on the good side of the tightest limit that fails, else that warns.

    With a sign: what is negative is broken. Empty where no limit has a good side.
    """
    if value is None:
        return ""
    for kind in _KINDS:
        found = [_inside(value, e) for e in expressions(checks, kind) if e.symbol[0] in "<>"]
        if found:
            least = min(found)
            return signed(least) + (" to warn" if kind == "warn_unless" else "")
    return ""


def _inside(value: float, expression: Expression) -> float:
    distance = value - expression.limit
    return distance if expression.symbol in _UP else -distance


def expressions(checks: Sequence[GateMetric], kind: str) -> Iterator[Expression]:
    """The thresholds of a kind that are numbers."""
    for check in checks:
        with suppress(ValueError):
            text = getattr(check, kind)
            if text is not None:
                yield parse(text)


def better(metric: str, checks: Sequence[GateMetric]) -> str:
    """The good direction of a metric, `up` or `down`: by the KPI table, else by its limits."""
    if metric in KNOWN:
        return KNOWN[metric].better
    own = [one for one in checks if one.metric == metric]
    for kind in _KINDS:
        for found in expressions(own, kind):
            if found.symbol[0] in "<>":
                return "up" if found.symbol in _UP else "down"
    return ""

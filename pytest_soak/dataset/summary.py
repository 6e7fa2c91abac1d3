"""What a dataset comes to: whether it can be used, and its KPIs with and without refused rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum
from typing import NamedTuple

from pytest_soak.dataset.filters import SpanFilter
from pytest_soak.dataset.row import STAGES, Row, StageQuantiles
from pytest_soak.gates.engine import Verdict

BPS = {
    "net_bps": "net_quote",
    "gross_bps": "gross_quote",
    "fees_eff_bps": "fees_quote",
    "slippage_bps": "slippage_quote",
    "inventory_bps": "inventory_quote",
}
"""KPIs of several rows that are an amount over the volume."""


class Judged(NamedTuple):
    """PASS, WARN or FAIL, and why it is no PASS."""

    verdict: Verdict
    reasons: tuple[str, ...]


class Totals(NamedTuple):
    """Rows together: how many, their hours, and KPIs by name; None where none has the KPI."""

    rows: int
    hours: float
    kpis: dict[str, float | None]


def totals(rows: Sequence[Row], interval_us: int) -> Totals:
    """The KPIs of rows together; those of ticks are weighted by them."""
    volume = fsum(row.volume_quote for row in rows)
    amounts = {name: _sum([getattr(row, name) for row in rows]) for name in BPS.values()}
    kpis: dict[str, float | None] = {"volume_quote": volume, **amounts}
    for name, amount in BPS.items():
        total = amounts[amount]
        kpis[name] = None if not volume or total is None else total / volume * 1e4
    kpis["adverse_bps"] = _mean([(row.adverse_bps, row.volume_quote) for row in rows])
    kpis["taker_share_pct"] = _mean([(row.taker_share_pct, row.volume_quote) for row in rows])
    for name in ("md_cache_hit_ratio", "deadline_miss_ratio"):
        kpis[name] = _mean([(getattr(row, name), row.ticks) for row in rows])
    kpis["worst_tick_total_p95_ms"] = _worst(row.tick_total_p95_ms for row in rows)
    for stage in STAGES:
        for quantile in StageQuantiles.model_fields:
            told = (getattr(row.stages[stage], quantile) for row in rows if stage in row.stages)
            kpis[f"worst_{stage}_{quantile}"] = _worst(told)
    hours = fsum(row.coverage for row in rows) * interval_us / 3.6e9
    return Totals(len(rows), hours, kpis)


def _sum(values: Sequence[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return fsum(told) if told else None


def _worst(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _mean(weighted: Sequence[tuple[float | None, float]]) -> float | None:
    told = [(value, weight) for value, weight in weighted if value is not None]
    weights = fsum(weight for _, weight in told)
    return fsum(value * weight for value, weight in told) / weights if weights else None


def judged(
    rows: Sequence[Row],
    interval_us: int,
    lines: int,
    bad_lines: int,
    equal_fills: int,
    limits: SpanFilter,
) -> Judged:
    """Whether the rows make a dataset."""
    accepted = [row for row in rows if row.accepted]
    hours = totals(accepted, interval_us).hours
    failed, warned = [], []
    if equal_fills:
        warned.append(f"{equal_fills} fills without a number are equal to another: doubled or real")
    refused = len(rows) - len(accepted)
    if hours < limits.least_hours:
        failed.append(f"{hours:.2f} covered hours, {limits.least_hours:g} at least")
    elif hours < limits.good_hours:
        warned.append(f"{hours:.2f} covered hours, {limits.good_hours:g} are wanted")
    if refused >= limits.most_refused_share * len(rows):
        most = f"less than {100 * limits.most_refused_share:g} % wanted"
        failed.append(f"{refused} of {len(rows)} intervals refused, {most}")
    if bad_lines > limits.most_bad_line_share * (lines + bad_lines):
        most = f"{100 * limits.most_bad_line_share:g} % at most"
        failed.append(f"{bad_lines} of {lines + bad_lines} lines are bad, {most}")
    verdict = Verdict.FAIL if failed else Verdict.WARN if warned else Verdict.PASS
    return Judged(verdict, (*failed, *warned))

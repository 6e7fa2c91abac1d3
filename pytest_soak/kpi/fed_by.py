"""Which feed each KPI is reckoned from: without it there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pytest_soak.kpi.summary import Summary

if TYPE_CHECKING:
    from pytest_soak.observation.columns import Observation

FED_BY: dict[str, str] = {
    **dict.fromkeys(
        (
            "net_bps",
            "gross_bps",
            "fees_eff_bps",
            "slippage_bps",
            "inventory_bps",
            "adverse_bps",
            "adverse_bps_p95",
            "pickoff_bps",
            "slippage_bps_p95",
            "net_quote",
            "volume_quote",
            "num_fills",
            "maker_taker_ratio",
        ),
        "fills",
    ),
    **dict.fromkeys(
        (
            "risk_ratio",
            "risk_time_share",
            "inventory_pct",
            "min_interval_pct",
            "concurrency_pct",
            "throttle_pct",
        ),
        "quoting",
    ),
    "cancel_ratio": "orders",
    "order_age_p95_ms": "orders",
    "p95_latency_ms": "acks",
    "ws_lag_p95_ms": "ws_lag",
    **dict.fromkeys(
        (
            "md_cache_hit_ratio",
            "fetch_md_p95_ms",
            "tick_total_p95_ms",
            "deadline_miss_ratio",
        ),
        "pipeline_ticks",
    ),
    "max_drawdown_quote": "marks",
}


_SPLIT = ("fills.maker", "fills.mid")
_ENDS = ("mid_start", "mid_end")
RESTS_ON: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("net_bps", "net_quote"), ("fills.fee_quote", *_ENDS)),
    "fees_eff_bps": ("fills.fee_quote",),
    "inventory_bps": ("fills.mid", *_ENDS),
    **dict.fromkeys(
        (
            "gross_bps",
            "slippage_bps",
            "slippage_bps_p95",
            "adverse_bps",
            "adverse_bps_p95",
            "pickoff_bps",
        ),
        _SPLIT,
    ),
    "maker_taker_ratio": ("fills.maker",),
}
"""What of an Observation that may be untold each KPI is reckoned from."""


def null_unless_told(name: str) -> tuple[str, ...]:
    """What of an Observation has to be told for a KPI not to be null."""
    return RESTS_ON.get(name) or ((FED_BY[name],) if name in FED_BY else ())


def untold(observation: Observation, kpis: Mapping[str, float | None]) -> dict[str, str]:
    """The KPIs that follow from nothing that is told, each with why."""
    needed = {name: RESTS_ON.get(name, ()) for name in kpis}
    feeds = {name: (FED_BY[name],) for name in kpis.keys() & FED_BY.keys() if kpis[name] is None}
    found = {n: observation.lacks(*names, *feeds.get(n, ())) for n, names in needed.items()}
    return {name: why for name, why in found.items() if why is not None}


def without(summary: Summary, feeds: Mapping[str, str]) -> Summary:
    """`summary` without the KPIs that rest on `feeds`, each told with why it cannot be used."""
    reasons = {kpi: feeds[feed] for kpi, feed in FED_BY.items() if feed in feeds}
    return summary.model_copy(
        update={
            "kpis": summary.kpis | dict.fromkeys(reasons),
            "reasons": summary.reasons | reasons,
            "samples": {n: count for n, count in summary.samples.items() if n not in reasons},
        }
    )

"""The KPI table: the one definition of each KPI's name, valid range and meaning."""

from __future__ import annotations

import math
from typing import NamedTuple


class Kpi(NamedTuple):
    """A KPI of one iteration; the unit is the suffix of its name, `better` the wished direction."""

    name: str
    better: str
    meaning: str
    low: float = -math.inf
    high: float = math.inf


def _ratio(name: str, better: str, meaning: str) -> Kpi:
    return Kpi(name, better, meaning, 0.0, 1.0)


def _share(name: str, better: str, meaning: str) -> Kpi:
    return Kpi(name, better, meaning, 0.0, 100.0)


def _size(name: str, better: str, meaning: str) -> Kpi:
    return Kpi(name, better, meaning, 0.0)


KPIS: dict[str, Kpi] = {
    kpi.name: kpi
    for kpi in (
        Kpi("net_bps", "up", "gross + fees + slippage + inventory, of volume"),
        Kpi("gross_bps", "up", "maker fills against the mid just before them"),
        Kpi("fees_eff_bps", "up", "fees as charged; a cost is negative"),
        Kpi("slippage_bps", "up", "taker fills against their decision mid; a cost is negative"),
        Kpi("inventory_bps", "up", "the rest of the PnL: mid moves against the position"),
        Kpi("adverse_bps", "down", "1-s markout of maker fills against us; not a term of net"),
        Kpi("adverse_bps_p95", "down", "95th percentile of that markout, a fill"),
        Kpi("slippage_bps_p95", "down", "95th percentile of the cost of a taker fill"),
        Kpi("net_quote", "up", "PnL of the iteration, in quote currency"),
        _size("volume_quote", "up", "traded notional"),
        _size("num_fills", "up", "fills, maker and taker"),
        _ratio("maker_taker_ratio", "up", "maker share of the volume"),
        _ratio("risk_ratio", "down", "share of intended quote changes the risk guard stopped"),
        _ratio("risk_time_share", "down", "share of side-time the risk guard blocked"),
        _share("inventory_pct", "down", "intended changes the bot's own limits stopped"),
        _share("min_interval_pct", "down", "intended changes that came too soon"),
        _share("concurrency_pct", "down", "intended changes that found every request slot taken"),
        _share("throttle_pct", "down", "intended changes the rate bucket stopped"),
        _size("cancel_ratio", "down", "cancels an order sent"),
        _size("order_age_p95_ms", "down", "age of an order when it left the book"),
        _size("p95_latency_ms", "down", "order sent to acknowledged"),
        _size("ws_lag_p95_ms", "down", "market data event to its arrival"),
        _ratio("md_cache_hit_ratio", "up", "fetches served by the market-data cache"),
        _size("fetch_md_p95_ms", "down", "time to fetch market data"),
        _size("tick_total_p95_ms", "down", "time of a whole pipeline tick"),
        _ratio("deadline_miss_ratio", "down", "pipeline ticks past their deadline"),
        _size("max_drawdown_quote", "down", "largest fall of the equity from its peak"),
    )
}

COSTS = ("fees_eff_bps", "slippage_bps", "inventory_bps", "adverse_bps")
DRIVER_SHARE = 0.20

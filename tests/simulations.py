"""Simulations of the reference maker, for tests of the market."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_soak.market.regimes import build_market
from pytest_soak.market.simulation import MakerConfig, Simulation

STEADY_SAFE = {
    "base_spread_bps_delta": 0.15,
    "impact_cap_ratio": 0.08,
    "max_delta_ratio": 0.15,
    "min_interval_ms": 75.0,
    "replace_rate_per_min": 250.0,
    "tail_age_ms": 740.0,
    "concurrency_limit": 3.0,
    "rescue_max_ratio": 0.20,
    "rescue_min_edge_bps": 1.0,
    "rescue_cooldown_ms": 1500.0,
    "position_limit_notional": 60000.0,
}


def simulate(
    market: str = "calm",
    seed: int = 42,
    config: MakerConfig | None = None,
    settings: Mapping[str, float] | None = None,
) -> Simulation:
    return Simulation(build_market(market, settings or {}), seed, config or MakerConfig(0.0))

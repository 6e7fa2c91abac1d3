"""For users' tests: targets that do as they are told."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_soak.targets.base import LaneInfo, Window

GOOD: Mapping[str, float] = {
    "net_bps": 3.1,
    "gross_bps": 3.6,
    "fees_eff_bps": -0.2,
    "slippage_bps": -0.2,
    "inventory_bps": -0.1,
    "adverse_bps_p95": 1.5,
    "maker_taker_ratio": 0.95,
    "risk_ratio": 0.30,
    "p95_latency_ms": 260.0,
    "num_fills": 1000.0,
}


class InstantTarget:
    """Gives the same good KPIs at once, whatever the overrides."""

    kpis = tuple(GOOD)

    def __init__(self, lane: LaneInfo) -> None:
        self.lane = lane

    def start(self, lane: LaneInfo) -> None:
        """Nothing to get ready."""

    def run(self, overrides: Mapping[str, float], window: Window) -> Mapping[str, float | None]:
        """The KPIs in `GOOD`."""
        return dict(GOOD)

    def stop(self) -> None:
        """Nothing to release."""

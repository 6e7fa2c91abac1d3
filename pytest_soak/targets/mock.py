"""The `mock` target: KPIs drawn from distributions, instantly. For plumbing, never for a verdict.

By chance it fails gates. Every standard deviation is scaled by `sigma`; an hour with a spike
has the values of `_IN_SPIKE` to the digit. The money follows from `net_bps` and the volume.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from pytest_soak.config.parameters import reference_table
from pytest_soak.kpi.definitions import KPIS
from pytest_soak.kpi.summary import Summary
from pytest_soak.options import NEUTRAL
from pytest_soak.targets.base import LaneInfo, Window

_COMMON = {
    "maker_taker_ratio": (0.90, 0.03),
    "p95_latency_ms": (250.0, 50.0),
    "num_fills": (100.0, 20.0),
}
_CALM = {"net_bps": (3.0, 0.5), "adverse_bps_p95": (2.0, 0.3), "risk_ratio": (0.30, 0.05)}
_VOLATILE = {"net_bps": (2.5, 1.5), "adverse_bps_p95": (3.0, 1.0), "risk_ratio": (0.40, 0.15)}
_IN_SPIKE = {"net_bps": 1.0, "adverse_bps_p95": 8.0, "risk_ratio": 0.70}
_TRADE_QUOTE = (3000.0, 300.0)
_DRAWDOWN_BPS = 0.2
_MONEY = ("volume_quote", "net_quote", "max_drawdown_quote")
_GAP_PROBABILITY = 0.02
_NET_FLOOR = -10.0


class MockTarget:
    """Draws each iteration's KPIs from (seed, market, iteration) alone.

    It has the reference maker's parameters so that the tuner's plumbing runs; they move nothing.
    """

    kpis = (*_COMMON, *_CALM, *_MONEY)
    deterministic = True
    parameters = reference_table()

    def __init__(self, lane: LaneInfo) -> None:
        self._lane = lane

    def start(self, lane: LaneInfo) -> None:
        """Nothing to get ready."""

    def stop(self) -> None:
        """Nothing to release."""

    def run(self, overrides: Mapping[str, float], window: Window) -> Summary:
        """The KPIs of one iteration; the overrides have no effect on them."""
        lane, knobs = self._lane, {**NEUTRAL, **self._lane.market_settings}
        draws = Random(f"{lane.seed}/{lane.market}/{window.iteration}")
        regime = lane.market if lane.scenario is None else lane.scenario.regime
        scale = knobs["sigma"] / NEUTRAL["sigma"]
        table = _COMMON | (_VOLATILE if regime == "volatile" else _CALM)
        spike = regime == "spike" and draws.random() < knobs["spike_prob"]
        gap = draws.random() < _GAP_PROBABILITY
        values = {name: draws.gauss(mean, sd * scale) for name, (mean, sd) in table.items()}
        values |= _IN_SPIKE if spike else {}
        if gap:
            values["net_bps"] -= knobs["gap_bps"]
        values["net_bps"] = max(values["net_bps"], _NET_FLOOR)
        kpis = {name: min(max(v, KPIS[name].low), KPIS[name].high) for name, v in values.items()}
        kpis["num_fills"] = float(round(kpis["num_fills"]))
        kpis |= _money(draws, kpis, scale)
        return Summary(
            kpis=dict(kpis),
            samples=dict.fromkeys(kpis, int(kpis["num_fills"])),
            market={"spike_count": int(spike), "gap_events": int(gap)},
        )


def _money(draws: Random, kpis: Mapping[str, float], scale: float) -> dict[str, float]:
    mean, sd = _TRADE_QUOTE
    volume = kpis["num_fills"] * max(draws.gauss(mean, sd * scale), 0.0)
    net = kpis["net_bps"] * 1e-4 * volume
    dips = abs(draws.gauss(0.0, _DRAWDOWN_BPS * scale)) * 1e-4 * volume
    return dict(zip(_MONEY, (volume, net, max(0.0, -net) + dips), strict=True))

"""Rows of a dataset whose net depends on conditions."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_soak.artifacts.calib_models import CalibDataset
from pytest_soak.dataset.row import STAGES, Row, StageQuantiles
from pytest_soak.gates.engine import Verdict
from pytest_soak.text import utc_text

FIVE_US = 300_000_000
GROSS_BPS = 4.0


def a_row(at: int, net_bps: float | None, sigma: float | None, volume: float, ms: float) -> Row:
    nothing: dict[str, Any] = dict.fromkeys(Row.model_fields)
    stage = StageQuantiles(p50_ms=ms, p95_ms=ms, p99_ms=ms)
    told = {
        "lane": "x",
        "interval_start": utc_text(at * FIVE_US),
        "interval_end": utc_text((at + 1) * FIVE_US),
        "ticks": 100,
        "fills": 10,
        "coverage": 1.0,
        "seq_gaps": 0,
        "volume_quote": volume,
        "net_bps": net_bps,
        "sigma_bps": sigma,
        "stages": dict.fromkeys(STAGES, stage),
        "unknown": {},
        "accepted": True,
        "reasons": [],
    }
    return Row(**(nothing | told))


def calib(rows: list[Row], gross_bps: float | None = GROSS_BPS) -> CalibDataset:
    return CalibDataset(
        source="sim",
        meta={},
        plan="release.yaml",
        verdict=Verdict.PASS,
        reasons=[],
        interval_min=5,
        intervals=len(rows),
        accepted=len(rows),
        covered_hours=len(rows) / 12,
        kpis={"gross_bps": gross_bps},
        accepted_kpis={},
        net_quote=0.0,
        recorded_net_quote=0.0,
        run="run",
        rows=rows,
    )


def rows_of(
    count: int, costs: tuple[float, float, float], seed: int = 1, noise: float = 0.3
) -> list[Row]:
    """Each interval's net falls by so many bps where a condition was twice its hour's mean."""
    draws = np.random.default_rng(seed)
    conditions = np.exp(draws.normal(0.0, 0.3, (count, 3))) * [0.7, 1e5, 30.0]
    rows = []
    for at, (sigma, volume, ms) in enumerate(conditions):
        net = 3.0 + draws.normal(0.0, noise)
        if at >= 12:
            before = conditions[at - 12 : at]
            net -= float(np.dot(costs, before[-1] / before.mean(axis=0) - 1.0))
        rows.append(a_row(at, net, sigma, volume, ms))
    return rows

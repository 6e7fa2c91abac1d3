"""Pairs of lanes that meet the same draws: what latency costs, and how much such pairs save."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.estimates import lanes_told, told
from benchmarks.lanes import profile, table
from benchmarks.maker_hours import MakerHours, run_hours
from pytest_soak.config.instruments import Latency
from pytest_soak.config.scenarios import BUILT_IN, Scenario
from pytest_soak.stats.paired import paired_effect

ADDED_MS = (50.0, 100.0)
CHANGES = {"base_spread_bps_delta": (0.15, 0.20), "impact_cap_ratio": (0.08, 0.10)}


def slower(scenario: Scenario, added_ms: float) -> Scenario:
    """The scenario with a venue that is farther away, by so much each way."""

    def longer(way: Latency) -> Latency:
        return way.model_copy(update={"base_ms": way.base_ms + added_ms})

    venue = scenario.venue
    ways = {name: longer(getattr(venue, name)) for name in ("to_gateway", "from_gateway")}
    return scenario.model_copy(update={"venue": venue.model_copy(update=ways)})


def latency_table(market: str, seeds: Sequence[int], base: MakerHours, jobs: int) -> str:
    """Changes against the venue as it is, seed by seed."""
    hours, reference = base.episodes.shape[1], profile("steady_safe")
    rows = [["0", *[""] * 6, lanes_told(base.lane_means("p95_latency_ms"))]]
    for added in ADDED_MS:
        far = run_hours(slower(BUILT_IN[market], added), seeds, hours, reference, jobs)
        rows.append([f"+{added:g}"])
        for kpi in ("net_bps", "gross_bps", "net_quote"):
            before = base.lane_means(kpi)
            effect = paired_effect(before, far.lane_means(kpi))
            share = 100.0 / float(before.mean())
            rows[-1] += [told(effect.mean * share, effect.half_width * abs(share))]
            rows[-1] += [f"{effect.t:.1f}"]
        rows[-1] += [lanes_told(far.lane_means("p95_latency_ms"))]
    head = ["ms each way", "`net_bps`, %", "t", "`gross_bps`, %", "t", "`net_quote`, %", "t"]
    head.append("`p95_latency_ms`")
    return table(head, rows)


def draws_table(market: str, seeds: Sequence[int], base: MakerHours, jobs: int) -> str:
    """The sd of the difference of two hours' net, with the same draws and with others."""
    hours, reference = base.episodes.shape[1], profile("steady_safe")
    before, rows = base.of("net_bps"), []
    for name, (old, new) in CHANGES.items():
        assert reference[name] == old
        changed = run_hours(market, seeds, hours, reference | {name: new}, jobs).of("net_bps")
        paired = float(np.nanstd(changed - before, ddof=1))
        unpaired = float(np.hypot(np.nanstd(before, ddof=1), np.nanstd(changed, ddof=1)))
        effect = paired_effect(np.nanmean(before, axis=1), np.nanmean(changed, axis=1))
        row = [f"`{name}` {old:g} → {new:g}", told(effect.mean, effect.half_width)]
        rows.append([*row, f"{paired:.2f}", f"{unpaired:.2f}", f"{paired / unpaired:.2f}"])
    head = ["change", "net_bps", "sd of a pair", "sd of hours with other draws", "ratio"]
    return table(head, rows)

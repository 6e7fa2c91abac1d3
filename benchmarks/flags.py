"""What each flag of the reference maker does: writes pytest_soak/release/flags_measured.yaml.

Each flag goes from one value to another, where it binds, all else equal; both meet the same draws,
so each seed is a pair. Run: python -m benchmarks.flags [--seeds 24] [--hours 4] [--jobs 1]
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from benchmarks.lanes import HOUR_US, ROOT, profile
from pytest_soak.config.flags import Value
from pytest_soak.kpi.edge import summarize
from pytest_soak.market.compile import load_kernel, source_digest
from pytest_soak.market.maker_config import FLAGS, MakerConfig
from pytest_soak.market.regimes import build_market
from pytest_soak.market.simulation import Simulation
from pytest_soak.release.measured import FILE
from pytest_soak.stats.paired import paired_effect

STUDY = ROOT / "pytest_soak" / "release" / FILE
MARKET, PROFILE = "calm", "steady_safe"
ALWAYS = ("tick_total_p95_ms", "net_bps", "net_quote", "num_fills")
DIGITS = 4  # significant ones

Flags = Mapping[str, Value]


class Change(NamedTuple):
    """Two values of a flag, and what other flags are set to beside both."""

    before: Value
    after: Value
    beside: Flags


def off(name: str, **beside: Value) -> tuple[str, Change]:
    """A switch that is on, switched off."""
    return name, Change(True, False, {key.replace("__", "."): v for key, v in beside.items()})


SPREAD: Flags = {"auto_spread.enabled": True, "auto_spread.volatility_weight": 0.0}
CHANGES: Mapping[str, Change] = dict(
    [
        off("pipeline.enabled"),
        off("md_cache.enabled"),
        off("async_batch.enabled"),
        off("taker_cap.enabled", taker_cap__max_taker_share_pct=3.0),
        ("taker_cap.max_taker_share_pct", Change(9.0, 3.0, {})),
        off("trace.enabled"),
        ("trace.sample_rate", Change(0.2, 1.0, {})),
        ("auto_spread.enabled", Change(False, True, {})),
        ("auto_spread.volatility_weight", Change(0.0, 0.5, SPREAD)),
        ("auto_spread.volume_weight", Change(0.0, 0.5, SPREAD)),
        ("auto_spread.latency_weight", Change(0.0, 0.5, SPREAD)),
        ("queue_eta.enabled", Change(False, True, {})),
        ("queue_eta.max_s", Change(30.0, 100.0, {"queue_eta.enabled": True})),
    ]
)


def kpis_of(hours: int, names: tuple[str, ...], flags: Flags, seed: int) -> NDArray[np.float64]:
    """The mean of each KPI over the hours of a lane."""
    simulation = Simulation(build_market(MARKET, {}), seed, MakerConfig(0.0, flags))
    values = np.full((hours, len(names)), np.nan)
    for hour in range(hours):
        start = hour * HOUR_US
        seen = simulation.observe(hour + 1, start, start + HOUR_US, profile(PROFILE), 0)
        kpis = summarize(seen).kpis
        values[hour] = [np.nan if kpis[name] is None else kpis[name] for name in names]
    return np.asarray(values.mean(axis=0))


def measured(name: str, seeds: range, hours: int, jobs: int) -> dict[str, Any]:
    """What a flag does: per KPI the mean difference of the pairs, and its 95 % half width."""
    change = CHANGES[name]
    names = tuple(dict.fromkeys((*FLAGS[name].moves, *ALWAYS)))
    before, after = (
        _lanes(partial(kpis_of, hours, names, {**change.beside, name: value}), seeds, jobs)
        for value in (change.before, change.after)
    )
    effects = {}
    for at, kpi in enumerate(names):
        effect = paired_effect(before[:, at], after[:, at])
        effects[kpi] = [float(f"{x:.{DIGITS}g}") for x in (effect.mean, effect.half_width)]
    beside = {other: value for other, value in change.beside.items() if other != name}
    told = {"before": change.before, "after": change.after, "beside": beside}
    return {**told, "effects": effects}


def _lanes(run: Any, seeds: range, jobs: int) -> NDArray[np.float64]:
    with ThreadPoolExecutor(jobs) as pool:
        return np.array(list(pool.map(run, seeds)))


def main() -> None:
    """Measure each flag and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--hours", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    load_kernel()
    seeds = range(1, given.seeds + 1)
    flags = {}
    for name in FLAGS:
        flags[name] = measured(name, seeds, given.hours, given.jobs)
        print(name, flags[name]["effects"], flush=True)
    document = {
        "kernel": source_digest(),
        "market": MARKET,
        "profile": PROFILE,
        "seeds": given.seeds,
        "hours": given.hours,
        "flags": flags,
    }
    head = "# Written by `python -m benchmarks.flags`: mean difference of pairs, 95 % half width.\n"
    STUDY.write_text(head + yaml.safe_dump(document, sort_keys=False, default_flow_style=None))


if __name__ == "__main__":
    main()

"""How often a run is FAIL beside its baseline, of the same bot and of a worse: docs/BASELINE.md.

`python -m benchmarks.baseline_study --pool FOLDER [--seeds 1..100 --hours 24 --caused 16 --jobs 2]`
records lanes of steady_safe on calm, each once (some 0.15 CPU-s an hour), in the pool that
`pytest-soak calibrate` uses: those of `--seeds`, and of the first `--caused` of them with a neutral
change and with each size of each cause. It can be interrupted; what the folder has is not made
again. Eight lanes are drawn for each side, `--times` times.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import add
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.lanes import ROOT, put_section, table
from pytest_soak.baseline.judge import judge_group
from pytest_soak.calibration.causes import CAUSES, of_maker
from pytest_soak.calibration.lanes import RecordedLane
from pytest_soak.calibration.pool import fill, orders, recorded
from pytest_soak.comparing.groups import Group, Hours, MarketId
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.model import gate_shelf, load_gate
from pytest_soak.run.resolve import Inputs, resolve_settings
from pytest_soak.run.settings import Settings
from pytest_soak.stats.limits import share_interval

DOCUMENT = ROOT / "docs" / "BASELINE.md"
PROFILE, MARKET, LANES, SEED, RISK = "steady_safe", "calm", 8, 42, "risk_ratio"
NEUTRAL_MS, POWER, STEPS = 5.0, 0.8, 6
NOTHING = {"size": 1.0, "taking": 1.0}
"""The size of a cause that changes nothing, where that is not 0."""
RISKS = (1.05, 1.1, 1.2, 1.85)
"""Times the risk ratio: nothing in maker or market makes more risk and little else."""
neutral = of_maker("tail_age_ms", add)
"""It hardly matters, and all that is drawn after it differs."""
GATE = load_gate("no_worse", gate_shelf(ROOT / "none"), ROOT / "none", "no_worse")

Lanes = Mapping[int, Hours]
Pick = Callable[[np.random.Generator], tuple[Lanes, Lanes]]


class Shares(NamedTuple):
    """How many of so many comparisons came to FAIL, and to HOLD."""

    failed: int
    held: int
    times: int

    @property
    def cells(self) -> list[str]:
        """The share of FAIL with its 95 % interval, and that of HOLD."""
        low, high = share_interval(self.failed, self.times)
        told = f"{self.failed / self.times:.1%} [{100 * low:.1f}, {100 * high:.1f}]"
        return [told, f"{self.held / self.times:.1%}"]


class Harm(NamedTuple):
    """What makes lanes worse, the size that is no harm, and the lanes with each of the sizes."""

    name: str
    unit: str
    nothing: float
    sizes: Sequence[float]
    lanes: Sequence[Lanes]


def settings_of(seeds: str, hours: int) -> Settings:
    """The soak of which the pool holds the lanes."""
    typed = {"iterations": str(hours), "seed": seeds, "profile": PROFILE, "market": MARKET}
    return resolve_settings(Inputs(typed, {}, {}, ROOT, ROOT, ROOT))


def lanes_of(settings: Settings, pool: Path, jobs: int, cause: str = "") -> dict[int, Hours]:
    """The hours after the grace of each lane, which is recorded where the pool does not have it."""
    wanted = orders(settings, pool, cause)
    fill(wanted, jobs, lambda: None)
    return {one.wanted.plan.lane.seed: _hours(recorded(one)) for one in wanted}


def _hours(lane: RecordedLane) -> Hours:
    first = lane.plan.gate.grace + 1
    return {one.iteration: one.summary.kpis for one in lane.done if one.iteration >= first}


def judged(pick: Pick, times: int) -> Shares:
    """So many comparisons of lanes that are drawn at random."""
    rng = np.random.default_rng(SEED)
    verdicts = [_verdict(*pick(rng)) for _ in range(times)]
    return Shares(verdicts.count(Verdict.FAIL), verdicts.count(Verdict.HOLD), times)


def _verdict(before: Lanes, after: Lanes) -> Verdict:
    return judge_group(_group("a", before), _group("b", after), [GATE]).verdict


def _group(run: str, lanes: Lanes) -> Group:
    return Group(run, PROFILE, "", MarketId(MARKET, "", ""), "sim", lanes, {})


def _drawn(lanes: Lanes, count: int, rng: np.random.Generator) -> list[int]:
    return [int(seed) for seed in rng.choice(list(lanes), count, replace=False)]


def other_seeds(lanes: Lanes) -> Pick:
    """Disjoint sets of seeds, which are not paired."""

    def pick(rng: np.random.Generator) -> tuple[Lanes, Lanes]:
        seeds = _drawn(lanes, 2 * LANES, rng)
        return {s: lanes[s] for s in seeds[:LANES]}, {s: lanes[s] for s in seeds[LANES:]}

    return pick


def same_seeds(before: Lanes, after: Lanes) -> Pick:
    """The same seeds on both sides, paired."""

    def pick(rng: np.random.Generator) -> tuple[Lanes, Lanes]:
        seeds = _drawn(after, LANES, rng)
        return {s: before[s] for s in seeds}, {s: after[s] for s in seeds}

    return pick


def between(low: Lanes, high: Lanes, part: float) -> dict[int, Hours]:
    """Lanes whose KPIs lie so far from those of `low` towards those of `high`, hour by hour."""
    return {
        seed: {
            number: {
                kpi: value + part * (there - value)
                for kpi, value in kpis.items()
                if value is not None and (there := high[seed][number].get(kpi)) is not None
            }
            for number, kpis in low[seed].items()
        }
        for seed in high
    }


def riskier(lanes: Lanes, times: float) -> dict[int, Hours]:
    """Lanes with so many times the risk ratio."""
    return {
        seed: {
            number: {**kpis, RISK: None if (risk := kpis[RISK]) is None else min(times * risk, 1.0)}
            for number, kpis in hours.items()
        }
        for seed, hours in lanes.items()
    }


def caught(
    before: Lanes, nothing: float, sizes: Sequence[float], caused: Sequence[Lanes], times: int
) -> float | None:
    """The size that FAILs with POWER, by bisection between the two recorded ones around it."""
    shares = [_power(before, lanes, times) for lanes in caused]
    found = next((n for n, share in enumerate(shares) if share >= POWER), None)
    if found is None:
        return None
    low, low_lanes = (sizes[found - 1], caused[found - 1]) if found else (nothing, before)
    start, end = 0.0, 1.0
    for _ in range(STEPS):
        middle = (start + end) / 2.0
        share = _power(before, between(low_lanes, caused[found], middle), times)
        start, end = (start, middle) if share >= POWER else (middle, end)
    return low + end * (sizes[found] - low)


def _power(before: Lanes, after: Lanes, times: int) -> float:
    return judged(same_seeds(before, after), times).failed / times


def harms(few: Settings, changed: Lanes, pool: Path, jobs: int) -> Iterator[Harm]:
    """Every cause, and the risk of `changed` lanes as a shift of the KPI."""
    for cause in CAUSES:
        lanes = [
            lanes_of(cause.turn(few, size), pool, jobs, f"{cause.name}_{size:g}")
            for size in cause.sizes
        ]
        yield Harm(cause.name, cause.unit, NOTHING.get(cause.name, 0.0), cause.sizes, lanes)
    shifted = [riskier(changed, times) for times in RISKS]
    yield Harm("risk, as a shift of the KPI", "times the risk ratio", 1.0, RISKS, shifted)


def main() -> None:
    """Record what is missing, and print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, required=True)
    parser.add_argument("--seeds", default="1..100")
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--caused", type=int, default=16, help="seeds with each cause")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    settings = settings_of(given.seeds, given.hours)
    few = settings.model_copy(update={"seeds": settings.seeds[: given.caused]})
    lanes = lanes_of(settings, given.pool, given.jobs)
    changed = lanes_of(neutral(few, NEUTRAL_MS), given.pool, given.jobs, f"neutral_{NEUTRAL_MS:g}")
    rows = [
        ["other seeds", "unpaired", *judged(other_seeds(lanes), given.times).cells],
        [
            f"the same seeds, `tail_age_ms` +{NEUTRAL_MS:g}",
            "by seed",
            *judged(same_seeds(lanes, changed), given.times).cells,
        ],
    ]
    text = table(["the same bot", "paired", "FAIL [95 %]", "HOLD"], rows)
    size = f"{LANES} lanes of {given.hours} hours each, {given.times} times:"
    put_section(DOCUMENT, "false", f"{size}\n\n{text}")
    print(text)
    causes = []
    for name, unit, nothing, sizes, found in harms(few, changed, given.pool, given.jobs):
        least = caught(lanes, nothing, sizes, found, given.times)
        told = f"more than {sizes[-1]:g}" if least is None else f"{least:.3g}"
        causes.append([name, f"{told} {unit}"])
        print(*causes[-1], flush=True)
    caught_text = table(["cause", "caught in 80 of 100 cases from"], causes)
    put_section(
        DOCUMENT, "caught", f"{LANES} paired seeds of {given.hours} hours:\n\n{caught_text}"
    )


if __name__ == "__main__":
    main()

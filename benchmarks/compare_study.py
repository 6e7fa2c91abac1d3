"""How often `pytest-soak compare` finds something where nothing differs: docs/COMPARE.md.

`python -m benchmarks.compare_study --pool FOLDER [--seeds 24 --hours 16 --times 200]` records lanes
of steady_safe on calm, each once (some 0.15 CPU-s an hour; what the folder has is not made again),
draws disjoint sets of them, and compares these. Sets from one pool have lanes in common, so that
the shares vary more than as many independent ones would. Then come simulated series of one lane.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from benchmarks.lanes import ROOT, put_section, table
from pytest_soak import soak
from pytest_soak.artifacts.compare_models import Found, Way
from pytest_soak.artifacts.stored_run import find_run
from pytest_soak.comparing.findings import ComparedGroups, compare_groups
from pytest_soak.comparing.groups import Group, Hours, MarketId, groups_of
from pytest_soak.stats.batches import lacking, mean_along
from pytest_soak.stats.limits import share_upper_bound

DOCUMENT = ROOT / "docs" / "COMPARE.md"
PROFILE, MARKET, SEED = "steady_safe", "calm", 42
LENGTHS, LIKENESS, LEAD = (12, 20, 48), (0.0, 0.3, 0.6, 0.9), 50
CHANGE = {"tail_age_ms": 745.0}
"""Of 740 ms: what hardly changes a KPI, but all that is drawn after it."""
FALSE = 0.05
FOUND = (Found.WORSE, Found.BETTER, Found.CHANGED)


class Setup(NamedTuple):
    """A kind of comparison, and how many lanes each side has.

    With `other_seeds`, pairs are of independent lanes that are called by one seed: a paired test
    must find nothing in them either. Without, they are of lanes of one seed, of which one has the
    harmless CHANGE.
    """

    way: Way
    lanes: int
    other_seeds: bool = True


SETUPS = (
    Setup(Way.LANES, 4),
    Setup(Way.LANES, 8),
    Setup(Way.SEEDS, 4),
    Setup(Way.SEEDS, 8),
    Setup(Way.SERIES, 1),
    Setup(Way.WINDOWS, 1),
    Setup(Way.SEEDS, 4, other_seeds=False),
    Setup(Way.SEEDS, 8, other_seeds=False),
    Setup(Way.WINDOWS, 1, other_seeds=False),
)


def record(
    path: Path, seeds: Sequence[int], hours: int, change: Mapping[str, float]
) -> list[Hours]:
    """The lanes of `seeds`, which the file has or is given now, one a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = _stored(path)
    for seed in (seed for seed in seeds if seed not in known):
        known[seed] = _lane(seed, hours, change)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([seed, known[seed]]) + "\n")
    return [known[seed] for seed in seeds]


def _stored(path: Path) -> dict[int, Hours]:
    """What a file has; of a line that was not written to its end, it has nothing any more."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    lanes = map(json.loads, whole.splitlines())
    return {seed: {int(number): kpis for number, kpis in lane.items()} for seed, lane in lanes}


def _lane(seed: int, hours: int, change: Mapping[str, float]) -> Hours:
    with TemporaryDirectory() as folder:
        done = soak(
            "sim",
            iterations=hours,
            profile=PROFILE,
            market=MARKET,
            seed=seed,
            set=change,
            gate_mode="off",
            folder=folder,
        )
        run = find_run(done.folder)
        assert run is not None
        (group,) = groups_of(run)
        return group.lanes[seed]


def repetition(
    lanes: Sequence[Hours], changed: Sequence[Hours], setup: Setup, rng: np.random.Generator
) -> ComparedGroups:
    """Lanes drawn at random, compared: disjoint sets, or the same seeds changed."""
    count = setup.lanes
    drawn = rng.choice(len(lanes), 2 * count, replace=False).tolist()
    if not setup.other_seeds:
        drawn = drawn[:count] * 2
    pool = lanes if setup.other_seeds else changed
    before, after = _of(lanes, drawn[:count]), _of(pool, drawn[count:])
    shift = 0 if setup.way in (Way.SEEDS, Way.WINDOWS) else count
    made = compare_groups(
        _group("a", dict(enumerate(before))), _group("b", dict(enumerate(after, shift)))
    )
    assert made.design.way is setup.way
    return made


def _of(lanes: Sequence[Hours], numbers: Sequence[int]) -> list[Hours]:
    return [lanes[number] for number in numbers]


def _group(run: str, lanes: Mapping[int, Hours]) -> Group:
    return Group(run, PROFILE, "", MarketId(MARKET, "", ""), "sim", lanes, {})


def row(lanes: Sequence[Hours], changed: Sequence[Hours], setup: Setup, times: int) -> list[str]:
    """How often something was found, and what could have been seen of net_bps."""
    rng, hits, kpis, see = np.random.default_rng(SEED), 0, list[int](), list[float]()
    for _ in range(times):
        made = repetition(lanes, changed, setup, rng)
        hits += any(one.found in FOUND for one in made.findings)
        kpis.append(len(made.findings))
        see += [
            one.detectable
            for one in made.findings
            if one.change.kpi == "net_bps" and one.detectable is not None
        ]
    most = share_upper_bound(hits, times)
    shown = f"{median(see):.2f}" if see else "-"
    found = f"{hits / times:.1%} (at most {most:.1%})"
    seeds = "other" if setup.other_seeds else "the same"
    return [setup.way.value, str(setup.lanes), seeds, f"{median(kpis):.0f}", found, shown]


def series_row(r: float, times: int) -> list[str]:
    """Of how many series the mean is told, and of how many of these it is called other than 0."""
    cells = [f"{r:g}"]
    for length in LENGTHS:
        rng, told, false = np.random.default_rng(SEED), 0, 0
        for _ in range(times):
            noise = rng.normal(size=LEAD + length)
            for k in range(1, LEAD + length):
                noise[k] += r * noise[k - 1]
            if not lacking(noise[LEAD:]):
                told += 1
                false += mean_along(noise[LEAD:]).chance <= FALSE
        cells.append(f"{false / max(told, 1):.1%} of {told / times:.0%}")
    return cells


def main() -> None:
    """Record what is missing, and print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--hours", type=int, default=16)
    parser.add_argument("--times", type=int, default=200)
    given = parser.parse_args()
    seeds, name = range(1, given.seeds + 1), f"{PROFILE}-{MARKET}-{given.hours}h"
    lanes = record(given.pool / f"{name}.jsonl", seeds, given.hours, {})
    changed = record(given.pool / f"{name}-changed.jsonl", seeds, given.hours, CHANGE)
    head = ["way", "lanes each", "seeds", "KPIs", "something found", "could see of `net_bps`"]
    text = table(head, [row(lanes, changed, setup, given.times) for setup in SETUPS])
    size = f"{given.seeds} seeds of {given.hours} hours, {given.times} times each:"
    put_section(DOCUMENT, "study", f"{size}\n\n{text}")
    rows = [series_row(r, 10 * given.times) for r in LIKENESS]
    series = table(["r", *(f"{length} iterations" for length in LENGTHS)], rows)
    put_section(DOCUMENT, "series", series)
    print(f"{text}\n\n{series}")


if __name__ == "__main__":
    main()

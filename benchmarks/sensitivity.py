"""Which parameter moves which KPI, and how far: writes docs/SENSITIVITY.md.

Each parameter goes from the lower to the upper end of its tuner range (of its bounds where it has
none, from half to twice its default where those are open) while the others stay at steady_safe;
both ends meet the same draws, so each seed is a pair.
Run: python -m benchmarks.sensitivity [--seeds 24] [--hours 2] [--jobs 1]
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.lanes import DIGITS, GATED, MARKETS, ROOT, Hours, Lane, profile, run_lanes, table
from pytest_soak.config.parameters import reference_table
from pytest_soak.stats.paired import PairedEffect, paired_effect
from pytest_soak.stats.sensitivity import expected_effects, study_range

DOCUMENT = ROOT / "docs" / "SENSITIVITY.md"
WEAK = 0.25  # hourly standard deviations
SURE = 3.0  # |t|
STUDIED = (*GATED, "throttle_pct")  # what gates and the parameter table name


@dataclass(frozen=True)
class Effect:
    """What raising one parameter does to one KPI on one market."""

    paired: PairedEffect
    hourly: float  # the mean difference in standard deviations of an hour

    @property
    def text(self) -> str:
        """The effect in hourly standard deviations and its t."""
        t = f"{self.paired.t:+.0f}" if math.isfinite(self.paired.t) else "exact"
        return f"{self.hourly:+.2f} ({t})"


Effects = dict[tuple[str, str, str], Effect]  # by market, parameter, KPI


def ends(name: str) -> tuple[float, float]:
    """The two values of a parameter that are compared."""
    return study_range(reference_table()[name])


def expected(name: str) -> tuple[str, float]:
    """The KPI that the parameter table says raising it moves, and the sign."""
    return next(iter(expected_effects(reference_table()[name]).items()))


def study(
    seeds: range, hours: int, jobs: int, markets: tuple[str, ...] = tuple(MARKETS)
) -> Effects:
    """Run all pairs and compare them."""
    found: Effects = {}
    for market in markets:
        base = _lanes(market, seeds, hours, {}, jobs)
        for name in reference_table():
            low, high = (_lanes(market, seeds, hours, {name: value}, jobs) for value in ends(name))
            for kpi in STUDIED:
                paired = paired_effect(_means(low, kpi), _means(high, kpi))
                found[market, name, kpi] = Effect(paired, paired.mean / hourly_sd(base, kpi))
    return found


def hourly_sd(lanes: list[Hours], kpi: str) -> float:
    """The standard deviation of an hour within a lane, pooled over the lanes."""
    return float(np.sqrt(np.mean([np.nanvar(lane.of(kpi), ddof=1) for lane in lanes])))


def _lanes(
    market: str, seeds: range, hours: int, change: dict[str, float], jobs: int
) -> list[Hours]:
    overrides = profile("steady_safe") | change
    return run_lanes([Lane(market, seed, hours, overrides) for seed in seeds], jobs)


def _means(lanes: list[Hours], kpi: str) -> NDArray[np.float64]:
    return np.array([np.nanmean(lane.of(kpi)) for lane in lanes])


def holds(effect: Effect, sign: float) -> bool:
    """Whether an effect is sure and has the expected sign."""
    return effect.paired.t * sign > SURE


def report(effects: Effects, seeds: range, hours: int) -> str:
    """The document."""
    parts = [
        "# What each parameter does",
        "",
        f"Written by `python -m benchmarks.sensitivity`: {len(seeds)} fixed seeds "
        f"({seeds[0]} to {seeds[-1]}), {hours} hours each, steady_safe, a maker that has learnt.",
        "Every parameter goes from the lower to the upper end of its tuner range (of its bounds",
        "where it has none, from half to twice its default where those are open) with all else",
        "equal and the same draws. A cell is the change in",
        "standard deviations of an hour, and in brackets Student's t over the seeds' paired",
        "differences. **Bold** is the KPI that the parameter table names in `raises`.",
        "",
        *_verdicts(effects),
    ]
    for market in dict.fromkeys(key[0] for key in effects):
        parts += ["", f"## {market}", "", _market_table(effects, market)]
    parts += ["", "## The same in units", "", _units_table(effects)]
    return "\n".join(parts) + "\n"


def _verdicts(effects: Effects) -> Iterator[str]:
    markets = list(dict.fromkeys(key[0] for key in effects))
    yield "## Signs and weak effects"
    yield ""
    rows = []
    for name in reference_table():
        kpi, sign = expected(name)
        cells = []
        for market in markets:
            effect = effects[market, name, kpi]
            sure = holds(effect, sign)
            turned = holds(effect, -sign)
            word = "as expected" if sure else "**turned round**" if turned else "not sure"
            cells.append(word + (", *weak*" if abs(effect.hourly) < WEAK else ""))
        rows.append([f"`{name}`", f"{kpi} {'up' if sign > 0 else 'down'}", *cells])
    yield table(["parameter", "raising it moves", *markets], rows)
    yield ""
    yield f"*Weak*: below {WEAK} standard deviations of an hour. Sure: |t| > {SURE:.0f}."


def _market_table(effects: Effects, market: str) -> str:
    rows = []
    for name in reference_table():
        low, high = ends(name)
        kpi, _ = expected(name)
        cells = []
        for other in STUDIED:
            text = effects[market, name, other].text
            cells.append(f"**{text}**" if other == kpi else text)
        rows.append([f"`{name}`", f"{low:g} → {high:g}", *cells])
    return table(["parameter", "range", *STUDIED], rows)


def _units_table(effects: Effects) -> str:
    rows = []
    for market, name in dict.fromkeys(key[:2] for key in effects):
        cells = [f"{effects[market, name, kpi].paired.mean:+.{DIGITS[kpi]}f}" for kpi in STUDIED]
        rows.append([market, f"`{name}`", *cells])
    return table(["market", "parameter", *STUDIED], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--hours", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    seeds = range(1, given.seeds + 1)
    effects = study(seeds, given.hours, given.jobs)
    DOCUMENT.write_text(report(effects, seeds, given.hours), encoding="utf-8")
    print(f"wrote {DOCUMENT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

"""Does the control loop help? Writes the tables of docs/CONTROL.md.

Lanes of 24 hours from a cold start, paired by seed: two lanes of a seed meet the same exogenous
draws. Nothing was set on these seeds. Run: python -m benchmarks.control [--jobs 2] [--seeds 30]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.controlled import ITERATIONS, Ran, Setup, gates, run_setups
from benchmarks.lanes import MARKETS, ROOT, put_section, table
from pytest_soak.gates.engine import FINAL_WINDOW
from pytest_soak.stats.paired import mean_interval, paired_effect
from pytest_soak.tuning.guards import Guard
from pytest_soak.tuning.tuners import TUNERS

DOCUMENT = ROOT / "docs" / "CONTROL.md"
NEVER = ITERATIONS + 1
STARTS = ("aggressive", "default", "steady_safe")
WARMUPS = (None, "warmup_conservative_v1", "warmup_no_taking_v1")
UPLIFT = "maker_bias_uplift_v1"
Values = NDArray[np.float64]


class Study:
    """Lanes of one set of seeds; `figure` is a number a lane."""

    def __init__(self, seeds: range, jobs: int) -> None:
        self._seeds = seeds
        self._jobs = jobs

    def lanes(self, setup: Setup) -> list[Ran]:
        """The lanes of a setup, a seed each."""
        return run_setups(setup, self._seeds, self._jobs)

    def figure(self, setup: Setup, of: Callable[[Ran], float]) -> Values:
        """One number a lane."""
        return np.array([of(ran) for ran in self.lanes(setup)], np.float64)

    def mean(self, setup: Setup, of: Callable[[Ran], float], digits: int) -> str:
        """The mean over the lanes."""
        return f"{np.nanmean(self.figure(setup, of)):.{digits}f}"

    def sure(self, setup: Setup, of: Callable[[Ran], float], digits: int) -> str:
        """The mean over the lanes with its 95 % interval."""
        mean, half = mean_interval(self.figure(setup, of))
        return f"{mean:.{digits}f} ± {half:.{digits}f}"

    def change(self, before: Setup, after: Setup, of: Callable[[Ran], float], digits: int) -> str:
        """The mean paired difference with its 95 % interval."""
        effect = paired_effect(self.figure(before, of), self.figure(after, of))
        return f"{effect.mean:+.{digits}f} ± {effect.half_width:.{digits}f}"


def graded(kpi: str) -> Callable[[Ran], float]:
    """The mean of a KPI over a lane's graded hours."""
    return lambda ran: float(np.nanmean(ran.of(kpi)[grace() :]))


def grace() -> int:
    """The iterations that the gate does not grade."""
    return gates()[0].grace


def share(verdict: str, first: int, last: int = ITERATIONS) -> Callable[[Ran], float]:
    """The share of the hours `first` to `last` with a raw verdict."""

    def of(ran: Ran) -> float:
        hours = ran.verdicts()[first - 1 : last]
        return 100.0 * hours.count(verdict) / len(hours)

    return of


def first_pass(ran: Ran) -> float:
    """The first graded hour that passes; one after the last if none does."""
    hours = enumerate(ran.verdicts(), 1)
    return next((n for n, verdict in hours if verdict == "PASS" and n > grace()), NEVER)


def ends_well(ran: Ran) -> float:
    """100 for a lane whose end passes the gates, as `soak` and `last8` judge its medians."""
    return 100.0 * (ran.result.judgement.verdict.value != "FAIL")


def tuning_rows(study: Study, setups: Sequence[tuple[str, Setup]]) -> list[list[Any]]:
    """A row a setup, the first being what the others are compared with."""
    rows = []
    base = setups[0][1]
    for name, setup in setups:
        alone = setup == base
        rows.append(
            [
                setup.market,
                setup.profile,
                name,
                study.mean(setup, share("PASS", grace() + 1), 0),
                study.mean(setup, share("FAIL", grace() + 1), 1),
                study.mean(setup, ends_well, 0),
                study.mean(setup, first_pass, 1),
                study.mean(setup, graded("net_bps"), 2),
                "" if alone else study.change(base, setup, graded("net_bps"), 2),
                study.mean(setup, graded("net_quote"), 0),
                "" if alone else study.change(base, setup, graded("net_quote"), 0),
                study.mean(setup, graded("risk_ratio"), 3),
                "" if alone else study.change(base, setup, graded("risk_ratio"), 3),
                study.mean(setup, graded("p95_latency_ms"), 0),
                study.mean(setup, moves, 1),
            ]
        )
    return rows


TUNING_HEAD = ["market", "from", "tuner", "hours PASS %", "FAIL %", "ends well %", "first PASS"]
TUNING_HEAD += ["net_bps", "change", "net_quote an hour", "change", "risk_ratio", "change"]
TUNING_HEAD += ["p95 ms", "decisions"]


def moves(ran: Ran) -> float:
    """How many iterations changed a parameter."""
    return sum(bool(record.tuning.deltas) for record in ran.records)


def tuners(study: Study) -> str:
    """(a) auto-tune against none."""
    rows = []
    for market in MARKETS:
        for start in STARTS:
            setups = [("none", Setup(market, start))]
            setups += [(name, Setup(market, start, tuner=name)) for name in sorted(TUNERS)]
            rows += tuning_rows(study, setups)
    return table(TUNING_HEAD, rows)


def guards(study: Study) -> str:
    """(c) guards on against off."""
    rows = []
    for market in MARKETS:
        for name in sorted(TUNERS):
            on = Setup(market, "aggressive", tuner=name)
            off = Setup(market, "aggressive", tuner=name, guards=False)
            rows += tuning_rows(study, [(f"{name}, guards on", on), (f"{name}, off", off)])
    return table(TUNING_HEAD, rows)


def uplift(study: Study) -> str:
    """(d) the preset for more maker share."""
    rows = []
    for market in MARKETS:
        base, after = Setup(market, "steady_safe"), Setup(market, "steady_safe", presets=(UPLIFT,))
        metrics = {"maker_taker_ratio": 4, "net_bps": 3, "net_quote": 0, "risk_ratio": 3}
        metrics |= {"p95_latency_ms": 1, "adverse_bps_p95": 3}
        rows.append(
            [market, *(study.change(base, after, graded(m), d) for m, d in metrics.items())]
        )
    head = ["market", "maker_taker_ratio", "net_bps", "net_quote an hour", "risk_ratio"]
    return table([*head, "p95_latency_ms", "adverse_bps_p95"], rows)


def part(kpi: str, first: int, last: int, by: Callable[[Values], Any]) -> Callable[[Ran], float]:
    """A figure of a KPI over the hours `first` to `last`."""
    return lambda ran: float(by(ran.of(kpi)[first - 1 : last]))


def velocity(first: int, last: int) -> Callable[[Ran], float]:
    """How many iterations the velocity guard stopped a step in."""
    return lambda ran: sum(
        Guard.VELOCITY in record.tuning.suppressed.values()
        for record in ran.records[first - 1 : last]
    )


def last_hours_hold(ran: Ran) -> float:
    """100 for a lane the medians of whose last hours meet `last8`."""
    checks = [check for check in ran.result.judgement.checks if check.gate == "last8"]
    return 100.0 * all(check.verdict.value != "FAIL" for check in checks)


SUCCESS: list[tuple[str, str, Callable[[Ran], float], int]] = [
    ("1-4: mean net_bps", ">= 1.0", part("net_bps", 1, 4, np.mean), 2),
    ("1-4: worst hour's net_bps", "", part("net_bps", 1, 4, np.min), 2),
    ("1-4: worst drawdown, quote", "", part("max_drawdown_quote", 1, 4, np.max), 0),
    ("1-4: hours with a raw FAIL, %", "", share("FAIL", 1, 4), 0),
    ("1-4: median risk_ratio", "<= 0.50", part("risk_ratio", 1, 4, np.median), 3),
    ("1-4: median p95_latency_ms", "<= 350", part("p95_latency_ms", 1, 4, np.median), 0),
    ("1-4: net_quote, all four hours", "", part("net_quote", 1, 4, np.sum), 0),
    ("5-6: net_quote, both hours", "", part("net_quote", 5, 6, np.sum), 0),
    (
        "7-24: lanes without a FAIL, %",
        "",
        lambda ran: 100.0 * ("FAIL" not in ran.verdicts()[6:]),
        0,
    ),
    ("7-24: hours that WARN, %", "", share("WARN", 7), 1),
    (f"last {FINAL_WINDOW}: lanes whose medians meet last8, %", "", last_hours_hold, 0),
]


def warmups(study: Study) -> str:
    """(b) warm-up against none, by what it should better."""
    setups = [Setup("calm", "steady_safe", warmup=name) for name in WARMUPS]
    rows = []
    for what, aim, of, digits in SUCCESS:
        row = [what, aim]
        for setup in setups:
            against = "" if setup == setups[0] else study.change(setups[0], setup, of, digits)
            row.append(study.sure(setup, of, digits) + (f" ({against})" if against else ""))
        rows.append(row)
    phases = (("warm-up", "<= 2", 1, 4), ("steady", "0", 7, ITERATIONS))
    for (label, aim, first, last), tuner in product(phases, sorted(TUNERS)):
        row = [f"velocity triggers in {label}, tuner {tuner}", aim]
        for name in WARMUPS:
            tuned = Setup("calm", "steady_safe", tuner=tuner, warmup=name)
            row.append(study.sure(tuned, velocity(first, last), 1))
        rows.append(row)
    return table(["what", "aim", *(name or "no warm-up" for name in WARMUPS)], rows)


SECTIONS = {"tuners": tuners, "warmups": warmups, "guards": guards, "uplift": uplift}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--section", choices=SECTIONS, action="append")
    given = parser.parse_args()
    study = Study(range(1, given.seeds + 1), given.jobs)
    for name in given.section or SECTIONS:
        put_section(DOCUMENT, name, SECTIONS[name](study))
        print(f"wrote {name} to {DOCUMENT.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    main()

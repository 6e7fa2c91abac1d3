"""Thresholds of the gates by market, and how often they cry wolf: writes YAML and docs/GATES.md.

Lanes of untuned steady_safe from a cold start, as `sim` has them. The `volatile` and `spike`
blocks are set on one set of seeds and checked on another. A limit is replaced only where the one
for calm would be stricter than the market allows. Run: python -m benchmarks.gates [--jobs 1]
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.lanes import DIGITS, MARKETS, REPORTED, ROOT, Hours, Lane, profile, run_lanes, table
from pytest_soak.gates.engine import (
    FINAL_WINDOW,
    Judgement,
    Sample,
    Verdict,
    history_needed,
    judge,
    value_over,
)
from pytest_soak.gates.evidence import Evidence, failure_of, judge_final
from pytest_soak.gates.expressions import parse, parse_share
from pytest_soak.gates.model import Gate, Threshold, gate_shelf, load_gate
from pytest_soak.stats.limits import extreme_limit, share_upper_bound

BUILTIN = ROOT / "pytest_soak" / "gates" / "builtin"
DOCUMENT = ROOT / "docs" / "GATES.md"
ITERATIONS = 24
SET_ON = range(1001, 1101)
CHECKED_ON = range(1, 101)
FALSE_ALARMS = 0.02  # of lanes
WARNINGS = 0.05  # of hours
STEP = {
    "risk_ratio": 0.01,
    "maker_taker_ratio": 0.005,
    "net_bps": 0.05,
    "p95_latency_ms": 5.0,
    "adverse_bps_p95": 0.5,
    "drawdown_ratio": 0.05,
}
REASONED = ("net_quote", "num_fills")
"""Metrics whose limits follow from what they mean, and are only checked here."""
SHARE_STEP = 5.0  # per cent of the graded hours
HOURLY = "soak"
MEDIAN = ("last8", "release")


def gate_named(name: str) -> Gate:
    """A built-in gate."""
    return load_gate(name, gate_shelf(ROOT / "none"), ROOT / "none", name)


def lanes_of(market: str, seeds: range, jobs: int) -> list[Hours]:
    """The lanes of a market that the gates are set on or checked on."""
    safe = profile("steady_safe")
    return run_lanes([Lane(market, seed, ITERATIONS, safe, cold=True) for seed in seeds], jobs)


def is_floor(threshold: Threshold) -> bool:
    """Whether what must hold is a lower limit."""
    return (threshold.fail_unless or threshold.warn_unless or "").startswith(">")


def tail_limit(worst: NDArray[np.float64], floor: bool, chance: float) -> float:
    """The limit that a lane's worst value passes with this chance."""
    return -extreme_limit(-worst, chance) if floor else extreme_limit(worst, chance)


def spells(threshold: Threshold, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """The best of each `for` hours in a row: what must break a limit for the spell to do so."""
    runs = np.lib.stride_tricks.sliding_window_view(hours, threshold.for_)
    best: NDArray[np.float64] = runs.max(axis=1) if is_floor(threshold) else runs.min(axis=1)
    return best


def block(gate: Gate, lanes: list[Hours], share: float) -> list[dict[str, str]]:
    """The thresholds of one market that must be looser than those for calm."""
    rows = (_looser(gate, t, lanes, share) for t in gate.thresholds if t.metric in STEP)
    return [row for row in rows if row is not None]


def failed_share(gate: Gate, market: str, lanes: list[Hours]) -> str | None:
    """The rule for the hours that may fail, where that of the gate is too strict for a market.

    The largest share that was seen, rounded outward: a lane's hours are too few for a law of it.
    """
    assert gate.failed is not None
    assert gate.failed.fail_unless is not None
    worst = max(100.0 * e.failed / e.graded for e in (gather(gate, market, x) for x in lanes))
    limit = math.ceil(worst / SHARE_STEP) * SHARE_STEP
    if limit <= parse_share(gate.failed.fail_unless).limit:
        return None
    return f'failed: {{warn_unless: "== 0", fail_unless: "<= {limit:.0f} %", at_least: 2}}'


def _looser(
    gate: Gate, threshold: Threshold, lanes: list[Hours], share: float
) -> dict[str, str] | None:
    metric, floor = threshold.metric, is_floor(threshold)
    row = {"metric": metric}
    row |= {"for": str(threshold.for_)} if threshold.for_ > 1 else {}
    row |= {"window": str(threshold.window)} if threshold.window > 1 else {}
    changed = False
    if threshold.fail_unless:
        if gate.name == HOURLY:
            graded = [spells(threshold, lane.of(metric)[gate.grace :]) for lane in lanes]
            worst = np.array([hours.min() if floor else hours.max() for hours in graded])
        else:
            worst = np.array([values_of(metric, samples_of(x)[-FINAL_WINDOW:]) for x in lanes])
        text, moved = _text(threshold.fail_unless, tail_limit(worst, floor, share), metric)
        row["fail_unless"] = text
        changed |= moved
    if threshold.fail_at_once:
        hours = np.array([lane.of(metric)[gate.grace :] for lane in lanes])
        once = hours.min(axis=1) if floor else hours.max(axis=1)
        text, moved = _text(threshold.fail_at_once, tail_limit(once, floor, share), metric)
        row["fail_at_once"] = text
        changed |= moved
    if threshold.warn_unless:
        every = np.concatenate([spells(threshold, lane.of(metric)[gate.grace :]) for lane in lanes])
        limit = float(np.quantile(every, WARNINGS if floor else 1.0 - WARNINGS))
        text, moved = _text(threshold.warn_unless, limit, metric)
        row["warn_unless"] = text
        changed |= moved
    return row if changed else None


def _text(calm: str, limit: float, metric: str) -> tuple[str, bool]:
    """The expression, rounded outward, and whether it differs from that for calm."""
    expression = parse(calm)
    step = STEP[metric]
    floor = expression.symbol.startswith(">")
    limit = math.floor(limit / step) * step if floor else math.ceil(limit / step) * step
    if (limit >= expression.limit) if floor else (limit <= expression.limit):
        return calm, False
    digits = max(0, -math.floor(math.log10(step) + 1e-9), 2 if step == 0.05 else 0)
    return f"{expression.symbol} {limit:.{digits}f}", True


Block = tuple[list[dict[str, str]], "str | None"]
"""The thresholds of a market, and its rule for the hours that fail."""


def write_blocks(name: str, blocks: dict[str, Block]) -> None:
    """Put the blocks at the end of a built-in gate's file."""
    path = BUILTIN / f"{name}.yaml"
    text = path.read_text(encoding="utf-8").split("\n# By `python -m benchmarks.gates`")[0].rstrip()
    lines = [text, "# By `python -m benchmarks.gates`, see docs/GATES.md.", "markets:"]
    for market, (rows, failed) in blocks.items():
        if rows or failed:
            lines.append(f"  {market}:")
        if failed:
            lines.append(f"    {failed}")
        if rows:
            lines.append("    thresholds:")
        for row in rows:
            fields = ", ".join(
                f"{key}: {value}" if key in ("metric", "for", "window") else f'{key}: "{value}"'
                for key, value in row.items()
            )
            lines.append(f"      - {{{fields}}}")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def samples_of(lane: Hours) -> list[Sample]:
    """The hours of a lane as a gate sees them."""
    return [
        Sample(values=dict(zip(REPORTED, map(float, hour), strict=True))) for hour in lane.values
    ]


def gather(gate: Gate, market: str, lane: Hours) -> Evidence:
    """What a lane that the gate judges is judged on at its end."""
    evidence = Evidence()
    samples = samples_of(lane)[gate.grace :]
    for number, (sample, found) in enumerate(
        zip(samples, judged(gate, market, lane), strict=True), gate.grace + 1
    ):
        failed = found.verdict is Verdict.FAIL
        evidence = evidence.with_graded(sample, failure_of(number, found) if failed else None)
    return evidence


def judged(gate: Gate, market: str, lane: Hours) -> list[Judgement]:
    """The gate's verdict on each graded hour of a lane, which may look at graded ones before."""
    samples, back = samples_of(lane)[gate.grace :], history_needed(gate)
    ends = range(1, len(samples) + 1)
    return [judge(gate, market, samples[max(0, end - back) : end]) for end in ends]


@dataclass(frozen=True)
class Alarms:
    """How often untuned lanes alarm: lanes that fail an hour or their end, hours that warn."""

    lanes: int
    hourly: int
    final: int
    either: int
    warned: float
    culprits: dict[str, int]


def count_alarms(market: str, lanes: list[Hours]) -> Alarms:
    """Judge lanes as a soak with the gate `soak` does."""
    gate = gate_named(HOURLY)
    finals = [gate, *(gate_named(name) for name in gate.final)]
    hourly = final = either = warned = hours = 0
    culprits: dict[str, int] = {}
    for lane in lanes:
        hours_judged = judged(gate, market, lane)
        end = judge_final(finals, market, gather(gate, market, lane))
        failed = any(one.verdict is Verdict.FAIL for one in hours_judged)
        hourly += failed
        final += end.verdict is Verdict.FAIL
        either += failed or end.verdict is Verdict.FAIL
        warned += sum(one.verdict is Verdict.WARN for one in hours_judged)
        hours += len(hours_judged)
        bad = {
            c.metric
            for one in (*hours_judged, end)
            for c in one.checks
            if c.verdict is Verdict.FAIL
        }
        for metric in bad:
            culprits[metric] = culprits.get(metric, 0) + 1
    return Alarms(len(lanes), hourly, final, either, warned / hours, culprits)


def alarm_row(market: str, use: str, seeds: range, found: Alarms) -> list[Any]:
    """One row of the table of false alarms."""
    named = ", ".join(f"{metric} {n}" for metric, n in sorted(found.culprits.items())) or "-"
    return [
        market,
        f"{use} {seeds[0]}-{seeds[-1]}",
        found.lanes,
        found.hourly,
        found.final,
        f"{found.either} ({100 * found.either / found.lanes:.1f} %)",
        f"{100 * share_upper_bound(found.either, found.lanes):.1f} %",
        f"{100 * found.warned:.1f} %",
        named,
    ]


def report(rows: list[list[Any]], figures: list[list[Any]]) -> str:
    """The document."""
    head = ["market", "seeds", "lanes", "an hour FAILs", "the end FAILs", "false alarms"]
    head += ["95 % bound", "hours that WARN", "by metric"]
    parts = [
        "# Gates by market",
        "",
        "Written by `python -m benchmarks.gates`, which also writes the `markets:` blocks of the",
        "gates `soak`, `last8` and `release`. A false alarm is an untuned `steady_safe` lane of",
        f"{ITERATIONS} iterations from a cold start that fails: a graded hour by `soak`, or the",
        "medians of its last eight hours by `soak` or `last8`.",
        "",
        "The figures for calm are the product's requirement and are published as they come out.",
        "The blocks for volatile and spike are set on one set of seeds (each limit passed by a",
        "lane's worst hour, or last median, with the chance that makes all of them together",
        f"{100 * FALSE_ALARMS:.0f} % a lane; Gumbel's law, never inside what was seen; rounded",
        f"outward) and checked on another. WARN limits let {100 * WARNINGS:.0f} % of the hours",
        "pass them. Where a market meets the figure for calm, that figure stays.",
        "",
        "One hour's `net_bps` says little: hours of calm differ by half a bps. `soak` fails it by",
        "three hours in a row (`for`), and at once (`fail_at_once`) by one that loses what a good",
        "hour earns.",
        "",
        "How many graded hours may FAIL (`failed`) is a requirement for calm too; elsewhere it is",
        f"the largest share seen, rounded up to {SHARE_STEP:.0f} %, where that is more: for `soak`",
        "by its own hourly limits, for `last8` by its limits hour by hour, as they apply when it",
        "is the gate of a soak.",
        "",
        "Three limits at a lane's end follow from what they mean; in calm they are only checked on",
        "seeds, and the first two everywhere:",
        "",
        "- `net_quote > 0`: the median hour earns money. An hour of loss alone is at most a WARN.",
        "- `num_fills >= 50`: with the 3 bps or so by which single fills differ, the net of an",
        "  hour with fewer is known to no better than half a bps.",
        "- `drawdown_ratio <= 0.25`: the largest drawdown is no more than a quarter of all that",
        "  the last eight hours earned and lost. An hour that loses what another earns makes 0.125",
        "  of it, one that loses three times as much 0.3.",
        "",
        "## False alarms",
        "",
        table(head, rows),
        "",
        "## The KPIs that are judged",
        "",
        f"Seeds {CHECKED_ON[0]}-{CHECKED_ON[-1]}, all graded hours.",
        "",
        table(
            ["market", "metric", "hours: mean", "sd", "1 %", "99 %", "medians of 8: mean", "sd"],
            figures,
        ),
        "",
        "A spike lane's hours with an episode are meant to be bad: the hourly limits there only",
        "catch what is worse than an episode. Its end is judged by medians, which an episode in a",
        "minority of the hours hardly moves.",
    ]
    return "\n".join(parts) + "\n"


def values_of(metric: str, samples: list[Sample]) -> float:
    """The value of a metric over hours, which must have one."""
    value, _ = value_over(metric, samples)
    assert value is not None
    return value


def describe(market: str, lanes: list[Hours], grace: int) -> list[list[Any]]:
    """Rows on the distribution of each gated metric."""
    rows = []
    for metric in (*STEP, *REASONED):
        hours = np.array([values_of(metric, [s]) for x in lanes for s in samples_of(x)[grace:]])
        ends = [samples_of(lane)[-FINAL_WINDOW:] for lane in lanes]
        medians = np.array([values_of(metric, end) for end in ends])
        figures = [hours.mean(), hours.std(), *np.quantile(hours, [0.01, 0.99])]
        figures += [medians.mean(), medians.std()]
        digits = DIGITS[metric]
        rows.append([market, metric, *(f"{value:.{digits}f}" for value in figures)])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1)
    jobs = parser.parse_args().jobs
    gates = {name: gate_named(name) for name in (HOURLY, *MEDIAN)}
    names = (HOURLY, *gates[HOURLY].final)
    thresholds = [t for name in names for t in gates[name].thresholds if t.metric in STEP]
    limits = sum((t.fail_unless is not None) + (t.fail_at_once is not None) for t in thresholds)
    others = [market for market in MARKETS if market != "calm"]
    basis = {market: lanes_of(market, SET_ON, jobs) for market in others}
    for name, gate in gates.items():
        found = {market: block(gate, basis[market], FALSE_ALARMS / limits) for market in others}
        write_blocks(name, {market: (rows, None) for market, rows in found.items()})
        if gate.failed is not None:
            now = gate_named(name)
            shares = {market: failed_share(now, market, basis[market]) for market in others}
            write_blocks(name, {market: (found[market], shares[market]) for market in others})
    alarms, figures = [], []
    for market in MARKETS:
        checked = lanes_of(market, CHECKED_ON, jobs)
        if market in basis:
            alarms.append(alarm_row(market, "set on", SET_ON, count_alarms(market, basis[market])))
        alarms.append(alarm_row(market, "checked on", CHECKED_ON, count_alarms(market, checked)))
        figures += describe(market, checked, gates[HOURLY].grace)
    DOCUMENT.write_text(report(alarms, figures), encoding="utf-8")
    print(f"wrote {DOCUMENT.relative_to(ROOT)} and the blocks of {', '.join(gates)}")


if __name__ == "__main__":
    main()

"""What `pytest-soak ab` says where the truth is known: three changes, and none at all (A/A).

An A/A has a B that changes next to nothing (`tail_age_ms` + 5): the lanes differ, no KPI should.
Every stage of the study has seeds of its own; the table goes into docs/AB.md. What is done is kept
in --kept and not done again. Run: python -m benchmarks.ab_study --stages=100 --jobs=2 (about a
CPU-minute a stage).
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.lanes import ROOT, put_section, table
from pytest_soak.ab.arms import Arm, Tables, load_arm
from pytest_soak.ab.compare import MONEY, NET, SLIPPAGE
from pytest_soak.ab.design import Share, make_design
from pytest_soak.ab.lanes import Where
from pytest_soak.ab.limits import load_limits, load_rails
from pytest_soak.ab.question import Question
from pytest_soak.ab.stage import run_stage
from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.market.compile import load_kernel
from pytest_soak.stats.limits import share_upper_bound
from pytest_soak.targets.simulated import SimulatedTarget

SEEDS, HOURS = 8, 24.0
TABLES = Tables(parameters=SimulatedTarget.parameters, flags=SimulatedTarget.flags)
SHOWN = (NET.name, MONEY.name, SLIPPAGE.name)
HEADS = ["B", "market", "stage", "seeds", "verdict", "hours", *SHOWN]
DOCUMENT = ROOT / "docs" / "AB.md"


def control() -> Arm:
    return load_arm("steady_safe", TABLES.base(), TABLES, Path(), "A")


def candidates() -> dict[str, Arm]:
    a = control()
    capped = {**a.flags, "taker_cap.max_taker_share_pct": 1.0}
    named = ("maker_bias_uplift_v1", "aggressive")
    return {
        "taker_cap_1": Arm(name="taker_cap_1", overrides=a.overrides, flags=capped),
        **{name: load_arm(name, a, TABLES, Path(), "B") for name in named},
    }


def neutral() -> Arm:
    a = control()
    later = {**a.overrides, "tail_age_ms": a.overrides["tail_age_ms"] + 5}
    return Arm(name="neutral", overrides=later, flags=a.flags)


def stage(b: Arm, market: str, share: Share, first_seed: int, jobs: int) -> dict[str, Any]:
    """One stage of SEEDS seeds: its verdict and what it rests on, as JSON data."""
    seeds, limits = tuple(range(first_seed, first_seed + SEEDS)), load_limits()
    where = Where(BUILT_IN[market], {})
    question = Question(control(), b, where, seeds, limits, load_rails())
    design = make_design(share, HOURS, seeds, limits)
    came = run_stage(design, question.pair, limits, jobs, lambda _: None, lambda *_: None)
    found = came.judgement.findings
    deltas = {n: (f.difference.delta, f.low, f.high) for n, f in found.items() if n in SHOWN}
    return {
        "B": b.name,
        "market": market,
        "stage": int(share),
        "seeds": f"{seeds[0]}..{seeds[-1]}",
        "verdict": came.decision.value,
        "hours": limits.hours(came.done),
        **{name: "{:+.3f} ({:+.3f} to {:+.3f})".format(*deltas[name]) for name in deltas},
        "why": "; ".join(came.judgement.reasons),
    }


def work(market: str, share: Share, stages: int) -> Iterator[tuple[Arm, int]]:
    for b in candidates().values() if market == "calm" else ():
        yield b, 1
    for number in range(1, stages + 1):
        yield neutral(), 1000 * number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", type=int, default=6)
    parser.add_argument("--share", type=int, default=50, choices=[int(s) for s in Share])
    parser.add_argument("--market", default="calm", choices=list(BUILT_IN))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--kept", type=Path, default=Path("ab_study.jsonl"))
    given = parser.parse_args()
    load_kernel()
    kept = given.kept.read_text("utf-8").splitlines() if given.kept.exists() else []
    done = {(r["B"], r["market"], r["stage"], r["seeds"]): r for r in map(json.loads, kept)}
    for b, first in work(given.market, Share(given.share), given.stages):
        key = (b.name, given.market, given.share, f"{first}..{first + SEEDS - 1}")
        if key not in done:
            done[key] = stage(b, given.market, Share(given.share), first, given.jobs)
            with given.kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(done[key]) + "\n")
    rows = [[row.get(head, "") for head in HEADS] for row in done.values()]
    text = "\n".join([table(HEADS, rows), "", *rates(list(done.values()))])
    print(text)
    put_section(DOCUMENT, "study", text)


def rates(rows: list[dict[str, Any]]) -> Iterator[str]:
    """How often a stage of A/A promotes or rolls back, a line for each market."""
    for market in BUILT_IN:
        same = [row["verdict"] for row in rows if (row["B"], row["market"]) == ("neutral", market)]
        verdicts, total = Counter(same), len(same)
        for verdict in ("PROMOTE", "ROLLBACK") if total else ():
            count = verdicts[verdict]
            most = f"surely below {share_upper_bound(count, total):.0%}"
            yield f"- {verdict} in {count} of {total} stages of `neutral` on {market} ({most})"


if __name__ == "__main__":
    main()

"""What `pytest-soak ab` says where the truth is known: three changes, and none at all (A/A).

The three changes are stages from end to end. An A/A has a B that changes next to nothing: its
stages are drawn from a pool of blocks that are made once, lane T being lane C where it is under A.
Those of one lane share no block: of each lane there are two, in which A and B change places. Those
of eight of the lanes share some, so they are less than independent. Tables go into
docs/AB.md. Run:

    python -m benchmarks.ab_study --pool=ab_pool
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ab_pool import LIMITS, TABLES, control, neutral, pooled, question, staged
from benchmarks.lanes import ROOT, put_section, table
from pytest_soak.ab.arms import Arm, load_arm
from pytest_soak.ab.blocks import PairedBlocks
from pytest_soak.ab.compare import MONEY, NET, SLIPPAGE
from pytest_soak.ab.design import Design, Share, make_design
from pytest_soak.ab.judge import Decision, Judgement, judge
from pytest_soak.ab.stage import run_stage
from pytest_soak.market.compile import load_kernel
from pytest_soak.stats.limits import share_interval

SEEDS, HOURS = 8, 24.0
FIRST_SEED = 5000
SHOWN = (NET.name, MONEY.name, SLIPPAGE.name)
HEADS = ["B", "market", "stage", "verdict", "hours", *SHOWN]
DOCUMENT = ROOT / "docs" / "AB.md"


def candidates() -> list[Arm]:
    a = control()
    capped = {**a.flags, "taker_cap.max_taker_share_pct": 1.0}
    named = ("maker_bias_uplift_v1", "aggressive")
    return [
        Arm(name="taker_cap_1", overrides=a.overrides, flags=capped),
        *(load_arm(name, a, TABLES, Path(), "B") for name in named),
    ]


def whole_stage(b: Arm, market: str, share: Share, jobs: int) -> dict[str, Any]:
    """One stage of SEEDS seeds: its verdict and what it rests on, as JSON data."""
    asked = question(b, market, range(1, SEEDS + 1))
    design = asked.design(share, HOURS)
    make = partial(asked.runner, Path())
    came = run_stage(design, make, LIMITS, jobs, lambda _: None, lambda *_: None)
    found = came.judgement.findings
    deltas = {n: (f.difference.delta, f.low, f.high) for n, f in found.items() if n in SHOWN}
    return {
        "B": b.name,
        "market": market,
        "stage": int(share),
        "verdict": came.decision.value,
        "hours": LIMITS.hours(came.done),
        **{name: "{:+.3f} ({:+.3f} to {:+.3f})".format(*deltas[name]) for name in deltas},
    }


def whole_stages(kept: Path, jobs: int) -> str:
    """The table of the three changes on calm; what is done is kept, and not done again."""
    lines = kept.read_text("utf-8").splitlines() if kept.exists() else []
    done = {(row["B"], row["market"]): row for row in map(json.loads, lines)}
    for b in candidates():
        if (b.name, "calm") not in done:
            done[b.name, "calm"] = whole_stage(b, "calm", Share.HALF, jobs)
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(done[b.name, "calm"]) + "\n")
    return table(HEADS, [[row.get(head, "") for head in HEADS] for row in done.values()])


def verdict(pool: PairedBlocks, lanes: Sequence[int], design: Design) -> Judgement:
    """What a stage of lanes of a pool comes to, looked at after every block."""
    whole = staged(pool, lanes, design)
    for number in range(1, design.blocks + 1):
        t, c = (lane[:, :number] for lane in (whole.t, whole.c))
        came = judge(PairedBlocks(t, c, whole.treated[:, :number]), design, LIMITS, ())
        if came.decision is not None:
            return came
    raise AssertionError("the last block is a look, which decides")


def alone(pool: PairedBlocks) -> Iterator[Judgement]:
    """Two stages of each lane: A and B change places."""
    turned = str.maketrans("AB", "BA")
    for lane in range(len(pool.t)):
        first = make_design(Share.HALF, HOURS, [lane], LIMITS)
        text = first.assignment[lane].translate(turned)
        for design in (first, first.model_copy(update={"assignment": {lane: text}})):
            yield verdict(pool, [lane], design)


def together(pool: PairedBlocks, share: Share, stages: int) -> Iterator[Judgement]:
    """Stages of SEEDS lanes each."""
    rng = np.random.default_rng(int(share))
    for stage in range(stages):
        lanes = rng.choice(len(pool.t), SEEDS, replace=False)
        seeds = range(stage * SEEDS, (stage + 1) * SEEDS)
        yield verdict(pool, lanes.tolist(), make_design(share, HOURS, seeds, LIMITS))


def rates(market: str, what: str, came: Sequence[Judgement]) -> list[str]:
    verdicts, total = Counter(one.decision for one in came), len(came)
    skewed = sum(any("too skewed" in why for why in one.reasons) for one in came)
    cells = [_rate(verdicts[d], total) for d in (Decision.PROMOTE, Decision.ROLLBACK)]
    return [market, what, str(total), *cells, str(verdicts[Decision.HOLD]), str(skewed)]


def _rate(count: int, total: int) -> str:
    low, high = share_interval(count, total)
    return f"{count} ({low:.1%} to {high:.1%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, default=Path("ab_pool"))
    parser.add_argument("--stages", type=int, default=100)
    parser.add_argument("--lanes", nargs="+", default=["calm:30", "spike:30"], metavar="MARKET:N")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    load_kernel()
    rows = []
    for market, lanes in (one.split(":") for one in given.lanes):
        seeds = range(FIRST_SEED, FIRST_SEED + int(lanes))
        pool = pooled(given.pool, neutral(), market, seeds, given.jobs)
        rows.append(rates(market, f"50 %, each of {lanes} lanes", list(alone(pool))))
        for share in Share:
            came = list(together(pool, share, given.stages))
            rows.append(rates(market, f"{int(share)} %, {SEEDS} of {lanes} lanes", came))
    heads = ["market", "stage", "stages", "PROMOTE", "ROLLBACK", "HOLD", "held as skewed"]
    text = "\n\n".join([whole_stages(given.pool / "stages.jsonl", given.jobs), table(heads, rows)])
    print(text)
    put_section(DOCUMENT, "study", text)


if __name__ == "__main__":
    main()

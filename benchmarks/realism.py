"""What a quant asks of the market: writes the tables of docs/MARKET.md, "How real it is".

Facts of the feed, the reference maker and its markouts, the queue, latency, a naive maker, common
random numbers. Seeds 9001 and on, by which no figure of market or maker was chosen.
Run: python -m benchmarks.realism [--seeds 24] [--hours 6] [--jobs 1]
"""

from __future__ import annotations

import argparse

from benchmarks.lanes import MARKETS, ROOT, profile, put_section
from benchmarks.maker_hours import run_hours
from benchmarks.realism_facts import facts_table
from benchmarks.realism_maker import maker_table
from benchmarks.realism_naive import naive_table
from benchmarks.realism_nearer import nearer_table
from benchmarks.realism_paired import draws_table, latency_table
from benchmarks.realism_queue import queue_table

DOCUMENT = ROOT / "docs" / "MARKET.md"
FIRST_SEED = 9001
PAIRED_MARKET = "calm"


def show(name: str, text: str) -> None:
    put_section(DOCUMENT, name, text)
    print(f"## {name}\n\n{text}\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--hours", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    seeds = range(FIRST_SEED, FIRST_SEED + given.seeds)
    show("facts", facts_table(seeds))
    reference = profile("steady_safe")
    by_market = {
        market: run_hours(market, seeds, given.hours, reference, given.jobs) for market in MARKETS
    }
    show("maker", maker_table(by_market))
    base = by_market[PAIRED_MARKET]
    show("queue", queue_table(PAIRED_MARKET, seeds, given.jobs))
    show("latency", latency_table(PAIRED_MARKET, seeds, base, given.jobs))
    show("common draws", draws_table(PAIRED_MARKET, seeds, base, given.jobs))
    show("naive", naive_table(PAIRED_MARKET, seeds, base, given.jobs))
    show("nearer", nearer_table(PAIRED_MARKET, seeds, given.jobs))


if __name__ == "__main__":
    main()

"""How noisy blocks are where nothing differs, what pairing takes away, and the hours it takes.

Deviations of net_bps of a block: of lane C, of T and C with other draws (T of a seed, C of the
next), and of T and C with the same draws. `by lanes` is that of the last again, from how far the
means of whole lanes lie apart: it rests on no estimate of blocks. `largest` is what share of their
variance the largest twentieth of them has. `pilots` are the deviations that pilots (four lanes,
twelve blocks) would find, of which nine in ten lie between the two. Hours are of one lane, by one
look and by the bound for every look. The tables go into docs/AB.md. Run:

    python -m benchmarks.ab_noise --pool=ab_pool --lanes=12
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import stdev

import numpy as np
from numpy.typing import NDArray

from benchmarks.ab_pool import LIMITS, neutral, pooled
from benchmarks.lanes import MARKETS, ROOT, put_section, table
from pytest_soak.ab.blocks import PairedBlocks
from pytest_soak.ab.compare import NET, by_lane
from pytest_soak.ab.design import STAGES
from pytest_soak.ab.power import BlockNoise, hours_needed
from pytest_soak.stats.sequential import Noise, noise, skewness

Floats = NDArray[np.float64]

FIRST_SEED = 5000
PILOTS = 2000
DOCUMENT = ROOT / "docs" / "AB.md"
NOISES = ["market", "blocks", "lane C", "other draws", "same draws", "by lanes", "phi"]
NOISES += ["correlation", "skewness", "largest", "pilots"]
HOURS = ["market", *(f"{int(share)} %" for share in STAGES)]


def differences(b: PairedBlocks, a: PairedBlocks) -> tuple[list[Floats], float]:
    """T of `b` less C of `a`, lane by lane, and their correlation."""
    known = NET.known(b.t) & NET.known(a.c)
    sides = NET.sides(b.t[known], a.c[known])
    alike = float(np.corrcoef(sides.of_b, sides.of_a)[0, 1])
    return by_lane(sides.of_b - sides.of_a, known), alike


def level(blocks: PairedBlocks) -> Noise:
    known = NET.known(blocks.c)
    return noise(by_lane(NET.sides(blocks.c[known], blocks.c[known]).of_a, known))


def shifted(blocks: PairedBlocks) -> PairedBlocks:
    """C of the next seed."""
    return PairedBlocks(blocks.t, np.roll(blocks.c, 1, axis=0), blocks.treated)


def pilots(lanes: list[Floats]) -> tuple[float, float]:
    """Between which deviations nine in ten pilots of such blocks find."""
    rng, pilot = np.random.default_rng(1), LIMITS.pilot
    found = []
    for _ in range(PILOTS):
        chosen = [lanes[n] for n in rng.integers(len(lanes), size=pilot.seeds)]
        starts = [int(rng.integers(len(lane) - pilot.blocks + 1)) for lane in chosen]
        parts = [x[s : s + pilot.blocks] for x, s in zip(chosen, starts, strict=True)]
        found.append(noise(parts).inflated)
    low, high = np.quantile(found, (0.05, 0.95))
    return float(low), float(high)


def noises(market: str, blocks: PairedBlocks) -> tuple[list[str], Noise]:
    lanes, alike = differences(blocks, blocks)
    seen, values = noise(lanes), np.concatenate(lanes)
    others = noise(differences(blocks, shifted(blocks))[0])
    means = [float(lane.mean()) for lane in lanes]
    by_lanes = stdev(means) * np.sqrt(len(values) / len(lanes))
    squares = np.sort((values - values.mean()) ** 2)
    largest = squares[-(len(values) // 20) :].sum() / squares.sum()
    least, most = pilots(lanes)
    sds = [f"{sd:.2f}" for sd in (level(blocks).sd, others.sd, seen.sd, by_lanes)]
    facts = [f"{seen.phi:.2f}", f"{alike:.2f}", f"{skewness(values):+.1f}", f"{largest:.0%}"]
    return [market, str(len(values)), *sds, *facts, f"{least:.2f} to {most:.2f}"], seen


def hours(seen: Noise) -> Iterator[str]:
    for share in STAGES:
        needed = hours_needed(BlockNoise(seen.inflated), 100 // share, 1, 1, LIMITS)
        yield f"{needed.fixed:g} / {needed.sequence:g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, default=Path("ab_pool"))
    parser.add_argument("--lanes", type=int, default=24)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    seeds = range(FIRST_SEED, FIRST_SEED + given.lanes)
    found, needs = [], []
    for market in MARKETS:
        row, seen = noises(market, pooled(given.pool, neutral(), market, seeds, given.jobs))
        found.append(row)
        needs.append([market, *hours(seen)])
    text = "\n".join([table(NOISES, found), "", table(HOURS, needs)])
    print(text)
    put_section(DOCUMENT, "noise", text)


if __name__ == "__main__":
    main()

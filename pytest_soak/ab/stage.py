"""A stage from its first block to its decision, and the pilot that comes before."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import NamedTuple

import numpy as np

from pytest_soak.ab.blocks import Blocks
from pytest_soak.ab.compare import NET, Rule, difference
from pytest_soak.ab.design import B, Design
from pytest_soak.ab.judge import Decision, Judgement, judge
from pytest_soak.ab.lanes import Done, Pair, Pairs, columns
from pytest_soak.ab.limits import Limits
from pytest_soak.ab.power import BlockNoise
from pytest_soak.errors import SoakUsageError
from pytest_soak.stats.sequential import MOST_PHI

MakePair = Callable[[int], Pair]
"""From a seed to its lanes, freshly started."""


class Outcome(NamedTuple):
    """How a stage ended, after how many judged blocks of each lane, and those blocks."""

    judgement: Judgement
    done: int
    blocks: Blocks

    @property
    def decision(self) -> Decision:
        """Never None at the end of a stage."""
        assert self.judgement.decision is not None
        return self.judgement.decision


def run_stage(
    design: Design,
    make: MakePair,
    limits: Limits,
    jobs: int,
    rolled_back: Callable[[tuple[str, ...]], None],
    look: Callable[[int, Judgement], None],
) -> Outcome:
    """Run blocks until there is a decision; the cold ones are all A, and not judged.

    `look` is told of each planned look. `rolled_back` is called with the reasons as soon as there
    is a ROLLBACK, after which no block is under B.
    """
    done: list[list[Done]] = [[] for _ in design.seeds]
    with closing(Pairs([make(seed) for seed in design.seeds], jobs)) as pairs:
        for _ in range(limits.cold_blocks):
            pairs.run([False] * len(design.seeds))
        for number in range(1, design.blocks + 1):
            treated = [text[number - 1] == B for text in design.assignment.values()]
            for lane, block in zip(done, pairs.run(treated), strict=True):
                lane.append(block)
            blocks = _blocks(done, design, number)
            fired = [transition for lane in done for transition in lane[-1].fired]
            judgement = judge(blocks, design, limits, fired)
            if judgement.decision is Decision.ROLLBACK:
                rolled_back(judgement.reasons)
            if number in design.looks:
                look(number, judgement)
            if judgement.decision is not None:
                return Outcome(judgement, number, blocks)
    raise AssertionError("the last block is a look, which decides")


def _blocks(done: Sequence[Sequence[Done]], design: Design, number: int) -> Blocks:
    treated = [[arm == B for arm in text[:number]] for text in design.assignment.values()]
    t, c = (columns([[getattr(b, side) for b in lane] for lane in done]) for side in ("t", "c"))
    return Blocks(t, c, np.array(treated))


def pilot_noise(
    seeds: Sequence[int], make: MakePair, blocks: int, limits: Limits, jobs: int
) -> BlockNoise:
    """The noise of T - C, block by block, with T under B throughout.

    Of the difference itself nothing is told.

    Raises SoakUsageError where the lanes do not differ, or have no data.
    """
    done: list[list[Done]] = [[] for _ in seeds]
    with closing(Pairs([make(seed) for seed in seeds], jobs)) as pairs:
        for number in range(limits.cold_blocks + blocks):
            judged = number >= limits.cold_blocks
            for lane, block in zip(done, pairs.run([judged] * len(seeds)), strict=True):
                lane.extend([block] * judged)
    t, c = (columns([[getattr(b, side) for b in lane] for lane in done]) for side in ("t", "c"))
    everywhere = np.ones(t.shape, np.bool_)
    as_they_are = Rule(MOST_PHI, math.inf, limits.chance)
    found = difference(NET, Blocks(t, c, everywhere), everywhere, as_they_are)
    if found is None:
        problem = "net_bps has no value: the lanes of the pilot did not trade; take another one"
        raise SoakUsageError("--market", problem)
    if found.constant:
        problem = "B did the same as A in every block: what it changes does not act here"
        raise SoakUsageError("--b", problem)
    return BlockNoise(found.noise.inflated)

"""A stage from its first block to its decision, and the pilot that comes before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import NamedTuple

import numpy as np

from pytest_soak.ab.blocks import Blocks, Contrast, Evidence, PairedBlocks, SwitchedBlocks
from pytest_soak.ab.compare import JUDGED, NET, by_lane, difference
from pytest_soak.ab.design import B, Design
from pytest_soak.ab.judge import Decision, Judgement, judge
from pytest_soak.ab.lanes import Done, Runner, Runners, columns
from pytest_soak.ab.limits import Limits
from pytest_soak.ab.power import BlockNoise
from pytest_soak.errors import SoakUsageError
from pytest_soak.stats.sequential import MOST_PHI, noise

MakeRunner = Callable[[int], Runner]
"""From a seed to its lanes, freshly started."""


class Outcome(NamedTuple):
    """How a stage ended, after how many judged blocks of each lane, and those blocks.

    `passed` are the absolute limits that B has passed, in words.
    """

    judgement: Judgement
    done: int
    blocks: Evidence
    passed: tuple[str, ...] = ()

    @property
    def decision(self) -> Decision:
        """Never None at the end of a stage."""
        assert self.judgement.decision is not None
        return self.judgement.decision


def run_stage(
    design: Design,
    make: MakeRunner,
    limits: Limits,
    jobs: int,
    rolled_back: Callable[[tuple[str, ...]], None],
    look: Callable[[int, Judgement], None],
) -> Outcome:
    """Run blocks until there is a decision; the cold ones are all A, and not judged.

    `look` is told of each planned look. `rolled_back` is called with the reasons of a ROLLBACK as
    soon as lane T is under A again. Raises TargetError where a lane fails under A.
    """
    with closing(Runners([make(seed) for seed in design.seeds], jobs)) as runners:
        for _ in range(limits.cold_blocks):
            runners.run([False] * len(design.seeds))
        came = _until_decided(runners, design, limits, look)
    if came.decision is Decision.ROLLBACK:
        rolled_back(came.judgement.reasons)
    return came


def _until_decided(
    runners: Runners, design: Design, limits: Limits, look: Callable[[int, Judgement], None]
) -> Outcome:
    done: list[list[Done]] = [[] for _ in design.seeds]
    for number in range(1, design.blocks + 1):
        treated = [text[number - 1] == B for text in design.assignment.values()]
        for lane, block in zip(done, runners.run(treated), strict=True):
            lane.append(block)
        blocks = evidence(done, design)
        fired = [passed for lane in done for passed in lane[-1].fired]
        judgement = judge(blocks, design, limits, fired)
        if number in design.looks:
            look(number, judgement)
        if judgement.decision is not None:
            return Outcome(judgement, number, blocks, tuple(fired))
    raise AssertionError("the last block is a look, which decides")


def evidence(done: Sequence[Sequence[Done]], design: Design) -> Evidence:
    """The blocks of each seed, as far as they are done."""
    number = len(done[0])
    treated = np.array([[arm == B for arm in text[:number]] for text in design.assignment.values()])
    if design.paired:
        t, c = columns(done)
        return PairedBlocks(t, c, treated)
    (t,) = columns(done)
    return SwitchedBlocks(t, treated, design.group)


def paired_noise(
    seeds: Sequence[int], make: MakeRunner, blocks: int, limits: Limits, jobs: int
) -> BlockNoise:
    """The noise of T - C, block by block, with T under B throughout.

    Of the difference itself nothing is told.

    Raises SoakUsageError where the lanes do not differ, or have no data.
    """
    t, c = _pilot(seeds, make, blocks, limits, jobs, True)
    found = difference(NET, Contrast(t, c, np.ones(t.shape, np.bool_)), MOST_PHI)
    if found is None:
        problem = "net_bps has no value: the lanes of the pilot did not trade; take another one"
        raise SoakUsageError("--market", problem)
    if found.constant:
        problem = "B did the same as A in every block: what it changes does not act here"
        raise SoakUsageError("--b", problem)
    return BlockNoise(found.noise.inflated)


def lone_noise(seed: int, make: MakeRunner, blocks: int, limits: Limits) -> BlockNoise:
    """The noise of the blocks of a lane that is under A throughout.

    Raises SoakUsageError where a KPI that is judged has too few values.
    """
    (t,) = _pilot([seed], make, blocks, limits, 1, False)
    for metric in JUDGED:
        known = metric.known(t)
        if np.count_nonzero(known) < limits.least_rolled_back:
            needs = f"a block needs {' and '.join(metric.needs)}"
            problem = f"{metric.name} has a value in {np.count_nonzero(known)} of {blocks} blocks"
            raise SoakUsageError("--target", f"{problem} under A: {needs}; see docs/OBSERVATION.md")
    known = NET.known(t)
    values = NET.sides(t[known], t[known]).of_a
    seen = noise(by_lane(values, known))
    if seen.sd == 0.0:
        problem = "net_bps is the same in every block under A: there is no noise to judge by"
        raise SoakUsageError("--target", problem)
    return BlockNoise(seen.inflated)


def _pilot(
    seeds: Sequence[int], make: MakeRunner, blocks: int, limits: Limits, jobs: int, treated: bool
) -> list[Blocks]:
    """The blocks of each lane, after the cold ones, with T under one configuration throughout."""
    done: list[list[Done]] = [[] for _ in seeds]
    with closing(Runners([make(seed) for seed in seeds], jobs)) as runners:
        for _ in range(limits.cold_blocks):
            runners.run([False] * len(seeds))
        for _ in range(blocks):
            for lane, block in zip(done, runners.run([treated] * len(seeds)), strict=True):
                lane.append(block)
    return columns(done)

"""The two lanes of a seed on the built-in market: C all A, T that switches, with the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pytest_soak.ab.arms import Arm
from pytest_soak.ab.blocks import BLOCK, block_of
from pytest_soak.ab.limits import Limits
from pytest_soak.ab.rails import Watch, watched
from pytest_soak.config.scenarios import Scenario
from pytest_soak.gates.criteria import Criteria
from pytest_soak.gates.sustained import Transition
from pytest_soak.observation.columns import Observation
from pytest_soak.targets.base import LaneInfo, Window
from pytest_soak.targets.simulated import SimulatedTarget


class Where(NamedTuple):
    """The market that all lanes are on, with its knobs turned."""

    scenario: Scenario
    settings: Mapping[str, float]


class Done(NamedTuple):
    """A block of a pair of lanes: their BLOCKs, and what of the absolute limits B has passed."""

    t: NDArray[np.void]
    c: NDArray[np.void]
    fired: tuple[Transition, ...]


class Pair(Protocol):
    """Lanes T and C of a seed."""

    def run(self, treated: bool) -> Done:
        """Run the next block, T under B where it is `treated`."""


class SimulatedPair:
    """A pair on `sim`, both freshly started under A."""

    def __init__(
        self, where: Where, seed: int, arms: tuple[Arm, Arm], limits: Limits, rails: Criteria
    ) -> None:
        self._arms = arms
        self._limits = limits
        self._rails = rails
        self._watch = Watch()
        self._number = 0
        self._t, self._c = (_started(where, seed, arms[0], limits) for _ in range(2))

    def run(self, treated: bool) -> Done:
        """Run the next block, T under B where it is `treated`."""
        self._number += 1
        skipped_us = self._limits.skipped_minutes * 60_000_000
        t = self._window(self._t, self._arms[treated])
        c = self._window(self._c, self._arms[False])
        fired: tuple[Transition, ...] = ()
        if treated:
            self._watch, acted = watched(self._rails, self._watch, t, skipped_us)
            fired = tuple(transition for transition in acted if transition.kind == "stop")
        return Done(block_of(t, skipped_us), block_of(c, skipped_us), fired)

    def _window(self, target: SimulatedTarget, arm: Arm) -> Observation:
        minutes = float(self._limits.block_minutes)
        target.configure(arm.flags)
        window = Window(self._number, (self._number - 1) * minutes, minutes)
        return target.run(arm.overrides, window)


class Pairs:
    """The pairs of all seeds, block by block; `jobs` of them at a time.

    They run in threads: the market's kernel lets go of the interpreter.
    """

    def __init__(self, pairs: Sequence[Pair], jobs: int) -> None:
        self._pairs = pairs
        self._pool = ThreadPoolExecutor(jobs)

    def run(self, treated: Sequence[bool]) -> list[Done]:
        """Run the next block of each pair; `treated` says of each whether T is under B."""
        work = zip(self._pairs, treated, strict=True)
        return list(self._pool.map(lambda one: one[0].run(one[1]), work))

    def close(self) -> None:
        """Wait for what is under way, and begin nothing more."""
        self._pool.shutdown(cancel_futures=True)


def columns(blocks: Sequence[Sequence[NDArray[np.void]]]) -> NDArray[np.void]:
    """BLOCK of shape (seeds, blocks) from the blocks of each seed in the order of time."""
    return np.array(blocks, BLOCK).reshape(len(blocks), -1)


def _started(where: Where, seed: int, arm: Arm, limits: Limits) -> SimulatedTarget:
    lane = LaneInfo(
        id=f"ab-{seed}",
        profile=arm.name,
        market=where.scenario.name,
        seed=seed,
        minutes=float(limits.block_minutes),
        market_settings=where.settings,
        config=arm.flags,
        scenario=where.scenario,
    )
    target = SimulatedTarget(lane)
    target.start(lane)
    return target

"""Lanes that are run block by block; the pair of a seed on the built-in market."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple, Protocol

import numpy as np

from pytest_soak.ab.arms import Arm
from pytest_soak.ab.blocks import BLOCK, Blocks, block_of
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
    """A block of a seed: each lane's BLOCK, T first, and which absolute limits B has passed."""

    lanes: tuple[Blocks, ...]
    fired: tuple[str, ...]


class Runner(Protocol):
    """Runs the lanes of a seed: T, and beside it C where there is one."""

    def run(self, treated: bool) -> Done:
        """Run the next block, T under B where it is `treated`; TargetError where a lane fails."""

    def close(self) -> None:
        """Leave T under A, and end the lanes; also after an error."""


class SimulatedPair:
    """A pair on `sim`, freshly started under A: C all A, T that switches, on the same draws."""

    def __init__(
        self, where: Where, seed: int, arms: tuple[Arm, Arm], limits: Limits, rails: Criteria
    ) -> None:
        self._arms = arms
        self._limits = limits
        self._rails = rails
        self._watch = Watch()
        self._number = 0
        lane = lane_of(where, seed, arms[0], limits)
        self._t, self._c = (_started(lane) for _ in range(2))

    def run(self, treated: bool) -> Done:
        """Run the next block, T under B where it is `treated`."""
        self._number += 1
        skipped_us = self._limits.skipped_minutes * 60_000_000
        t = self._window(self._t, self._arms[treated])
        c = self._window(self._c, self._arms[False])
        fired: tuple[str, ...] = ()
        if treated:
            self._watch, acted = watched(self._rails, self._watch, t, skipped_us)
            fired = stops(acted)
        return Done((block_of(t, skipped_us), block_of(c, skipped_us)), fired)

    def close(self) -> None:
        """Let go of both."""
        self._t.stop()
        self._c.stop()

    def _window(self, target: SimulatedTarget, arm: Arm) -> Observation:
        minutes = float(self._limits.block_minutes)
        target.configure(arm.flags)
        window = Window(self._number, (self._number - 1) * minutes, minutes)
        return target.run(arm.overrides, window)


class Runners:
    """The runners of all seeds, block by block; `jobs` of them at a time.

    Several run in threads: the market's kernel lets go of the interpreter. One runs in the thread
    that asks, which signals reach.
    """

    def __init__(self, runners: Sequence[Runner], jobs: int) -> None:
        self._runners = runners
        self._pool = ThreadPoolExecutor(jobs) if jobs > 1 else None

    def run(self, treated: Sequence[bool]) -> list[Done]:
        """Run the next block of each; `treated` says of each whether T is under B."""
        over = map if self._pool is None else self._pool.map
        return list(over(lambda runner, b: runner.run(b), self._runners, treated))

    def close(self) -> None:
        """Wait for what is under way, and end all lanes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        with ExitStack() as stack:
            for runner in self._runners:
                stack.callback(runner.close)


def stops(acted: Iterable[Transition]) -> tuple[str, ...]:
    """The absolute limits that are passed, in words."""
    return tuple(str(transition) for transition in acted if transition.kind == "stop")


def columns(done: Sequence[Sequence[Done]]) -> list[Blocks]:
    """Each lane's BLOCKs, of shape (seeds, blocks), from those of each seed in order of time."""
    shape = (len(done), -1)
    sides = range(len(done[0][0].lanes))
    return [
        np.array([[block.lanes[side] for block in lane] for lane in done], BLOCK).reshape(shape)
        for side in sides
    ]


def lane_of(where: Where, seed: int, arm: Arm, limits: Limits) -> LaneInfo:
    """What a target is told of its lane, which begins under `arm`."""
    return LaneInfo(
        id=f"ab-{seed}",
        profile=arm.name,
        market=where.scenario.name,
        seed=seed,
        minutes=float(limits.block_minutes),
        market_settings=where.settings,
        config=arm.flags,
        scenario=where.scenario,
    )


def _started(lane: LaneInfo) -> SimulatedTarget:
    target = SimulatedTarget(lane)
    target.start(lane)
    return target

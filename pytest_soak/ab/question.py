"""What is compared, where, and by which figures: the same for all stages."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from functools import partial
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import NamedTuple

from pytest_soak.ab.arms import Arm
from pytest_soak.ab.design import Design, Share, make_design
from pytest_soak.ab.kept import KeptRunner
from pytest_soak.ab.lanes import Runner, SimulatedPair, Where, lane_of
from pytest_soak.ab.limits import Limits
from pytest_soak.ab.power import BlockNoise, Hours, hours_needed, least_effect
from pytest_soak.ab.stage import lone_noise, paired_noise
from pytest_soak.ab.switched import Bot, SwitchedLane
from pytest_soak.canonical import compact
from pytest_soak.errors import TargetError
from pytest_soak.gates.criteria import Criteria
from pytest_soak.market.compile import source_digest
from pytest_soak.storage.links import plain
from pytest_soak.version import __version__

SIM = "sim"
_BLOCKS = "blocks.jsonl"
"""In the folder of a stage: what was measured of a bot that does not do the same again."""


class Question(NamedTuple):
    """Is B better than A; `rails` are what B may not pass.

    Without a `bot` they are configurations of the reference maker, whose lanes come in pairs.
    """

    a: Arm
    b: Arm
    where: Where
    seeds: tuple[int, ...]
    limits: Limits
    rails: Criteria
    bot: Bot | None = None

    @property
    def paired(self) -> bool:
        """Whether a lane that is all A runs beside each, on the same draws."""
        return self.bot is None

    @property
    def target(self) -> str:
        """What is configured."""
        return SIM if self.bot is None else self.bot.name

    @property
    def title(self) -> str:
        """What is compared, in words."""
        return f"{self.b.name} against {self.a.name} on {self.where.scenario.name}"

    @property
    def inputs(self) -> dict[str, str]:
        """Hashes of what must be the same in all stages."""
        scenario, settings = self.where.scenario.model_dump(mode="json"), dict(self.where.settings)
        where = [scenario, settings] if self.bot is None else [scenario, settings, self.bot.name]
        market = sha256(compact(where).encode()).hexdigest()
        return {"a": self.a.digest, "b": self.b.digest, "market": market}

    @property
    def versions(self) -> dict[str, str]:
        """Of what must be the same in all stages, too."""
        if self.bot is None:
            return {"package": __version__, "kernel": source_digest()}
        return {"package": __version__, "target": self.bot.version}

    @property
    def name(self) -> str:
        """What of it is the same in all stages, as the begin of a file's name."""
        same = [self.inputs, *self.versions.values()]
        return f"AB_{sha256(compact(same).encode()).hexdigest()[:12]}"

    def design(self, share: Share, hours: float) -> Design:
        """A stage; SoakUsageError for one in which B would be compared with nothing."""
        return make_design(share, hours, self.seeds, self.limits, self.paired)

    def runner(self, home: Path, seed: int) -> Runner:
        """The lanes of a seed, freshly started; what a bot leaves is in the folder `home`.

        What is deterministic is run again where it was interrupted, any other bot goes on.
        """
        arms = (self.a, self.b)
        if self.bot is None:
            return SimulatedPair(self.where, seed, arms, self.limits, self.rails)
        make = partial(self._switched, self.bot, home, seed)
        if self.bot.can.deterministic:
            return make(0)
        return KeptRunner(plain(home, home / _BLOCKS), make, self.limits.cold_blocks)

    def runner_again(self, kept: Path, home: Path, seed: int) -> Runner:
        """The lanes of a seed as they were: run again in the folder `home`, or as `kept` has them.

        Only what is deterministic is run again. Of any other bot there are the blocks of `kept`,
        the folder in which it ran, which stays as it is; TargetError where they do not suffice.
        """
        if self.bot is None or self.bot.can.deterministic:
            return self.runner(home, seed)
        copy = home / _BLOCKS
        if (kept / _BLOCKS).exists():
            shutil.copyfile(kept / _BLOCKS, copy)
        return KeptRunner(copy, _no_more, 0)

    def _switched(self, bot: Bot, home: Path, seed: int, done: int) -> SwitchedLane:
        folder = next(path for n in count(1) if not (path := home / str(n)).exists())
        lane = replace(
            lane_of(self.where, seed, self.a, self.limits),
            folder=plain(home, folder),
            feeds=folder / "feeds",
            runtime=folder / "overrides.json",
        )
        return SwitchedLane(bot, lane, (self.a, self.b), self.limits, self.rails, done)

    def pilot(self, home: Path, jobs: int) -> BlockNoise:
        """The noise, by lanes of seeds that no stage has: of pairs, or of a lane under A."""
        pilot, first = self.limits.pilot, max(self.seeds) + 1
        make = partial(self.runner, home)
        if self.bot is not None:
            return lone_noise(first, make, pilot.blocks, self.limits)
        seeds = range(first, first + pilot.seeds)
        return paired_noise(seeds, make, pilot.blocks, self.limits, jobs)

    def needs(self, seen: BlockNoise, share: Share, hours: float) -> Hours:
        """The hours that a stage takes, with the looks that so many hours have.

        The block of a group that is unlike the others is compared with their mean.
        """
        design = self.design(share, hours)
        seen, looks = self._compared(seen, design), len(design.looks)
        return hours_needed(seen, design.group, len(self.seeds), looks, self.limits)

    def could_see(self, seen: BlockNoise, design: Design) -> float | None:
        """The least difference of net_bps that a stage finds with the chance asked for, in bps."""
        seen = self._compared(seen, design)
        return least_effect(seen, design.values, len(design.looks), self.limits)

    def _compared(self, seen: BlockNoise, design: Design) -> BlockNoise:
        """The noise of a difference, from that of the pilot's blocks."""
        if self.paired:
            return seen
        return seen._replace(sd=seen.sd * math.sqrt(design.group / (design.group - 1)))


def _no_more(done: int) -> Runner:
    raise TargetError(f"of the blocks of the A/B {done} are kept, which are not all")

"""What is compared, where, and by which figures: the same for all stages."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from pytest_soak.ab.arms import Arm
from pytest_soak.ab.design import Share, make_design
from pytest_soak.ab.lanes import SimulatedPair, Where
from pytest_soak.ab.limits import Limits
from pytest_soak.ab.power import BlockNoise, Hours, hours_needed
from pytest_soak.ab.stage import pilot_noise
from pytest_soak.canonical import compact
from pytest_soak.gates.criteria import Criteria


class Question(NamedTuple):
    """Is B better than A; `rails` are what B may not pass."""

    a: Arm
    b: Arm
    where: Where
    seeds: tuple[int, ...]
    limits: Limits
    rails: Criteria

    @property
    def title(self) -> str:
        """What is compared, in words."""
        return f"{self.b.name} against {self.a.name} on {self.where.scenario.name}"

    @property
    def inputs(self) -> dict[str, str]:
        """Hashes of what must be the same in all stages."""
        scenario, settings = self.where.scenario.model_dump(mode="json"), dict(self.where.settings)
        market = sha256(compact([scenario, settings]).encode()).hexdigest()
        return {"a": self.a.digest, "b": self.b.digest, "market": market}

    def pair(self, seed: int) -> SimulatedPair:
        """The lanes of a seed, freshly started."""
        return SimulatedPair(self.where, seed, (self.a, self.b), self.limits, self.rails)

    def pilot(self, jobs: int) -> BlockNoise:
        """The noise, by lanes of seeds that no stage has."""
        pilot, first = self.limits.pilot, max(self.seeds) + 1
        seeds = range(first, first + pilot.seeds)
        return pilot_noise(seeds, self.pair, pilot.blocks, self.limits, jobs)

    def needs(self, seen: BlockNoise, share: Share, hours: float) -> Hours:
        """The hours that a stage takes, with the looks that so many hours have."""
        looks = len(make_design(share, hours, self.seeds, self.limits).looks)
        return hours_needed(seen, share, len(self.seeds), looks, self.limits)

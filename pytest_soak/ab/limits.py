"""The figures of an A/B, as data."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pytest_soak.config.documents import shipped, validate
from pytest_soak.gates.criteria import Criteria

Count = Annotated[int, Field(ge=1)]
Above = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Chance = Annotated[float, Field(gt=0, lt=0.5)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pilot(_Data):
    """The lanes from which the noise is learnt before an A/B begins; of a lone lane, one."""

    seeds: Count
    blocks: Count


class Limits(_Data):
    """The figures of `limits.yaml`, which says what each is."""

    block_minutes: Count
    skipped_minutes: Annotated[int, Field(ge=0)]
    cold_blocks: Annotated[int, Field(ge=0)]
    look_hours: Count
    chance: Chance
    power: Annotated[float, Field(gt=0.5, lt=1)]
    least_promoted: Count
    least_rolled_back: Count
    net_bps: Above
    slippage_bps: Annotated[float, Field(ge=0)]
    tick_total_p95_pct: Annotated[float, Field(ge=0)]
    likeness: Annotated[float, Field(gt=0, lt=0.9)]
    skewness: Above
    held_minutes: Count
    lost_minutes: Count
    pilot: Pilot

    @property
    def judged_minutes(self) -> int:
        """Of each block."""
        return self.block_minutes - self.skipped_minutes

    def blocks(self, hours: float) -> int:
        """How many blocks fill so many hours."""
        return int(hours * 60 // self.block_minutes)

    def hours(self, blocks: float) -> float:
        """How long so many blocks are."""
        return blocks * self.block_minutes / 60


@cache
def load_limits() -> Limits:
    """The figures of the package."""
    return validate(Limits, shipped("pytest_soak.ab", "limits.yaml"))


@cache
def load_rails() -> Criteria:
    """The criteria that B may not pass, `ab_safety.yaml`."""
    return validate(Criteria, shipped("pytest_soak.ab", "ab_safety.yaml"))

"""The figures that guards, freeze, panic revert and warm-up go by, read from `limits.yaml`."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.documents import shipped, validate
from pytest_soak.tuning.conditions import Condition


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GuardLimits(_Data):
    """Minutes over which changes add up, and how many iterations and parameters."""

    velocity_minutes: float
    velocity_warmup_factor: float
    cooldown_iterations: int
    oscillation_iterations: int
    parameters_a_step: int


class EffectsLimits(_Data):
    """The tuner `effects`: when a step is worth it.

    It learns from the last `readings` iterations. A metric should be `margin` standard deviations
    of an iteration inside its limit, which are at least `least_noise` of that limit. A step is one
    of `parts` of the largest change an hour; one that only earns must gain `least_gain` of what
    is earned.
    """

    readings: int
    margin: float
    least_noise: float
    least_gain: float
    parts: list[float]


class FreezeLimits(_Data):
    """So many good iterations in a row lock the tuner for so many."""

    streak: int
    iterations: int
    conditions: list[Condition]


class PanicLimits(_Data):
    """So many FAILs in a row revert, to `profile` before the first freeze.

    The panic number `most` ends the lane.
    """

    streak: int
    iterations: int
    most: int
    profile: str


class Buffer(_Data):
    """For each `per` of `metric` above `above`, `add` to the parameter, `most` at most."""

    parameter: str
    metric: str
    above: float
    per: float
    add: float
    most: float


class Rescue(_Data):
    """The parameter is 0 in force while one of the phase's conditions holds."""

    parameter: str
    warmup: list[Condition]
    steady: list[Condition]


class WarmupLimits(_Data):
    """What a warm-up does beside its preset."""

    buffer: Buffer
    rescue: Rescue


class Limits(_Data):
    """Everything in `limits.yaml`."""

    guards: GuardLimits
    effects: EffectsLimits
    freeze: FreezeLimits
    panic: PanicLimits
    warmup: WarmupLimits


@cache
def load_limits() -> Limits:
    """The limits that ship with the package."""
    return validate(Limits, shipped("pytest_soak.tuning", "limits.yaml"))

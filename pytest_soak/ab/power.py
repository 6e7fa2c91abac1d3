"""Whether a design can decide at all: hours until a difference worth having is found."""

from __future__ import annotations

import math
from typing import NamedTuple

from pytest_soak.ab.design import most_hours
from pytest_soak.ab.limits import Limits
from pytest_soak.stats.sequential import fixed_values, planned_values, sequence_values

_FINEST, _HALVINGS = 1e3, 30
"""Effects are looked for within this factor of the noise, by so many halvings."""


class BlockNoise(NamedTuple):
    """The noise of B - A of net_bps: the inflated deviation of values of `joined` blocks each."""

    sd: float
    joined: int = 1


class Hours(NamedTuple):
    """Hours of each lane: by one look, by the planned looks, and by the bound for every look.

    None is below `floor`, which the fewest blocks under B take.
    """

    fixed: float
    planned: float
    sequence: float
    floor: float


def hours_needed(seen: BlockNoise, group: int, seeds: int, looks: int, limits: Limits) -> Hours:
    """Hours until `limits.net_bps` is found with the chance `limits.power`.

    One block of each `group` gives a value.
    """
    effect, power, chance = limits.net_bps, limits.power, limits.chance

    def hours(values: int) -> float:
        return lane_hours(max(values * seen.joined, limits.least_promoted), group, seeds, limits)

    return Hours(
        fixed=hours(fixed_values(seen.sd, effect, chance, power)),
        planned=hours(planned_values(seen.sd, effect, looks, power)),
        sequence=hours(sequence_values(seen.sd, effect, chance, power)),
        floor=hours(0),
    )


def least_effect(seen: BlockNoise, values: int, looks: int, limits: Limits) -> float | None:
    """The least difference that so many values find with the chance `limits.power`.

    By their last look, in the unit of `seen.sd`; None where they are too few for any promotion.
    """
    if values < limits.least_promoted or seen.sd == 0.0:
        return None
    values //= seen.joined
    low, high = seen.sd / _FINEST, seen.sd * _FINEST
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        if planned_values(seen.sd, middle, looks, limits.power) <= values:
            high = middle
        else:
            low = middle
    return high


def lane_hours(values: int, group: int, seeds: int, limits: Limits) -> float:
    """How long each of so many lanes is until they have so many values together."""
    return limits.hours(math.ceil(values / seeds) * group)


def seeds_needed(hours: float, needed: float, seeds: int) -> int:
    """With how many seeds `hours` do what `needed` hours do with so many."""
    return math.ceil(seeds * needed / hours)


def remedies(
    hours: float, needed: float, seeds: int, limits: Limits, paired: bool = True
) -> list[str]:
    """What to give instead of `hours` and so many seeds where `needed` hours are."""
    found = [f"--hours={needed:g}"] if needed <= most_hours(limits) else []
    return [*found, f"{seeds_needed(hours, needed, seeds)} seeds"] if paired else found

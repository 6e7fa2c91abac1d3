"""How two groups of lanes can be compared, and what is lacking where they cannot."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_soak.artifacts.compare_models import Way
from pytest_soak.comparing.groups import Group
from pytest_soak.stats.batches import LEAST_BATCHES
from pytest_soak.stats.paired import ENOUGH_PAIRS
from pytest_soak.targets.resolve import BUILT_IN
from pytest_soak.text import plural


@dataclass(frozen=True)
class Design:
    """`way`, on the `seeds` that are paired; `unpaired` says why not all of it is.

    `lacking` says what it takes, where it is not enough.
    """

    way: Way
    seeds: tuple[int, ...] = ()
    unpaired: str = ""
    lacking: str = ""


def design(before: Group, after: Group) -> Design:
    """The sharpest comparison that the lanes allow."""
    seeds = _common_seeds(before, after)
    why = _unlike(before, after) or ("" if seeds else "no seed in common")
    paired = () if why else seeds
    if len(paired) >= ENOUGH_PAIRS:
        return Design(Way.SEEDS, paired)
    way, least, unit = Way.LANES, ENOUGH_PAIRS, "lane"
    counts = [len(group.measured) for group in (before, after)]
    if len(before.lanes) == len(after.lanes) == 1:
        way, least, unit = Way.WINDOWS if paired else Way.SERIES, LEAST_BATCHES, "graded iteration"
        counts = [len(hours) for group in (before, after) for hours in group.lanes.values()]
    elif not why:
        why, paired = f"only {plural(len(paired), 'seed')} in common", ()
    runs = zip((before.run, after.run), counts, strict=True)
    few = [f"{plural(least - n, f'more {unit}')} of {run}" for run, n in runs if n < least]
    if few:
        return Design(Way.NONE, (), why, "needs " + " and ".join(few))
    return Design(way, paired, why)


def alone(made: Design, before: Group, after: Group) -> list[str]:
    """What of the lanes has no part in a comparison of pairs."""
    paired = len(made.seeds)
    left = [(group.run, len(group.lanes) - paired) for group in (before, after)]
    return [f"without a partner: {plural(n, 'lane')} of {run}" for run, n in left if paired and n]


def _common_seeds(before: Group, after: Group) -> tuple[int, ...]:
    """Of lanes that have an iteration in common."""
    common = before.lanes.keys() & after.lanes.keys()
    return tuple(
        sorted(seed for seed in common if before.lanes[seed].keys() & after.lanes[seed].keys())
    )


def _unlike(before: Group, after: Group) -> str:
    """Why lanes of one seed did not meet the same draws; empty where they did."""
    if before.target != after.target:
        return f"other targets: {before.target}, {after.target}"
    if after.target in BUILT_IN:
        return ""
    silent, unknown = (
        [one.run for one in (before, after) if one.deterministic is said] for said in (False, None)
    )
    if silent:
        return f"{after.target} does not call itself deterministic in {' and '.join(silent)}"
    if unknown:
        return f"whether {after.target} is deterministic is not recorded in {' and '.join(unknown)}"
    return ""

"""What a drill changes of the reference maker and its venue, and no figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pytest_soak.config.drills import Drill
from pytest_soak.config.flags import Value
from pytest_soak.market.kernel.design import Design
from pytest_soak.market.maker_config import write_flags


@dataclass(frozen=True)
class Changes:
    """Values in place of those of the maker and its venue, by name."""

    flags: Mapping[str, Value] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)
    design: Mapping[str, float] = field(default_factory=dict)
    venue: Mapping[str, int] = field(default_factory=dict)


BROUGHT_ABOUT = {
    "cache_off": Changes(flags={"md_cache.enabled": False}),
    "stalls": Changes(design={"stall_chance": 1.0}),
    "taker_burst": Changes(
        flags={"taker_cap.enabled": False},
        parameters={
            "rescue_max_ratio": 1.0,
            "rescue_min_edge_bps": -1000.0,
            "rescue_cooldown_ms": 0.0,
        },
        design={"rescue_start": 0.01, "rescue_stop": 0.0},
    ),
    "outage": Changes(venue={"unavailable": 1}),
}
"""The causes that there can be in the built-in market."""


def edges(drills: Iterable[Drill], start_us: int, end_us: int) -> list[int]:
    """The times from `start_us` on at which a drill begins or ends, and at last `end_us`."""
    times = {time for drill in drills for time in (drill.start_us, drill.end_us)}
    return [start_us, *sorted(time for time in times if start_us < time < end_us), end_us]


def put_in_force(
    world: Any,
    drills: Iterable[Drill],
    time_us: int,
    flags: Mapping[str, Value],
    parameters: Mapping[str, float],
) -> None:
    """Let a world whose maker has these `flags` and `parameters` be as the drills have it."""
    now = [BROUGHT_ABOUT[d.cause] for d in drills if d.start_us <= time_us < d.end_us]
    design, venue = asdict(Design()), {"unavailable": 0}
    for changes in now:
        flags, parameters = {**flags, **changes.flags}, {**parameters, **changes.parameters}
        design |= changes.design
        venue |= changes.venue
    maker = world["maker"]
    write_flags(maker["flags"], flags)
    for name in maker["parameters"].dtype.names:
        maker["parameters"][name] = parameters[name]
    for name, value in design.items():
        maker["design"][name] = value
    for name, value in venue.items():
        world["venue"][name] = value

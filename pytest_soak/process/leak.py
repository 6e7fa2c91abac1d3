"""The drill `leak` of a bot in a process of its own: how much memory its tree holds for nothing."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_soak.config.drills import Drill

LEAK = "leak"
MB_PER_H = 240.0
"""How fast it grows, in MB of 1,000,000 bytes; the criterion `memory` stops less than half."""


def held_mb(drills: Iterable[Drill], lane_us: int) -> float:
    """How many MB are to be held at a time of the lane: nothing once a leak is over."""
    on = (d for d in drills if d.cause == LEAK and d.start_us <= lane_us < d.end_us)
    return sum(MB_PER_H * (lane_us - drill.start_us) / 3.6e9 for drill in on)

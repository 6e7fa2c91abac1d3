"""Recorded feeds as the markets of a session: their lanes, and how long an iteration can be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from pytest_soak.config.recorded import PREFIX
from pytest_soak.config.scenarios import Scenario
from pytest_soak.errors import SoakUsageError
from pytest_soak.text import number

MINUTE_US = 60_000_000
SHORTEST_MINUTES = 0.05
_STEP_US = 1_000


def feed_scenarios(
    items: Sequence[str], settings: Sequence[str], base: Path, at: str, set_at: str
) -> tuple[Scenario, ...]:
    """The scenarios of `feed:PATH`, and of the paths that follow it.

    Raises SoakUsageError for files that are no recordings, for two of one name, and where another
    market is among them.
    """
    from pytest_soak.replay.scenario import feed_scenario

    if not items[0].startswith(PREFIX):
        problem = f"expected {PREFIX}PATH[,PATH...] alone, got {','.join(items)!r}"
        raise SoakUsageError(at, problem)
    paths = [item.removeprefix(PREFIX) for item in items]
    found = tuple(feed_scenario(path, settings, base, at, set_at) for path in paths)
    names: dict[str, str] = {}
    for scenario, path in zip(found, paths, strict=True):
        if scenario.name in names:
            problem = f"{names[scenario.name]} and {path} would both be {scenario.name!r}, by which"
            raise SoakUsageError(at, f"{problem} a lane is named: rename one of the files")
        names[scenario.name] = path
    return found


def minutes_on_feeds(
    scenarios: Sequence[Scenario], minutes: float, typed: bool, iterations: int, at: str
) -> float:
    """How long an iteration is: where nobody said, the shortest recording cut into so many.

    Raises SoakUsageError for more iterations than a recording holds.
    """
    feeds = [(scenario.name, scenario.feed) for scenario in scenarios if scenario.feed is not None]
    if not feeds or not iterations:
        return minutes
    name, span = min(((name, feed.span_us) for name, feed in feeds), key=lambda one: one[1])
    if not typed:
        minutes = span // iterations // _STEP_US * _STEP_US / MINUTE_US
    held = math.floor(span / (minutes * MINUTE_US)) if minutes else 0
    shortest = minutes < SHORTEST_MINUTES
    if held < iterations or shortest:
        most = math.floor(span / (SHORTEST_MINUTES * MINUTE_US)) if shortest else held
        length = number(SHORTEST_MINUTES if shortest else minutes)
        problem = f"{iterations} iterations are more than {name} holds: it has {most} of {length}"
        raise SoakUsageError(at, f"{problem} minutes ({number(span / MINUTE_US)} minutes in all)")
    return minutes

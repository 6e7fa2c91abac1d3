"""Causes of harm that can be made in the built-in market and its maker, in four sizes each.

What has no parameter or setting of its own, such as a maker that takes for no reason, is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import add, mul
from typing import NamedTuple

from pytest_soak.config.overrides import CLI, Layer
from pytest_soak.config.parameters import reference_table
from pytest_soak.config.scenarios import Scenario
from pytest_soak.run.settings import Settings

_AT = "--causes"

Turn = Callable[[Settings, float], Settings]
"""The settings of a soak that has so much of a cause; they have one profile."""


class Cause(NamedTuple):
    """A cause of harm, its sizes in a unit, and how it comes about."""

    name: str
    unit: str
    sizes: tuple[float, float, float, float]
    turn: Turn


def _market(change: Callable[[Scenario, float], Scenario]) -> Turn:
    def turn(settings: Settings, size: float) -> Settings:
        changed = tuple(change(scenario, size) for scenario in settings.scenarios)
        return settings.model_copy(update={"scenarios": changed})

    return turn


def of_maker(parameter: str, change: Callable[[float, float], float]) -> Turn:
    """A parameter of the maker, from what it was and a size."""

    def turn(settings: Settings, size: float) -> Settings:
        (profile,), table = settings.profiles, reference_table()
        before = (table.defaults() | profile.values(table)[0])[parameter]
        layer = Layer(source=CLI, at=_AT, values={parameter: change(before, size)})
        return settings.model_copy(update={"layers": (*settings.layers, layer)})

    return turn


def _fees(scenario: Scenario, bps: float) -> Scenario:
    old = scenario.instrument
    fees = {name: getattr(old, name) + bps for name in ("maker_fee_bps", "taker_fee_bps")}
    return scenario.model_copy(update={"instrument": old.model_copy(update=fees)})


def _latency(scenario: Scenario, ms: float) -> Scenario:
    way = scenario.venue.to_gateway
    slower = way.model_copy(update={"base_ms": way.base_ms + ms})
    venue = scenario.venue.model_copy(update={"to_gateway": slower})
    return scenario.model_copy(update={"venue": venue})


CAUSES = (
    Cause("fees", "bps more", (0.1, 0.2, 0.3, 0.5), _market(_fees)),
    Cause("latency", "ms more to the venue", (25.0, 50.0, 75.0, 100.0), _market(_latency)),
    Cause("size", "of the order size", (0.9, 0.75, 0.6, 0.5), of_maker("impact_cap_ratio", mul)),
    Cause(
        "spread",
        "of the half spread more",
        (0.05, 0.1, 0.2, 0.4),
        of_maker("base_spread_bps_delta", add),
    ),
    Cause(
        "taking", "times the rescue ratio", (1.5, 2.0, 3.0, 5.0), of_maker("rescue_max_ratio", mul)
    ),
)

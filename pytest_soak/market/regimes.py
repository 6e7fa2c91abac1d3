"""What a lane's market is: a scenario with its knobs turned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_soak.config.instruments import Instrument, Venue
from pytest_soak.config.scenarios import BUILT_IN, Flow, Scenario
from pytest_soak.options import KNOBS, NEUTRAL


@dataclass(frozen=True)
class Market:
    """Its ordinary flow, that of its episodes and how likely they are in an hour; what is traded.

    `gap_bps` is the gap that an episode may have.
    """

    ordinary: Flow
    episode: Flow
    episode_chance: float
    gap_bps: float
    instrument: Instrument
    venue: Venue


def build_market(scenario: str | Scenario, settings: Mapping[str, float]) -> Market:
    """Return a scenario's market with its knobs (`options.KNOBS`) turned.

    A name is that of a built-in scenario. Raises ValueError for a bad name or setting.
    """
    if isinstance(scenario, str):
        if scenario not in BUILT_IN:
            known = ", ".join(BUILT_IN)
            raise ValueError(f"unknown market {scenario!r}, expected one of {known}")
        scenario = BUILT_IN[scenario]
    knobs = dict(NEUTRAL)
    for key, value in settings.items():
        if key not in knobs:
            raise ValueError(f"unknown market setting {key!r}, expected one of {', '.join(knobs)}")
        _, _, high = KNOBS[key]
        if not 0.0 <= value <= high:
            raise ValueError(f"market setting {key}={value:g} is not between 0 and {high:g}")
        knobs[key] = value
    flow = scenario.flow
    chance = flow.episode_chance
    if chance > 0.0:
        chance = 1.0 - (1.0 - chance) ** (knobs["spike_prob"] / NEUTRAL["spike_prob"])
    return Market(
        ordinary=_scaled(flow.ordinary, knobs["sigma"]),
        episode=_scaled(flow.episode, knobs["sigma"]),
        episode_chance=chance,
        gap_bps=knobs["gap_bps"],
        instrument=scenario.instrument,
        venue=scenario.venue,
    )


def _scaled(flow: Flow, sigma: float) -> Flow:
    scale = sigma / NEUTRAL["sigma"]
    return flow.model_copy(update={"sigma_bps": flow.sigma_bps * scale})

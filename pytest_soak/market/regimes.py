"""The regimes of the built-in market, as data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

SETTINGS = {"sigma": 0.01, "spike_prob": 0.05, "gap_bps": 10.0}
"""The knobs of a market and their neutral values."""

_LIMITS = {"sigma": (0.0, 0.1), "spike_prob": (0.0, 1.0), "gap_bps": (0.0, 200.0)}
_EPISODE_CHANCE = 0.35  # of an hour at the neutral spike_prob


@dataclass(frozen=True)
class Regime:
    """How the efficient price moves and how the market trades on it.

    `sigma_bps` is in bps a square root second, with a log standard deviation of `sigma_log_sd`
    over about half an hour; jumps arrive `jump_rate` a second with standard deviation `jump_bps`;
    `market_rate` is the Hawkes baseline of market orders a second; a market order moves the price
    with `impact_probability` by about `impact_bps`; `informed_share` of them know where it is;
    `load` scales the gateway's service time.
    """

    sigma_bps: float
    sigma_log_sd: float
    jump_rate: float
    jump_bps: float
    market_rate: float
    impact_probability: float
    impact_bps: float
    informed_share: float
    load: float


CALM = Regime(0.6, 0.30, 0.05, 1.5, 0.2, 0.30, 0.55, 0.45, 1.0)
VOLATILE = Regime(0.8, 0.40, 0.08, 2.0, 0.24, 0.40, 0.60, 0.46, 1.12)
EPISODE = Regime(2.4, 0.20, 1.0 / 6.0, 12.0, 0.2 * 6.0, 0.70, 2.2, 0.80, 1.6)


@dataclass(frozen=True)
class Market:
    """A named market: its ordinary regime, its episodes and how likely they are in an hour."""

    name: str
    ordinary: Regime
    episode: Regime
    episode_chance: float
    gap_bps: float


MARKETS = {
    "calm": Market("calm", CALM, EPISODE, 0.0, 10.0),
    "volatile": Market("volatile", VOLATILE, EPISODE, 0.0, 10.0),
    "spike": Market("spike", CALM, EPISODE, _EPISODE_CHANCE, 10.0),
}


def build_market(name: str, settings: Mapping[str, float]) -> Market:
    """Return a named market with its knobs turned; raises ValueError for a bad name or setting."""
    if name not in MARKETS:
        raise ValueError(f"unknown market {name!r}, expected one of {', '.join(MARKETS)}")
    knobs = dict(SETTINGS)
    for key, value in settings.items():
        if key not in knobs:
            raise ValueError(f"unknown market setting {key!r}, expected one of {', '.join(knobs)}")
        low, high = _LIMITS[key]
        if not low <= value <= high:
            raise ValueError(f"market setting {key}={value:g} is not between {low:g} and {high:g}")
        knobs[key] = value
    market = MARKETS[name]
    scale = knobs["sigma"] / SETTINGS["sigma"]
    chance = market.episode_chance
    if chance > 0.0:
        chance = 1.0 - (1.0 - chance) ** (knobs["spike_prob"] / SETTINGS["spike_prob"])
    return replace(
        market,
        ordinary=replace(market.ordinary, sigma_bps=market.ordinary.sigma_bps * scale),
        episode=replace(market.episode, sigma_bps=market.episode.sigma_bps * scale),
        episode_chance=chance,
        gap_bps=knobs["gap_bps"],
    )


def write_regime(record: Any, regime: Regime) -> None:
    """Copy a regime into a record of dtype REGIME."""
    for name in record.dtype.names:
        value = getattr(regime, name)
        if not math.isfinite(value):
            raise ValueError(f"{name} of a regime is not finite")
        record[name] = value

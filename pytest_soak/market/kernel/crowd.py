"""The figures of the crowd that are the same in every regime: one definition, by meaning.

Distances are in bps of the price at which the window began, times in seconds, rates a second,
sizes as a share of the median market order unless a field says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Crowd:
    """What the crowd knows, how it quotes and how it trades; docs/MARKET.md has the sources."""

    # volatility: exp(slow + fast), two Ornstein-Uhlenbeck processes
    slow_log_sd: float = 0.60
    slow_s: float = 600.0
    fast_log_sd: float = 0.50
    fast_s: float = 40.0
    jump_power: float = 1.4  # of the volatility, in the rate of jumps
    distance_power: float = 0.54  # of the volatility, in the distance of quotes
    jump_log_sd: float = 0.5  # of a jump's scale
    # what the crowd believes
    learning_s: float = 25.0  # in which the consensus comes to the efficient price
    quoting_lag_s: float = 0.114  # of limit orders behind the consensus
    impact_cap: float = 3.0  # of the square root of a market order's size
    sign_memory: float = 0.10  # weight of the newest sign in the expected one
    sign_weight: float = 0.7  # of the average sign in the expected one
    # metaorders
    metaorder_least: float = 2.0  # market orders
    metaorder_tail: float = 2.1  # Pareto exponent of the length
    metaorder_log_sd: float = 0.9  # of the size of its orders
    metaorder_informed: float = 0.70
    information_power: float = 0.58  # of the length, by which information per order falls
    information_at_birth: float = 0.05
    # takers
    reference_half_bps: float = 4.6  # beyond this half spread uninformed takers wait
    patience_bps: float = 2.6
    informed_scale_bps: float = 0.74
    market_log_sd: float = 0.8
    market_cap: float = 12.0
    market_reach_bps: float = 1.0  # beyond the touch
    branching: float = 0.53
    excitation_decay: float = 2.0
    jump_excitation: float = 3.3
    jump_excitation_cap: float = 4.0
    # quotes
    limit_rate: float = 50.0
    distance_bps: float = 1.7
    scale_bps: float = 6.0
    join_share: float = 0.40
    aggressive_share: float = 0.05
    aggressive_least: float = 0.4  # of the distance
    aggressive_life_s: float = 1.0
    limit_log_sd: float = 0.8
    life_s: float = 2.4
    life_near: float = 0.4
    life_per_bps: float = 0.15
    caution_bps: float = 0.45  # that a market order of median size adds on the side it hits
    caution_other: float = 0.5  # share of that on the other side
    caution_s: float = 6.5
    pull_distance: float = 0.36  # of the distance
    pull_caution: float = 0.75
    pull_s: float = 0.05
    # snipers
    snipe_rate: float = 3.0
    snipe_edge_bps: float = 0.5


CROWD_FIGURES = np.dtype([(field.name, "f8") for field in fields(Crowd)], align=True)

"""The figures of the reference maker that nobody tunes: one definition, by meaning."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Design:
    """How the reference maker was built; distances in bps, sizes in quote at the opening price."""

    base_half_bps: float = 1.45
    half_per_sigma: float = 1.53  # of its estimate of the volatility of 1-s mid returns
    volatility_half_life_s: float = 40.0
    level_gap_bps: float = 1.6
    skew_bps: float = 10.0  # at the position limit
    flow_bps: float = 1.0  # at market orders of one side only
    rescue_flow_bps: float = 30.0
    reprice_bps: float = 2.3
    outer_reprice_bps: float = 4.0  # the outer quotes wait for larger moves: they cost messages too
    depth_share: float = 0.4  # of the visible depth that `impact_cap_ratio` is taken of
    house_exposure_quote: float = 2_600.0
    house_speed_quote: float = 3_500.0
    house_sigma_bps: float = 0.68  # up to which the house limits apply in full
    rescue_start: float = 0.12  # of the position limit
    rescue_stop: float = 0.07
    risk_aversion: float = 1.4  # standard deviations
    stall_chance: float = 0.003  # of a cycle


DESIGN = np.dtype([(field.name, "f8") for field in fields(Design)], align=True)

"""The account's risk guard: house limits, the same for every profile, scaled by volatility."""

from __future__ import annotations

import math

from pytest_soak.market.kernel.jit import Record, kernel_function

SPEED_S = 6.0
SHOCK_SIGMAS = 8.0
SHOCK_HOLD_US = 10_000_000


@kernel_function
def volatility_bps(maker: Record) -> float:
    """Return the maker's estimate of the standard deviation of 1-s mid returns."""
    return math.sqrt(maker.variance)


@kernel_function
def on_cycle(world: Record, time: int) -> None:
    """Bring the slow position and the account of blocked time up to now."""
    maker = world.maker
    passed = time - maker.decided_at
    maker.decided_at = time
    keep = math.exp(-passed * 1e-6 / SPEED_S)
    maker.position_slow = keep * maker.position_slow + (1.0 - keep) * maker.position
    maker.side_time_us += 2 * passed
    maker.side_time_risk_blocked_us += (maker.bid_blocked + maker.ask_blocked) * passed


@kernel_function
def watch_shock(maker: Record, time: int, change_bps: float) -> None:
    """Hold both sides for a while after a change of the mid far beyond its volatility."""
    if abs(change_bps) > SHOCK_SIGMAS * volatility_bps(maker):
        maker.shock_until = time + SHOCK_HOLD_US


@kernel_function
def stops(maker: Record, time: int, side: int) -> bool:
    """Whether the guard forbids quotes on a side.

    Orders that reduce the position are stopped by a shock only.
    """
    if time < maker.shock_until:
        return True
    scale = min(1.0, maker.design.house_sigma_bps / volatility_bps(maker))
    if side * maker.position > maker.house_exposure_lots * scale:
        return True
    moved = side * (maker.position - maker.position_slow)
    return bool(moved > maker.house_speed_lots * scale)

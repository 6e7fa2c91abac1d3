"""The rescue: a maker that holds too much sells some of it as a taker, where that pays."""

from __future__ import annotations

import math

from pytest_soak.market.kernel import guards
from pytest_soak.market.kernel import venue as v
from pytest_soak.market.kernel.jit import Record, kernel_function
from pytest_soak.market.kernel.state import BUY, NONE, SELL

HORIZON_S = 60.0  # to work off a position of `rescue_start` passively
TOLERANCE_BPS = 1.0  # beyond the touch


@kernel_function
def rescue(world: Record, time: int, market: Record) -> None:
    """Send an immediate-or-cancel order against the position, if one is due and worth its cost."""
    maker = world.maker
    parameters = maker.parameters
    limit = parameters.position_limit_notional / (world.instrument.lot_tick_quote * world.mid)
    share = abs(maker.position) / limit
    if share > maker.design.rescue_start:
        maker.rescuing = 1
    elif share < maker.design.rescue_stop:
        maker.rescuing = 0
    lots = int(parameters.rescue_max_ratio * abs(maker.position))
    if maker.rescuing == 0 or maker.rescue_in_flight != 0 or time < maker.rescue_ready_at:
        return
    if lots < 1 or maker.in_flight >= parameters.concurrency_limit:
        return
    if _has_taken_its_share(maker):
        return
    if _edge_bps(world, market, share) <= parameters.rescue_min_edge_bps:
        return
    side = SELL if maker.position > 0 else BUY
    touch = market.ask if side > 0 else market.bid
    price = touch + side * math.ceil(TOLERANCE_BPS * world.ticks_per_bps)
    v.send(world, time, v.TAKE, side, price, lots, NONE, world.mid)
    maker.rescue_in_flight = 1
    maker.in_flight += 1
    maker.rescue_ready_at = time + int(parameters.rescue_cooldown_ms * 1000.0)


@kernel_function
def _has_taken_its_share(maker: Record) -> bool:
    """Whether the cap on the taker's share of the volume forbids to take more."""
    flags = maker.flags
    share = flags.taker_cap_max_taker_share_pct / 100.0
    volume = maker.taker_volume + maker.maker_volume
    return bool(flags.taker_cap_enabled != 0 and maker.taker_volume >= share * volume)


@kernel_function
def _edge_bps(world: Record, market: Record, share: float) -> float:
    """Return by how much the risk of holding exceeds the cost of taking, in bps.

    Risk: so many standard deviations of the mid over the time that working the position off
    passively takes, which grows with its size, and the loss that the maker's signal foresees.
    Cost: half the spread and the taker's fee.
    """
    sigma = guards.volatility_bps(world.maker)
    risk = (
        world.maker.design.risk_aversion
        * sigma
        * math.sqrt(HORIZON_S * share / world.maker.design.rescue_start)
    )
    cost = 0.5 * (market.ask - market.bid) / world.ticks_per_bps + world.instrument.taker_fee * 1e4
    foreseen = world.maker.signal_bps + world.maker.design.rescue_flow_bps * market.flow
    foreseen = -foreseen if world.maker.position > 0 else foreseen
    return risk + foreseen - cost

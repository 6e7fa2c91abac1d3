"""What the reference maker wants to quote, and the refusals between the wish and the order."""

from __future__ import annotations

import math

import numpy as np

from pytest_soak.market.kernel import auto_spread, guards, queue_eta
from pytest_soak.market.kernel import venue as v
from pytest_soak.market.kernel.jit import Record, kernel_function, numbers
from pytest_soak.market.kernel.state import NONE, SLOTS
from pytest_soak.market.kernel.tape import put_block

MIN_INTERVAL, CONCURRENCY, RISK, INVENTORY, THROTTLE, DEADLINE = numbers(6)
"""Places in `observation.columns.BLOCK_REASONS`."""

BUCKET_DEPTH = 2.0
MIN_LOTS = 1
SEND_US = 8_000  # of the maker's own time for each request, where it does not send them as a batch


@kernel_function
def on_feed_change(world: Record, tape: Record, time: int, mid: float) -> None:
    """Count the quote changes that a new mid asks for while the interval has not passed."""
    maker = world.maker
    if time >= maker.cycle_started:
        return
    for place in range(SLOTS):
        slot = maker.slots[place]
        if slot.handle == NONE or slot.in_flight != 0:
            continue
        price = slot.price + round(mid - slot.quoted_mid)
        if _should_change(world, slot, time, price):
            _intend(world, slot, price)
            _stop(tape, time, slot, MIN_INTERVAL)


@kernel_function
def _reprice_ticks(world: Record, slot: Record) -> float:
    """Return how far a quote may lie from where it should before it is moved."""
    design = world.maker.design
    inner = slot.level == 0
    return (design.reprice_bps if inner else design.outer_reprice_bps) * world.ticks_per_bps


@kernel_function
def _intend(world: Record, slot: Record, price: int) -> None:
    """Count an intended change: once while it stands within the repricing threshold."""
    maker = world.maker
    near = abs(price - slot.intent_price) < _reprice_ticks(world, slot)
    if slot.intent_open and near:
        return
    slot.intent_open = 1
    slot.intent_price = price
    slot.intent_reasons = 0
    maker.intended_changes += 1


@kernel_function
def _stop(tape: Record, time: int, slot: Record, reason: int) -> None:
    """Count and record a refusal, once a reason for the same intended change."""
    bit = 1 << reason
    if slot.intent_reasons & bit == 0:
        slot.intent_reasons |= bit
        put_block(tape, time, reason, slot.side, slot.level)


@kernel_function
def requote(world: Record, tape: Record, time: int, market: Record, late: bool) -> int:
    """Bring each quote to where the maker wants it, as far as it may; return the requests sent."""
    maker = world.maker
    parameters = maker.parameters
    design = maker.design
    limit = parameters.position_limit_notional / (world.instrument.lot_tick_quote * world.mid)
    lean = maker.position / limit
    foreseen = maker.signal_bps + design.flow_bps * market.flow
    center = market.mid + (foreseen - design.skew_bps * lean) * world.ticks_per_bps
    half = (design.base_half_bps + design.half_per_sigma * guards.volatility_bps(maker)) * (
        1.0 + parameters.base_spread_bps_delta
    )
    if maker.flags.auto_spread_enabled != 0:
        half *= auto_spread.factor(maker)
    filled = (time - maker.tokens_at) * parameters.replace_rate_per_min / 60e6
    maker.tokens = min(BUCKET_DEPTH, maker.tokens + filled)
    maker.tokens_at = time
    bid_lots = np.int64(0)
    ask_lots = np.int64(0)
    sent = 0
    for place in range(SLOTS):
        slot = maker.slots[place]
        side = slot.side
        distance = (half + slot.level * design.level_gap_bps) * world.ticks_per_bps
        price = math.floor(center - distance) if side > 0 else math.ceil(center + distance)
        if queue_eta.is_too_long(maker, market, slot, price):
            price += side
        price = min(price, market.ask - 1) if side > 0 else max(price, market.bid + 1)
        already = bid_lots if side > 0 else ask_lots
        lots = wanted_lots(maker, side, limit, lean, already)
        blocked = guards.stops(maker, time, side)
        if slot.level == 0:
            if side > 0:
                maker.bid_blocked = blocked
            else:
                maker.ask_blocked = blocked
        if lots >= MIN_LOTS and not blocked:
            if side > 0:
                bid_lots += lots
            else:
                ask_lots += lots
        maker.sends_at = (
            time if maker.flags.async_batch_enabled != 0 else time + (sent + 1) * SEND_US
        )
        sent += _bring(world, tape, time, slot, price, lots, market.mid, blocked, late)
    return sent


@kernel_function
def wanted_lots(maker: Record, side: int, limit: float, lean: float, already: int) -> int:
    """Return the size of a quote in lots, 0 or less where the maker wants none.

    A share of the visible depth, less on the side that adds to the position, and never so much
    that its fills would pass the position limit or move the position faster than
    `max_delta_ratio` of it within 6 s.
    """
    parameters = maker.parameters
    wish = parameters.impact_cap_ratio * maker.design.depth_share * maker.depth
    if side * lean > 0.0:
        wish *= 1.0 - min(1.0, abs(lean))
    room = parameters.max_delta_ratio * limit - side * (maker.position - maker.position_slow)
    room = min(room, limit - side * maker.position)
    return math.floor(min(wish, room - already))


@kernel_function
def _bring(
    world: Record,
    tape: Record,
    time: int,
    slot: Record,
    price: int,
    lots: int,
    mid: float,
    blocked: bool,
    late: bool,
) -> int:
    """Bring one quote to its price, if it should change and may; return the requests sent."""
    if slot.in_flight != 0:
        return 0
    resting = slot.handle != NONE
    forbidden = blocked or lots < MIN_LOTS
    if not forbidden and resting and not _should_change(world, slot, time, price):
        slot.intent_open = 0
        return 0
    if not (forbidden and resting and not _should_change(world, slot, time, price)):
        _intend(world, slot, price)
    if late:
        _stop(tape, time, slot, DEADLINE)
        return 0
    if forbidden:
        if slot.intent_open:
            _stop(tape, time, slot, INVENTORY if lots < MIN_LOTS else RISK)
        if resting:
            _send(world, slot, v.CANCEL, price, lots)
            return 1
        return 0
    return _pass_limits(world, tape, time, slot, price, lots, mid)


@kernel_function
def _should_change(world: Record, slot: Record, time: int, price: int) -> bool:
    """Whether a quote is worth its place in the queue no more.

    One that is too near is moved at once, an inner one that is too far when it has aged.
    """
    too_near = slot.side * (slot.price - price)
    reach = _reprice_ticks(world, slot)
    if slot.level != 0:
        return bool(abs(too_near) >= reach)
    aged = time - slot.quoted_at >= world.maker.parameters.tail_age_ms * 1000.0
    return bool(too_near >= reach or (too_near < 0 and aged))


@kernel_function
def _pass_limits(
    world: Record, tape: Record, time: int, slot: Record, price: int, lots: int, mid: float
) -> int:
    """Send a quote unless too many requests are under way or the bucket is empty."""
    maker = world.maker
    if maker.in_flight >= maker.parameters.concurrency_limit:
        _stop(tape, time, slot, CONCURRENCY)
        return 0
    if maker.tokens < 1.0:
        _stop(tape, time, slot, THROTTLE)
        return 0
    maker.tokens -= 1.0
    _send(world, slot, v.PLACE if slot.handle == NONE else v.REPLACE, price, lots)
    slot.quoted_mid = mid
    slot.intent_open = 0
    return 1


@kernel_function
def _send(world: Record, slot: Record, kind: int, price: int, lots: int) -> None:
    at = world.maker.sends_at
    slot.pending = v.send(world, at, kind, slot.side, price, lots, slot.handle, world.mid)
    slot.cancelling = slot.handle
    slot.in_flight = 1
    world.maker.in_flight += 1

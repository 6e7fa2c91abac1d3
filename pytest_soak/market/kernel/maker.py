"""The reference market maker: a loop that fetches market data and requotes two levels a side.

It sees the book only through snapshots and its account only through reports, both late. It polls
its orders' status in each cycle, as bots do that do not trust their stream alone: a poll weighs a
tenth of a message at the venue, which is why a shorter interval costs latency.

Cold start, an explicit property of this bot: its fair value is the mid plus a signal that it fits
over `signal_window_us`. Until that window is full the bot trusts the signal too much, and what it
trusts is noise (an Ornstein-Uhlenbeck process); afterwards it has learnt to give it no weight.
"""

from __future__ import annotations

import math

from pytest_soak.market.kernel import auto_spread, breaker, guards, queue_eta, rng
from pytest_soak.market.kernel import venue as v
from pytest_soak.market.kernel.account import MAKER
from pytest_soak.market.kernel.jit import Record, kernel_function
from pytest_soak.market.kernel.market_data import number_at, snapshot
from pytest_soak.market.kernel.quoting import SEND_US, on_feed_change, requote
from pytest_soak.market.kernel.rescue import rescue
from pytest_soak.market.kernel.schedule import MAKER_CYCLE, push
from pytest_soak.market.kernel.state import NONE, REPORTS, SLOTS
from pytest_soak.market.kernel.tape import put_ack, put_tick

CACHE_TTL_US = 300_000
HIT_MEDIAN_US = 2_200.0
MISS_MEDIAN_US = 26_000.0
FETCH_LOG_SD = 0.25
COMPUTE_MEDIAN_US = 6_000.0
COMPUTE_LOG_SD = 0.4
STALL_MIN_US = 30_000.0
STALL_TAIL = 1.3  # Pareto exponent
STAGE_WAIT_US = 18_000  # in which the stages wait for one another without a pipeline
TRACE_US = 3_000
DEADLINE_US = 200_000

DEPTH_S = 10.0
SIGNAL_SD_BPS = 7.0
SIGNAL_S = 15.0
SHARE_S = 3600.0

_DEPTH_STEP = 1.0 - math.exp(-1.0 / DEPTH_S)
_SIGNAL_KEEP = math.exp(-1.0 / SIGNAL_S)
_SIGNAL_NOISE = SIGNAL_SD_BPS * math.sqrt(1.0 - _SIGNAL_KEEP**2)
_SHARE_KEEP = math.exp(-1.0 / SHARE_S)


@kernel_function
def start_maker(world: Record, time: int) -> None:
    """Begin the loop, knowing the market as it is now."""
    maker = world.maker
    maker.second_mid = world.mid
    maker.depth = snapshot(world, world.venue.feed_number).depth
    maker.cached_at = -CACHE_TTL_US
    maker.cycle_number = 0
    maker.tokens_at = time
    maker.decided_at = time
    maker.tokens = 0.0
    _plan_cycle(world, time)


@kernel_function
def _plan_cycle(world: Record, starts: int) -> None:
    """Draw how long the cycle that starts at `starts` takes to its decision, and on what data."""
    maker = world.maker
    flags = maker.flags
    maker.cycle_number += 1
    number = maker.cycle_number
    hit = flags.md_cache_enabled != 0 and _cache_holds(world, starts)
    fetch = rng.lognormal(
        world.keys[rng.FETCH], number, HIT_MEDIAN_US if hit else MISS_MEDIAN_US, FETCH_LOG_SD
    )
    if not hit:
        maker.cached_snapshot = number_at(starts + int(0.5 * fetch))
        maker.cached_at = starts
    key = world.keys[rng.COMPUTE]
    draw = number * rng.DRAWS_PER_EVENT
    compute = rng.lognormal(key, draw, COMPUTE_MEDIAN_US, COMPUTE_LOG_SD)
    if rng.uniform(key, draw + 1) < maker.design.stall_chance:
        compute += STALL_MIN_US * rng.uniform(key, draw + 2) ** (-1.0 / STALL_TAIL)
    if flags.trace_enabled != 0 and rng.uniform(key, draw + 3) < flags.trace_sample_rate:
        compute += TRACE_US
    maker.cycle_started = starts
    maker.cycle_fetch_us = int(fetch)
    maker.cycle_compute_us = int(min(compute, 1e7))
    maker.cycle_wait_us = 0 if flags.pipeline_enabled != 0 else STAGE_WAIT_US
    maker.cycle_hit = hit
    spent = maker.cycle_fetch_us + maker.cycle_compute_us + maker.cycle_wait_us
    maker.cycle_decides = starts + spent
    push(world.schedule, maker.cycle_decides, MAKER_CYCLE, NONE, number)


@kernel_function
def _cache_holds(world: Record, time: int) -> bool:
    """Whether the cached book may still be used: not too old, nor overtaken by the stream."""
    maker = world.maker
    if time - maker.cached_at >= CACHE_TTL_US:
        return False
    moved = (
        snapshot(world, world.venue.feed_number).mid - snapshot(world, maker.cached_snapshot).mid
    )
    return bool(abs(moved) < maker.design.reprice_bps * world.ticks_per_bps)


@kernel_function
def on_cycle(world: Record, tape: Record, time: int) -> None:
    """Decide on the fetched data, send what the guards let through, plan the next cycle."""
    maker = world.maker
    late = time - maker.cycle_started > DEADLINE_US
    v.count_messages(world.venue, time, v.POLL_WEIGHT)
    guards.on_cycle(world, time)
    market = snapshot(world, maker.cached_snapshot)
    sent = 0
    if breaker.lets_through(maker, time):
        if not late:
            rescue(world, time, market)
        sent = requote(world, tape, time, market, late)
    interval = int(maker.parameters.min_interval_ms * 1000.0)
    send_us = 0 if maker.flags.async_batch_enabled != 0 else sent * SEND_US
    put_tick(
        tape,
        time,
        maker.cycle_fetch_us,
        maker.cycle_compute_us,
        maker.cycle_wait_us,
        send_us,
        maker.cycle_hit,
        time + send_us - maker.cycle_started > DEADLINE_US,
    )
    _plan_cycle(world, max(maker.cycle_started + interval, time + send_us))


@kernel_function
def on_pulse(world: Record, tape: Record, time: int) -> None:
    """Notice in the stream that a quote should change while the loop must still wait."""
    market = snapshot(world, world.venue.feed_number)
    on_feed_change(world, tape, time, market.mid)


@kernel_function
def on_second(world: Record, time: int) -> None:
    """Update the estimates of volatility and depth, the signal and the taker share."""
    maker = world.maker
    market = snapshot(world, world.venue.feed_number)
    change = (market.mid - maker.second_mid) / world.ticks_per_bps
    guards.watch_shock(maker, time, change)
    step = 1.0 - 0.5 ** (1.0 / maker.design.volatility_half_life_s)
    maker.variance += step * (change * change - maker.variance)
    maker.second_mid = market.mid
    maker.depth += _DEPTH_STEP * (market.depth - maker.depth)
    auto_spread.on_second(maker)
    queue_eta.on_second(maker, market)
    maker.maker_volume *= _SHARE_KEEP
    maker.taker_volume *= _SHARE_KEEP
    if time < maker.flags.signal_until:
        noise = rng.normal(world.keys[rng.SIGNAL], time // 1_000_000)
        maker.signal_bps = _SIGNAL_KEEP * maker.signal_bps + _SIGNAL_NOISE * noise
    else:
        maker.signal_bps = 0.0


@kernel_function
def on_report(world: Record, tape: Record, time: int) -> None:
    """Learn of the next report: an answer to a request, or a fill."""
    venue = world.venue
    maker = world.maker
    row = venue.reports[venue.report_head & (REPORTS - 1)]
    venue.report_head += 1
    if row.request != NONE:
        put_ack(tape, time, time - row.sent)
        maker.in_flight -= 1
        breaker.on_answer(maker, tape, time, row)
    if row.kind == v.FILLED:
        _on_fill(world, row)
    elif row.request == v.TAKE:
        maker.rescue_in_flight = 0
    else:
        _on_answer(maker, time, row)


@kernel_function
def _on_fill(world: Record, row: Record) -> None:
    maker = world.maker
    maker.position += row.side * row.quantity
    volume = row.quantity * row.price * world.instrument.lot_tick_quote
    maker.second_volume += volume
    if row.maker == MAKER:
        maker.maker_volume += volume
    else:
        maker.taker_volume += volume
    for place in range(SLOTS):
        slot = maker.slots[place]
        if slot.handle == row.handle:
            slot.quantity -= row.quantity
            if slot.quantity <= 0:
                slot.handle = NONE


@kernel_function
def _on_answer(maker: Record, time: int, row: Record) -> None:
    for place in range(SLOTS):
        slot = maker.slots[place]
        if row.request == v.CANCEL or row.request == NONE:
            if slot.handle == row.handle and row.reason != v.UNAVAILABLE:
                slot.handle = NONE
            if row.request == v.CANCEL and slot.cancelling == row.handle:
                slot.in_flight = 0
        elif slot.pending == row.handle:
            slot.in_flight = 0
            slot.pending = NONE
            if row.reason != v.UNAVAILABLE:  # what was to be replaced rests as before
                slot.handle = NONE
            if row.kind == v.ACCEPTED:
                slot.handle = row.handle
                slot.price = row.price
                slot.quantity = row.quantity
                slot.quoted_at = time

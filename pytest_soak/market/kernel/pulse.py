"""What happens on the market's grid of 25 ms: the efficient price moves and the crowd reacts."""

from __future__ import annotations

import math

from pytest_soak.market.kernel import rng
from pytest_soak.market.kernel.book import level_at, remove
from pytest_soak.market.kernel.jit import Record, kernel_function, number
from pytest_soak.market.kernel.market_data import PULSE_US
from pytest_soak.market.kernel.matching import take
from pytest_soak.market.kernel.state import BUY, CROWD, NONE, SELL

PULSE_S = PULSE_US * 1e-6
PULSES_PER_SECOND = 1_000_000 // PULSE_US
LAG_S = 0.05
VOLATILITY_S = 1800.0
PULL_DISTANCE_BPS = 2.6
PULL_S = 0.060
SNIPE_EDGE_BPS = 0.5
SNIPE_RATE = 20.0  # 1/s
ANY_QUANTITY = number(1 << 40)

_LAG_STEP = 1.0 - math.exp(-PULSE_S / LAG_S)
_PULL_CHANCE = 1.0 - math.exp(-PULSE_S / PULL_S)
_SNIPE_CHANCE = 1.0 - math.exp(-PULSE_S * SNIPE_RATE)
_VOLATILITY_KEEP = math.exp(-1.0 / VOLATILITY_S)
_VOLATILITY_NOISE = math.sqrt(1.0 - _VOLATILITY_KEEP**2)


@kernel_function
def plan_episode(world: Record) -> None:
    """Draw whether, when and how long a spike episode happens in the window, and its gap."""
    window = world.window
    flow = world.flow
    key = world.keys[rng.REGIME]
    length = window.end - window.start
    flow.episode_start = window.end
    flow.episode_end = window.end
    flow.gap_at = window.end
    flow.gap_ticks = 0.0
    chance = 1.0 - (1.0 - window.spike_chance) ** (length / 3.6e9)
    if rng.uniform(key, rng.EPISODE_DRAW) >= chance:
        return
    duration = min(int(420e6 * (0.5 + rng.uniform(key, rng.EPISODE_LENGTH_DRAW))), length)
    flow.episode_start = window.start + int(
        rng.uniform(key, rng.EPISODE_START_DRAW) * (length - duration)
    )
    flow.episode_end = flow.episode_start + duration
    if rng.uniform(key, rng.GAP_DRAW) < 0.35:
        sign = 1.0 if rng.uniform(key, rng.GAP_SIGN_DRAW) < 0.5 else -1.0
        flow.gap_at = flow.episode_start + int(rng.uniform(key, rng.GAP_TIME_DRAW) * duration)
        flow.gap_ticks = sign * window.gap_bps * world.ticks_per_bps


@kernel_function
def on_pulse(world: Record, tape: Record, time: int) -> None:
    """Move the efficient price, let stale quotes be pulled and be sniped."""
    flow = world.flow
    flow.pulse_number += 1
    _follow_episode(world, time)
    _move_price(world, time)
    reach = PULL_DISTANCE_BPS * world.ticks_per_bps
    _pull(world, BUY, flow.efficient - reach)
    _pull(world, SELL, flow.efficient + reach)
    _snipe(world, tape, time)


@kernel_function
def _follow_episode(world: Record, time: int) -> None:
    flow = world.flow
    was = flow.active
    flow.active = 1 if flow.episode_start <= time < flow.episode_end else 0
    if flow.active == 1 and was == 0:
        world.window.spike_count += 1
    if time >= flow.gap_at and flow.gap_ticks != 0.0:
        flow.efficient += flow.gap_ticks
        flow.gap_ticks = 0.0
        world.window.gap_events += 1


@kernel_function
def _move_price(world: Record, time: int) -> None:
    flow = world.flow
    regime = flow.regimes[flow.active]
    number = flow.pulse_number
    if number % PULSES_PER_SECOND == 1:
        noise = rng.normal(world.keys[rng.REGIME], 8 + number)
        flow.log_volatility = (
            _VOLATILITY_KEEP * flow.log_volatility + _VOLATILITY_NOISE * regime.sigma_log_sd * noise
        )
        flow.sigma_bps = regime.sigma_bps * math.exp(flow.log_volatility)
    step = flow.sigma_bps * math.sqrt(PULSE_S) * rng.normal(world.keys[rng.DIFFUSION], number)
    key = world.keys[rng.JUMP]
    if rng.uniform(key, 2 * number) < regime.jump_rate * PULSE_S:
        step += regime.jump_bps * rng.normal(key, 2 * number + 1)
    flow.efficient += step * world.ticks_per_bps
    flow.efficient_lagged += _LAG_STEP * (flow.efficient - flow.efficient_lagged)


@kernel_function
def _pull(world: Record, side: int, beyond: float) -> None:
    """Let the crowd withdraw orders of a side that lie closer to the efficient price than `beyond`.

    Each order's draw hangs on its own birth number, so what the agent does to the book cannot
    reach the draws.
    """
    book = world.book
    count = book.bid_volume if side > 0 else book.ask_volume
    if count == 0:
        return
    price = book.best_bid if side > 0 else book.best_ask
    crowd = count
    while crowd > 0 and side * (price - beyond) > 0.0:
        level = level_at(book, price)
        crowd -= level.volume - level.agent_volume
        place = level.head
        while place != NONE:
            order = book.orders[place]
            following = order.next
            if order.owner == CROWD:
                own = rng.derive(world.keys[rng.PULL], order.reference)
                if rng.uniform(own, world.flow.pulse_number) < _PULL_CHANCE:
                    remove(book, place)
            place = following
        price -= side


@kernel_function
def _snipe(world: Record, tape: Record, time: int) -> None:
    """Let fast traders take every quote that the efficient price has run through."""
    flow = world.flow
    book = world.book
    edge = SNIPE_EDGE_BPS * world.ticks_per_bps
    if book.ask_orders > 0 and book.best_ask < flow.efficient - edge:
        side = BUY
        limit = math.ceil(flow.efficient - edge) - 1
    elif book.bid_orders > 0 and book.best_bid > flow.efficient + edge:
        side = SELL
        limit = math.floor(flow.efficient + edge) + 1
    else:
        return
    if rng.uniform(world.keys[rng.SNIPE], flow.pulse_number) < _SNIPE_CHANCE:
        take(world, tape, time, side, limit, ANY_QUANTITY, NONE, 0.0)

"""What happens on the market's grid of 25 ms: prices move and the crowd reacts."""

from __future__ import annotations

import math

from pytest_soak.market.kernel import rng
from pytest_soak.market.kernel.book import level_at, remove
from pytest_soak.market.kernel.flow import set_volatility
from pytest_soak.market.kernel.jit import Record, kernel_function, number
from pytest_soak.market.kernel.market_data import PULSE_US
from pytest_soak.market.kernel.matching import take
from pytest_soak.market.kernel.state import BUY, CROWD, NONE, SELL

PULSE_S = PULSE_US * 1e-6
PULSES_PER_SECOND = 1_000_000 // PULSE_US
ANY_QUANTITY = number(1 << 40)
MOST_JUMPS = 20.0  # times their rate at a volatility of 1


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
    """Let prices move, the crowd calm down, stale quotes be pulled and be sniped."""
    flow = world.flow
    flow.pulse_number += 1
    _follow_episode(world, time)
    _move_prices(world, time)
    flow.bid_caution_bps *= flow.steps.caution_keep
    flow.ask_caution_bps *= flow.steps.caution_keep
    crowd = flow.crowd
    near = crowd.pull_distance * flow.distance_bps
    reach = (near + crowd.pull_caution * flow.bid_caution_bps) * world.ticks_per_bps
    _pull(world, BUY, flow.consensus - reach)
    reach = (near + crowd.pull_caution * flow.ask_caution_bps) * world.ticks_per_bps
    _pull(world, SELL, flow.consensus + reach)
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
        flow.consensus += flow.gap_ticks
        flow.gap_ticks = 0.0
        world.window.gap_events += 1


@kernel_function
def _move_prices(world: Record, time: int) -> None:
    """Move both prices by public news, and the consensus toward what the informed know."""
    flow = world.flow
    steps = flow.steps
    regime = flow.regimes[flow.active]
    number = flow.pulse_number
    if number % PULSES_PER_SECOND == 1:
        key = world.keys[rng.REGIME]
        flow.slow = steps.slow_keep * flow.slow + steps.slow_noise * rng.normal(key, 8 + number)
        flow.fast = steps.fast_keep * flow.fast + steps.fast_noise * rng.normal(key, 9 + number)
        set_volatility(flow)
    news = regime.sigma_bps * flow.volatility * math.sqrt(PULSE_S)
    news *= rng.normal(world.keys[rng.DIFFUSION], number)
    news = (news + _jump_bps(world, number)) * world.ticks_per_bps
    flow.efficient += news
    flow.consensus += news + steps.learn * (flow.efficient - flow.consensus)
    flow.consensus_lagged += steps.lag * (flow.consensus - flow.consensus_lagged)


@kernel_function
def _jump_bps(world: Record, number: int) -> float:
    """Return the jump of this pulse, mostly none; it draws takers."""
    flow = world.flow
    crowd = flow.crowd
    regime = flow.regimes[flow.active]
    key = world.keys[rng.JUMP]
    draw = 4 * number
    chance = rng.uniform(key, draw) / PULSE_S
    if chance >= MOST_JUMPS * regime.jump_rate:
        return 0.0
    if chance >= regime.jump_rate * math.exp(crowd.jump_power * (flow.slow + flow.fast)):
        return 0.0
    takers = min(rng.exponential(key, draw + 3), crowd.jump_excitation_cap)
    flow.excitation += crowd.jump_excitation * takers
    scale = regime.jump_bps * math.exp(crowd.jump_log_sd * rng.normal(key, draw + 1))
    return float(scale * rng.normal(key, draw + 2))


@kernel_function
def _pull(world: Record, side: int, beyond: float) -> None:
    """Let the crowd withdraw orders of a side that lie beyond the price `beyond`.

    Each order's draw hangs on its own birth number, so what the agent does to the book cannot
    reach the draws.
    """
    book = world.book
    count = book.bid_volume if side > 0 else book.ask_volume
    if count == 0:
        return
    price = book.best_bid if side > 0 else book.best_ask
    crowd = count
    chance = world.flow.steps.pull_chance
    while crowd > 0 and side * (price - beyond) > 0.0:
        level = level_at(book, price)
        crowd -= level.volume - level.agent_volume
        place = level.head
        while place != NONE:
            order = book.orders[place]
            following = order.next
            if order.owner == CROWD:
                own = rng.derive(world.keys[rng.PULL], order.reference)
                if rng.uniform(own, world.flow.pulse_number) < chance:
                    remove(book, place)
            place = following
        price -= side


@kernel_function
def _snipe(world: Record, tape: Record, time: int) -> None:
    """Let a fast trader take every quote that both prices have run through."""
    flow = world.flow
    book = world.book
    edge = flow.crowd.snipe_edge_bps * world.ticks_per_bps
    low = min(flow.efficient, flow.consensus) - edge
    high = max(flow.efficient, flow.consensus) + edge
    if book.ask_orders > 0 and book.best_ask < low:
        side = BUY
        limit = math.ceil(low) - 1
    elif book.bid_orders > 0 and book.best_bid > high:
        side = SELL
        limit = math.floor(high) + 1
    else:
        return
    if rng.uniform(world.keys[rng.SNIPE], flow.pulse_number) < flow.steps.snipe_chance:
        take(world, tape, time, side, limit, ANY_QUANTITY, NONE, 0.0)

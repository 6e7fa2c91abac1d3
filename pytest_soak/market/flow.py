"""The exogenous flow: limit orders, market orders and the efficient price they know about.

The efficient price diffuses with a volatility that wanders, jumps, and moves on the surprise in
the sign of market orders, so that it stays a martingale although signs are autocorrelated
(Lillo and Farmer 2004, "The long memory of the efficient market").
"""

from __future__ import annotations

import math

from pytest_soak.market import rng
from pytest_soak.market.book import add, is_marketable
from pytest_soak.market.jit import Record, kernel_function, number
from pytest_soak.market.matching import take
from pytest_soak.market.schedule import CROWD_EXPIRY, push
from pytest_soak.market.state import CROWD, NEVER, NONE

LIMIT_RATE = 50.0  # 1/s
LIMIT_OFFSET_BPS = 2.8  # from the lagged efficient price, at the calm volatility
LIMIT_OFFSET_PER_SIGMA = 0.5
LIMIT_SCALE_BPS = 1.5
LIMIT_SIGMA_BPS = 0.6
LIMIT_MEDIAN_LOTS = 12.0
LIMIT_LOG_SD = 0.8
LIFETIME_S = 2.4
LIFETIME_NEAR = 0.4
LIFETIME_PER_BPS = 0.15

MARKET_MEDIAN_LOTS = 28.0
MARKET_LOG_SD = 1.2
MARKET_CAP = 12.0  # of the median
MARKET_EXCITATION = 0.9  # 1/s added by each market order
MARKET_DECAY = 2.0  # 1/s
SAME_SIGN = 0.62
INFORMED_SHARE = 0.30
INFORMED_SCALE_BPS = 0.5
ANY_PRICE = number(1 << 60)


@kernel_function
def start_flow(world: Record, time: int) -> None:
    """Draw the state in which the flow enters a window, and its first arrivals.

    Volatility, trading intensity and the last sign are drawn afresh from where they settle, so an
    iteration's market depends on (seed, iteration) alone; price, book and orders carry over.
    """
    flow = world.flow
    key = world.keys[rng.REGIME]
    regime = flow.regimes[flow.active]
    flow.log_volatility = regime.sigma_log_sd * rng.normal(key, rng.VOLATILITY_DRAW)
    flow.sigma_bps = regime.sigma_bps * math.exp(flow.log_volatility)
    flow.excitation = regime.market_rate * MARKET_EXCITATION / (MARKET_DECAY - MARKET_EXCITATION)
    flow.last_sign = 1.0 if rng.uniform(key, rng.LAST_SIGN_DRAW) < 0.5 else -1.0
    flow.limit_number = 0
    flow.market_number = 0
    flow.pulse_number = 0
    flow.next_limit = time + 1
    _schedule_market(world, time)


@kernel_function
def _lots(draw: float) -> int:
    return max(1, int(draw + 0.5))


@kernel_function
def on_limit(world: Record, tape: Record, time: int) -> None:
    """Let the next limit order of the crowd arrive, and schedule its end and its successor."""
    flow = world.flow
    key = world.keys[rng.LIMIT]
    number = flow.limit_number
    flow.limit_number += 1
    draw = number * rng.DRAWS_PER_EVENT
    flow.next_limit = time + 1 + int(rng.exponential(key, draw) * (1e6 / LIMIT_RATE))
    side = 1 if rng.uniform(key, draw + 1) < 0.5 else -1
    offset = LIMIT_OFFSET_BPS + LIMIT_OFFSET_PER_SIGMA * max(0.0, flow.sigma_bps - LIMIT_SIGMA_BPS)
    distance = offset + LIMIT_SCALE_BPS * rng.exponential(key, draw + 2)
    lots = _lots(rng.lognormal(key, draw + 3, LIMIT_MEDIAN_LOTS, LIMIT_LOG_SD))
    mean_life = LIFETIME_S * (LIFETIME_NEAR + LIFETIME_PER_BPS * distance)
    life = 1 + int(rng.exponential(key, draw + 4) * mean_life * 1e6)
    exact = flow.efficient_lagged - side * distance * world.ticks_per_bps
    price = math.floor(exact + 0.5)
    if is_marketable(world.book, side, price):
        lots = take(world, tape, time, side, price, lots, NONE, 0.0)
    if lots > 0:
        birth = (world.window.iteration << 40) + number
        place = add(world.book, time, side, price, lots, CROWD, birth)
        push(world.schedule, time + life, CROWD_EXPIRY, place, birth)


@kernel_function
def on_market(world: Record, tape: Record, time: int) -> None:
    """Let the next market order of the crowd arrive, move the efficient price, draw its successor.

    Sign: an informed trader buys with the probability of a logistic choice on how far the mid lies
    below the efficient price; any other repeats the last sign with probability SAME_SIGN.
    """
    flow = world.flow
    regime = flow.regimes[flow.active]
    key = world.keys[rng.MARKET]
    draw = flow.market_number * rng.DRAWS_PER_EVENT
    edge = (flow.efficient - _public_mid(world)) / world.ticks_per_bps
    informed_buys = 1.0 / (1.0 + math.exp(-2.0 * edge / INFORMED_SCALE_BPS))
    others_buy = 0.5 + (SAME_SIGN - 0.5) * flow.last_sign
    buys = INFORMED_SHARE * informed_buys + (1.0 - INFORMED_SHARE) * others_buy
    sign = 1 if rng.uniform(key, draw) < buys else -1
    size = MARKET_MEDIAN_LOTS * min(math.exp(MARKET_LOG_SD * rng.normal(key, draw + 1)), MARKET_CAP)
    take(world, tape, time, sign, sign * ANY_PRICE, _lots(size), NONE, 0.0)
    if rng.uniform(key, draw + 2) < regime.impact_probability:
        jump = regime.impact_bps * rng.exponential(key, draw + 3)
        jump *= min(math.sqrt(size / MARKET_MEDIAN_LOTS), 3.0)
        flow.efficient += jump * (sign - (2.0 * buys - 1.0)) * world.ticks_per_bps
    flow.last_sign = sign
    flow.excitation += MARKET_EXCITATION
    flow.market_number += 1
    _schedule_market(world, time)


@kernel_function
def _public_mid(world: Record) -> float:
    book = world.book
    if book.bid_orders == 0 or book.ask_orders == 0:
        return float(world.mid)
    return 0.5 * (book.best_bid + book.best_ask)


@kernel_function
def _schedule_market(world: Record, time: int) -> None:
    """Draw the time to the next event of a Hawkes process with exponential decay, exactly.

    Dassios and Zhao (2013), "Exact simulation of Hawkes process with exponentially decaying
    intensity": the earlier of a draw from the excitation, which may never come, and one from the
    baseline.
    """
    flow = world.flow
    key = world.keys[rng.MARKET]
    draw = flow.market_number * rng.DRAWS_PER_EVENT
    wait = rng.exponential(key, draw + 4) / flow.regimes[flow.active].market_rate
    left = 1.0 - MARKET_DECAY * rng.exponential(key, draw + 5) / flow.excitation
    if left > 0.0:
        wait = min(wait, -math.log(left) / MARKET_DECAY)
    flow.excitation *= math.exp(-MARKET_DECAY * wait)
    flow.next_market = min(time + 1 + int(wait * 1e6), NEVER - 1)

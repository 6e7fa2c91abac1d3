"""The exogenous flow: limit orders, market orders and the efficient price they know about.

The efficient price diffuses with a volatility that wanders, jumps, and moves on the surprise in
the sign of market orders, so that it stays a martingale although signs are autocorrelated
(Lillo and Farmer 2004, "The long memory of the efficient market").
"""

from __future__ import annotations

import math

from pytest_soak.market.kernel import rng
from pytest_soak.market.kernel.book import add, is_marketable
from pytest_soak.market.kernel.jit import Record, kernel_function
from pytest_soak.market.kernel.matching import take
from pytest_soak.market.kernel.schedule import CROWD_EXPIRY, push
from pytest_soak.market.kernel.state import CROWD, METAORDERS, NEVER, NONE

LIMIT_RATE = 50.0  # 1/s
LIMIT_OFFSET_BPS = 2.8  # from the lagged efficient price, at the calm volatility
LIMIT_OFFSET_PER_SIGMA = 0.25
LIMIT_SCALE_BPS = 1.5
LIMIT_SIGMA_BPS = 0.6
LIMIT_LOG_SD = 0.8
LIFETIME_S = 2.4
LIFETIME_NEAR = 0.4
LIFETIME_PER_BPS = 0.15

MARKET_QUOTE = 6_000.0  # median size at the opening price
MARKET_LOG_SD = 1.2
MARKET_CAP = 12.0  # of the median
MARKET_EXCITATION = 1.2  # 1/s added by each market order
MARKET_DECAY = 2.0  # 1/s
METAORDER_TAIL = 1.5  # Pareto exponent of their length in market orders
METAORDER_LONGEST = 1000
INFORMED_SCALE_BPS = 0.5
MARKET_REACH_BPS = 1.0  # beyond the touch


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
    flow.limit_number = 0
    flow.market_number = 0
    flow.pulse_number = 0
    flow.metaorder_number = 0
    for place in range(METAORDERS):
        _begin_metaorder(world, flow.metaorders[place], True)
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
    lots = _lots(rng.lognormal(key, draw + 3, flow.limit_lots, LIMIT_LOG_SD))
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
    below the efficient price; any other is a part of one of METAORDERS large orders, chosen at
    random, so that signs have a long memory (Lillo, Mike and Farmer 2005, "Theory for long memory
    in supply and demand").
    """
    flow = world.flow
    regime = flow.regimes[flow.active]
    key = world.keys[rng.MARKET]
    draw = flow.market_number * rng.DRAWS_PER_EVENT
    edge = (flow.efficient - _public_mid(world)) / world.ticks_per_bps
    informed_buys = 1.0 / (1.0 + math.exp(-2.0 * edge / INFORMED_SCALE_BPS))
    expected = regime.informed_share * (2.0 * informed_buys - 1.0)
    expected += (1.0 - regime.informed_share) * _mean_sign(flow)
    if rng.uniform(key, draw + 6) < regime.informed_share:
        sign = 1 if rng.uniform(key, draw) < informed_buys else -1
    else:
        sign = _work_metaorder(world, rng.uniform(key, draw))
    size = flow.market_lots * min(math.exp(MARKET_LOG_SD * rng.normal(key, draw + 1)), MARKET_CAP)
    take(world, tape, time, sign, _worst_price(world, sign), _lots(size), NONE, 0.0)
    if rng.uniform(key, draw + 2) < regime.impact_probability:
        jump = regime.impact_bps * rng.exponential(key, draw + 3)
        jump *= min(math.sqrt(size / flow.market_lots), 3.0)
        flow.efficient += jump * (sign - expected) * world.ticks_per_bps
    flow.excitation += MARKET_EXCITATION
    flow.market_number += 1
    _schedule_market(world, time)


@kernel_function
def _mean_sign(flow: Record) -> float:
    total = 0.0
    for place in range(METAORDERS):
        total += flow.metaorders[place].sign
    return total / METAORDERS


@kernel_function
def _work_metaorder(world: Record, draw: float) -> int:
    """Return the sign of the metaorder that `draw` picks, which has one market order less left."""
    metaorder = world.flow.metaorders[int(draw * METAORDERS)]
    sign = int(metaorder.sign)
    metaorder.left -= 1
    if metaorder.left <= 0:
        _begin_metaorder(world, metaorder, False)
    return sign


@kernel_function
def _begin_metaorder(world: Record, metaorder: Record, is_under_way: bool) -> None:
    """Draw a metaorder's sign and its length, or what is left of one that is under way.

    Length L is Pareto, P(L > x) = x^-a; what is left of one met at a random moment follows
    P(R > x) = x^(1 - a) / a (renewal theory).
    """
    flow = world.flow
    key = world.keys[rng.METAORDER]
    draw = 2 * flow.metaorder_number
    flow.metaorder_number += 1
    length = rng.uniform(key, draw)
    if is_under_way:
        length = (METAORDER_TAIL * length) ** (-1.0 / (METAORDER_TAIL - 1.0))
    else:
        length = length ** (-1.0 / METAORDER_TAIL)
    metaorder.left = max(1, math.ceil(min(length, METAORDER_LONGEST)))
    metaorder.sign = 1.0 if rng.uniform(key, draw + 1) < 0.5 else -1.0


@kernel_function
def _worst_price(world: Record, sign: int) -> int:
    """Return the price up to which a market order trades; what it finds no volume for is dropped.

    Traders fit their orders to the volume near the touch instead of paying any price (Farmer,
    Gillemot, Lillo, Mike and Sen 2004, "What really causes large price changes?").
    """
    book = world.book
    touch = book.best_ask if sign > 0 else book.best_bid
    return int(touch + sign * math.ceil(MARKET_REACH_BPS * world.ticks_per_bps))


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
    baseline. The baseline follows the volatility, as trading does (Clark 1973, "A subordinated
    stochastic process model with finite variance for speculative prices").
    """
    flow = world.flow
    key = world.keys[rng.MARKET]
    draw = flow.market_number * rng.DRAWS_PER_EVENT
    baseline = flow.regimes[flow.active].market_rate * math.exp(flow.log_volatility)
    wait = rng.exponential(key, draw + 4) / baseline
    left = 1.0 - MARKET_DECAY * rng.exponential(key, draw + 5) / flow.excitation
    if left > 0.0:
        wait = min(wait, -math.log(left) / MARKET_DECAY)
    flow.excitation *= math.exp(-MARKET_DECAY * wait)
    flow.next_market = min(time + 1 + int(wait * 1e6), NEVER - 1)

"""The crowd's orders: limit orders about what it believes, and takers who come for their reasons.

Takers are of two kinds. The informed trade where the efficient price lies beyond a quote, whose
ever it is. The others are parts of large orders that are worked off one by one, which gives signs a
long memory (Lillo, Mike and Farmer 2005, "Theory for long memory in supply and demand"); they wait
while the spread is wide. Most large orders carry information that arrives while they are worked:
the efficient price moves with each of their parts, traded or not, so that impact builds up.
"""

from __future__ import annotations

import math

from pytest_soak.market.kernel import rng
from pytest_soak.market.kernel.book import add, crowd_best, is_marketable
from pytest_soak.market.kernel.jit import Record, kernel_function
from pytest_soak.market.kernel.market_data import PULSE_US
from pytest_soak.market.kernel.matching import take
from pytest_soak.market.kernel.schedule import CROWD_EXPIRY, push
from pytest_soak.market.kernel.state import BUY, CROWD, METAORDERS, NEVER, NONE, SELL

METAORDER_LONGEST = 1000

_PULSE_S = PULSE_US * 1e-6


@kernel_function
def start_flow(world: Record, time: int) -> None:
    """Draw the state in which the flow enters a window, and its first arrivals.

    Volatility, trading intensity and metaorders are drawn afresh from where they settle, so an
    iteration's market depends on (seed, iteration) alone; prices, book and orders carry over.
    """
    flow = world.flow
    _set_steps(flow)
    key = world.keys[rng.REGIME]
    crowd = flow.crowd
    flow.slow = crowd.slow_log_sd * rng.normal(key, rng.VOLATILITY_DRAW)
    flow.fast = crowd.fast_log_sd * rng.normal(key, rng.FAST_VOLATILITY_DRAW)
    set_volatility(flow)
    flow.excitation = _baseline(flow) * crowd.branching / (1.0 - crowd.branching)
    flow.mean_sign = 0.0
    flow.limit_number = 0
    flow.market_number = 0
    flow.pulse_number = 0
    flow.metaorder_number = 0
    for place in range(METAORDERS):
        _begin_metaorder(world, flow.metaorders[place], True)
    flow.next_limit = time + 1
    _schedule_market(world, time)


@kernel_function
def _set_steps(flow: Record) -> None:
    """Turn the crowd's times into what they are a second or a pulse."""
    crowd = flow.crowd
    steps = flow.steps
    steps.slow_keep = math.exp(-1.0 / crowd.slow_s)
    steps.slow_noise = crowd.slow_log_sd * math.sqrt(1.0 - steps.slow_keep**2)
    steps.fast_keep = math.exp(-1.0 / crowd.fast_s)
    steps.fast_noise = crowd.fast_log_sd * math.sqrt(1.0 - steps.fast_keep**2)
    steps.learn = 1.0 - math.exp(-_PULSE_S / crowd.learning_s)
    steps.lag = 1.0 - math.exp(-_PULSE_S / crowd.quoting_lag_s)
    steps.caution_keep = math.exp(-_PULSE_S / crowd.caution_s)
    steps.pull_chance = 1.0 - math.exp(-_PULSE_S / crowd.pull_s)
    steps.snipe_chance = 1.0 - math.exp(-_PULSE_S * crowd.snipe_rate)


@kernel_function
def set_volatility(flow: Record) -> None:
    """Reckon what follows from the logarithm of the volatility."""
    flow.volatility = math.exp(flow.slow + flow.fast)
    flow.distance_bps = flow.crowd.distance_bps * math.exp(
        flow.crowd.distance_power * (flow.slow + flow.fast)
    )


@kernel_function
def _lots(draw: float) -> int:
    return max(1, int(draw + 0.5))


@kernel_function
def on_limit(world: Record, tape: Record, time: int) -> None:
    """Let the next limit order of the crowd arrive, and schedule its end and its successor."""
    flow = world.flow
    crowd = flow.crowd
    key = world.keys[rng.LIMIT]
    number = flow.limit_number
    flow.limit_number += 1
    draw = number * rng.DRAWS_PER_EVENT
    flow.next_limit = time + 1 + int(rng.exponential(key, draw) * (1e6 / crowd.limit_rate))
    side = 1 if rng.uniform(key, draw + 1) < 0.5 else -1
    caution = flow.bid_caution_bps if side > 0 else flow.ask_caution_bps
    kind = rng.uniform(key, draw + 5)
    if kind < crowd.aggressive_share:
        least = crowd.aggressive_least
        distance = flow.distance_bps * (least + (1.0 - least) * rng.uniform(key, draw + 2))
        mean_life = crowd.aggressive_life_s
    else:
        distance = flow.distance_bps + caution + crowd.scale_bps * rng.exponential(key, draw + 2)
        mean_life = crowd.life_s * (crowd.life_near + crowd.life_per_bps * distance)
    exact = flow.consensus_lagged - side * distance * world.ticks_per_bps
    price = math.floor(exact) if side > 0 else math.ceil(exact)
    if kind > 1.0 - crowd.join_share:
        price = _joined(world, side, price)
    lots = _lots(rng.lognormal(key, draw + 3, flow.limit_lots, crowd.limit_log_sd))
    if is_marketable(world.book, side, price):
        lots = take(world, tape, time, side, price, lots, NONE, 0.0)
    if lots > 0:
        birth = (world.window.iteration << 40) + number
        place = add(world.book, time, side, price, lots, CROWD, birth)
        life = 1 + int(rng.exponential(key, draw + 4) * mean_life * 1e6)
        push(world.schedule, time + life, CROWD_EXPIRY, place, birth)


@kernel_function
def _joined(world: Record, side: int, price: int) -> int:
    """Return the crowd's best price of a side, or `price` where there is none."""
    book = world.book
    if (book.bid_volume if side > 0 else book.ask_volume) == 0:
        return price
    return int(crowd_best(book, side))


@kernel_function
def on_market(world: Record, tape: Record, time: int) -> None:
    """Let the next taker look at the market, trade or not, and draw its successor."""
    flow = world.flow
    key = world.keys[rng.MARKET]
    draw = flow.market_number * rng.DRAWS_PER_EVENT
    crowd = flow.crowd
    size = math.exp(crowd.market_log_sd * rng.normal(key, draw + 1))
    if rng.uniform(key, draw + 6) < flow.regimes[flow.active].informed_share:
        sign = _informed_sign(world, rng.uniform(key, draw))
    else:
        metaorder = flow.metaorders[int(rng.uniform(key, draw + 2) * METAORDERS)]
        size *= metaorder.size
        sign = int(metaorder.sign) if rng.uniform(key, draw) < _patience(world) else 0
        _work(world, metaorder, min(size, crowd.impact_cap * crowd.impact_cap))
    if sign != 0 and _trade(world, tape, time, sign, size) > 0:
        _believe(world, sign, _weight(crowd, size) * rng.exponential(key, draw + 3))
    flow.excitation += flow.crowd.branching * flow.crowd.excitation_decay
    flow.market_number += 1
    _schedule_market(world, time)


@kernel_function
def _trade(world: Record, tape: Record, time: int, sign: int, size: float) -> int:
    """Take with a market order, `size` in medians; return the lots that it got."""
    flow = world.flow
    wanted = _lots(flow.market_lots * min(size, flow.crowd.market_cap))
    return wanted - int(take(world, tape, time, sign, _worst_price(world, sign), wanted, NONE, 0.0))


@kernel_function
def _believe(world: Record, sign: int, weight: float) -> None:
    """Let the surprise in a market order move what the crowd believes."""
    flow = world.flow
    crowd = flow.crowd
    surprise = sign - crowd.sign_weight * flow.mean_sign
    impact = weight * flow.regimes[flow.active].impact_bps
    flow.consensus += impact * surprise * world.ticks_per_bps
    flow.mean_sign += crowd.sign_memory * (sign - flow.mean_sign)


@kernel_function
def _informed_sign(world: Record, draw: float) -> int:
    """Return the side on which an informed taker trades, 0 where no quote is worth it."""
    flow = world.flow
    book = world.book
    buys = flow.efficient - book.best_ask if book.ask_orders > 0 else -math.inf
    sells = book.best_bid - flow.efficient if book.bid_orders > 0 else -math.inf
    edge = max(buys, sells) / world.ticks_per_bps / flow.crowd.informed_scale_bps
    if draw >= 1.0 / (1.0 + math.exp(-edge)):
        return 0
    return 1 if buys > sells else -1


@kernel_function
def _patience(world: Record) -> float:
    """Return the probability with which an uninformed taker pays the crowd's spread."""
    book = world.book
    crowd = world.flow.crowd
    if book.bid_volume == 0 or book.ask_volume == 0:
        return 0.0
    half = 0.5 * (crowd_best(book, SELL) - crowd_best(book, BUY)) / world.ticks_per_bps
    return math.exp(min(0.0, (crowd.reference_half_bps - half) / crowd.patience_bps))


@kernel_function
def _weight(crowd: Record, size: float) -> float:
    """Return how much more than a median one an order of this size tells."""
    return min(math.sqrt(size), crowd.impact_cap)


@kernel_function
def _work(world: Record, metaorder: Record, weight: float) -> None:
    """Let a metaorder come to its next order; what it knows reaches the efficient price with it."""
    flow = world.flow
    information = (1.0 - flow.crowd.information_at_birth) * metaorder.information_bps
    information *= metaorder.sign * weight * flow.volatility
    flow.efficient += information * world.ticks_per_bps
    metaorder.left -= 1
    if metaorder.left <= 0:
        _begin_metaorder(world, metaorder, False)


@kernel_function
def _begin_metaorder(world: Record, metaorder: Record, is_under_way: bool) -> None:
    """Draw a metaorder's sign, length and information, or what is left of one under way.

    Length L is Pareto, P(L > x) = x^-a; what is left of one met at a random moment follows
    P(R > x) = x^(1 - a) / a (renewal theory).
    """
    flow = world.flow
    crowd = flow.crowd
    key = world.keys[rng.METAORDER]
    draw = 4 * flow.metaorder_number
    flow.metaorder_number += 1
    length = rng.uniform(key, draw)
    if is_under_way:
        length = (crowd.metaorder_tail * length) ** (-1.0 / (crowd.metaorder_tail - 1.0))
    else:
        length = length ** (-1.0 / crowd.metaorder_tail)
    count = max(1, math.ceil(min(crowd.metaorder_least * length, METAORDER_LONGEST)))
    metaorder.left = count
    metaorder.sign = 1.0 if rng.uniform(key, draw + 1) < 0.5 else -1.0
    metaorder.size = math.exp(crowd.metaorder_log_sd * rng.normal(key, draw + 3))
    metaorder.information_bps = 0.0
    if rng.uniform(key, draw + 2) < crowd.metaorder_informed:
        information = flow.regimes[flow.active].information_bps * count**-crowd.information_power
        metaorder.information_bps = information
        if not is_under_way:
            known = crowd.information_at_birth * information * count * flow.volatility
            known *= _weight(crowd, metaorder.size)
            flow.efficient += metaorder.sign * known * world.ticks_per_bps


@kernel_function
def _worst_price(world: Record, sign: int) -> int:
    """Return the price up to which a market order trades; what it finds no volume for is dropped.

    Traders fit their orders to the volume near the touch instead of paying any price (Farmer,
    Gillemot, Lillo, Mike and Sen 2004, "What really causes large price changes?").
    """
    book = world.book
    touch = book.best_ask if sign > 0 else book.best_bid
    return int(touch + sign * math.ceil(world.flow.crowd.market_reach_bps * world.ticks_per_bps))


@kernel_function
def _baseline(flow: Record) -> float:
    return float(flow.regimes[flow.active].market_rate * flow.volatility)


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
    decay = flow.crowd.excitation_decay
    wait = rng.exponential(key, draw + 4) / _baseline(flow)
    left = 1.0 - decay * rng.exponential(key, draw + 5) / flow.excitation
    if left > 0.0:
        wait = min(wait, -math.log(left) / decay)
    flow.excitation *= math.exp(-decay * wait)
    flow.next_market = min(time + 1 + int(wait * 1e6), NEVER - 1)

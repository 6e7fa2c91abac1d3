"""The whole state of a simulated market as one numpy record: saved, restored and hashed as bytes.

Units: price in ticks, quantity in lots, time in microseconds since the lane began, side +1 for
buying and -1 for selling. Kernel functions take the record (or a nested part of it) and change it
in place; `Tape` holds what a window put out and is no part of the state.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_soak.config.sizes import AGENT_ORDERS, LEVELS, REQUESTS, SNAPSHOTS
from pytest_soak.market.kernel.crowd import CROWD_FIGURES
from pytest_soak.market.kernel.design import DESIGN
from pytest_soak.market.kernel.jit import number, numbers
from pytest_soak.market.kernel.rng import STREAMS

ORDERS = 4096  # resting orders, crowd and agent together
EVENTS = 8192  # scheduled events
REPORTS = 2048  # venue messages on their way to the agent, a power of two
RATE_BINS = 64  # seconds of the venue's message count, a power of two
METAORDERS = 3  # large orders of the crowd that are being worked off at a time
SLOTS = 4  # quotes of the reference maker: two a side

NONE = number(-1)
NEVER = number(np.iinfo(np.int64).max)
BUY, SELL = number(1), number(-1)
CROWD, AGENT = numbers(2)

INSTRUMENT = np.dtype(
    [
        ("tick_quote", "f8"),  # price of one tick
        ("lot_base", "f8"),  # base in one lot
        ("lot_tick_quote", "f8"),  # quote currency in one lot x tick
        ("maker_fee", "f8"),  # share of notional; a rebate is negative
        ("taker_fee", "f8"),
    ],
    align=True,
)
LEVEL = np.dtype(
    [
        ("price", "i8"),
        ("volume", "i8"),
        ("agent_volume", "i8"),
        ("head", "i8"),
        ("tail", "i8"),
    ],
    align=True,
)
ORDER = np.dtype(
    [
        ("price", "i8"),
        ("quantity", "i8"),
        ("reference", "i8"),  # crowd: birth number; agent: handle
        ("time", "i8"),  # of arrival in the book
        ("next", "i8"),
        ("previous", "i8"),
        ("side", "i8"),  # 0 = free
        ("owner", "i8"),
    ],
    align=True,
)
BOOK = np.dtype(
    [
        ("levels", LEVEL, (LEVELS,)),
        ("orders", ORDER, (ORDERS,)),
        ("best_bid", "i8"),  # valid while bid_orders > 0
        ("best_ask", "i8"),
        ("bid_orders", "i8"),
        ("ask_orders", "i8"),
        ("bid_volume", "i8"),  # of the crowd
        ("ask_volume", "i8"),
        ("free", "i8"),  # head of the list of free places
        ("live", "i8"),
    ],
    align=True,
)
EVENT = np.dtype(
    [("time", "i8"), ("reference", "i8"), ("kind", "i8"), ("index", "i8")],
    align=True,
)
SCHEDULE = np.dtype([("heap", EVENT, (EVENTS,)), ("count", "i8")], align=True)

REGIME = np.dtype(
    [
        ("sigma_bps", "f8"),  # of public news, a square root second
        ("jump_rate", "f8"),  # 1/s
        ("jump_bps", "f8"),  # scale
        ("market_rate", "f8"),  # 1/s, the Hawkes baseline of takers who look at the market
        ("impact_bps", "f8"),  # of the surprise in a median market order, on the consensus
        ("information_bps", "f8"),  # of a metaorder of one order, on the efficient price
        ("informed_share", "f8"),  # of the takers
        ("load", "f8"),  # of the venue's gateway
    ],
    align=True,
)
METAORDER = np.dtype(
    [
        ("sign", "f8"),
        ("left", "i8"),
        ("size", "f8"),  # of its orders, in medians
        ("information_bps", "f8"),  # of a median one of them
    ],
    align=True,
)
STEPS = np.dtype(
    [
        ("slow_keep", "f8"),
        ("slow_noise", "f8"),
        ("fast_keep", "f8"),
        ("fast_noise", "f8"),
        ("learn", "f8"),
        ("lag", "f8"),
        ("caution_keep", "f8"),
        ("pull_chance", "f8"),
        ("snipe_chance", "f8"),
    ],
    align=True,
)
"""What the crowd's times are a second (volatility) or a pulse (the others)."""

FLOW = np.dtype(
    [
        ("crowd", CROWD_FIGURES),
        ("steps", STEPS),
        ("regimes", REGIME, (2,)),  # the ordinary one and the one of a spike episode
        ("limit_lots", "f8"),  # median of limit orders
        ("market_lots", "f8"),  # median of market orders
        ("active", "i8"),
        ("episode_start", "i8"),
        ("episode_end", "i8"),
        ("gap_at", "i8"),
        ("gap_ticks", "f8"),
        ("efficient", "f8"),  # ticks: what the informed know
        ("consensus", "f8"),  # ticks: what the crowd believes
        ("consensus_lagged", "f8"),
        ("slow", "f8"),  # of the logarithm of the volatility
        ("fast", "f8"),
        ("volatility", "f8"),  # a factor
        ("distance_bps", "f8"),  # of the crowd's nearest quotes, without caution
        ("bid_caution_bps", "f8"),
        ("ask_caution_bps", "f8"),
        ("mean_sign", "f8"),  # of the market orders
        ("taken_lots", "i8"),
        ("excitation", "f8"),  # of the Hawkes process, 1/s
        ("metaorders", METAORDER, (METAORDERS,)),
        ("metaorder_number", "i8"),
        ("limit_number", "i8"),
        ("market_number", "i8"),
        ("pulse_number", "i8"),
        ("next_limit", "i8"),
        ("next_market", "i8"),
        ("next_pulse", "i8"),
    ],
    align=True,
)
REQUEST = np.dtype(
    [
        ("sent", "i8"),
        ("price", "i8"),
        ("quantity", "i8"),
        ("handle", "i8"),  # of the order that it creates
        ("target", "i8"),  # of the order that it cancels or replaces
        ("decision_mid", "f8"),
        ("kind", "i8"),
        ("side", "i8"),
    ],
    align=True,
)
REPORT = np.dtype(
    [
        ("sent", "i8"),  # when the request it answers was sent
        ("price", "i8"),
        ("quantity", "i8"),
        ("handle", "i8"),
        ("kind", "i8"),
        ("side", "i8"),
        ("request", "i8"),  # kind of the request that it answers, NONE for an event of its own
        ("maker", "i8"),
        ("reason", "i8"),  # of a rejection
    ],
    align=True,
)
AGENT_ORDER = np.dtype([("handle", "i8"), ("order", "i8"), ("cancelling", "i8")], align=True)
SNAPSHOT = np.dtype(
    [
        ("time", "i8"),
        ("delivered", "i8"),
        ("bid", "i8"),
        ("ask", "i8"),
        ("mid", "f8"),
        ("depth", "f8"),
        ("flow", "f8"),  # average sign of the latest market orders
        ("bid_lots", "i8"),  # the crowd's at its best prices
        ("ask_lots", "i8"),
        ("taken_lots", "i8"),  # by everybody's market orders, since the market opened
    ],
    align=True,
)
LATENCY = np.dtype([("base_us", "i8"), ("median_us", "f8"), ("log_sd", "f8")], align=True)
VENUE = np.dtype(
    [
        ("to_gateway", LATENCY),
        ("from_gateway", LATENCY),
        ("service", LATENCY),
        ("market_data", LATENCY),
        ("messages_per_minute", "f8"),  # near which the gateway slows
        ("most_orders", "i8"),  # of the agent that are open or on their way
        ("most_requests", "i8"),  # of the agent that are on their way
        ("band_ticks", "i8"),  # how far from the mid an agent's order may rest
        ("open_orders", "i8"),
        ("requests", REQUEST, (REQUESTS,)),
        ("request_head", "i8"),
        ("request_tail", "i8"),
        ("reports", REPORT, (REPORTS,)),
        ("report_head", "i8"),
        ("report_tail", "i8"),
        ("agent_orders", AGENT_ORDER, (AGENT_ORDERS,)),
        ("order_number", "i8"),
        ("arrived_at", "i8"),  # of the last request at the gateway
        ("gateway_free_at", "i8"),
        ("delivered_at", "i8"),  # of the last report at the agent
        ("rate_bins", "f8", (RATE_BINS,)),
        ("rate_second", "i8"),
        ("rate_10s", "f8"),
        ("rate_60s", "f8"),
        ("snapshots", SNAPSHOT, (SNAPSHOTS,)),
        ("snapshot_number", "i8"),
        ("feed_number", "i8"),  # newest snapshot that the agent's feed has delivered
        ("message_number", "i8"),
        ("report_number", "i8"),
        ("limit_per_minute", "f8"),  # of messages, beyond which it refuses
        ("refused", "i8"),  # why it will refuse the request just sent
        ("refused_at", "i8"),  # when the agent learns of that
        ("unavailable", "i8"),  # it refuses every request that reaches it
    ],
    align=True,
)
ACCOUNT = np.dtype(
    [
        ("position", "i8"),  # lots
        ("cash", "i8"),  # lots x ticks
        ("fees_quote", "f8"),
        ("fills", "i8"),
        ("orders_sent", "i8"),
        ("cancels_sent", "i8"),
    ],
    align=True,
)
PARAMETERS = np.dtype(
    [
        ("base_spread_bps_delta", "f8"),
        ("impact_cap_ratio", "f8"),
        ("max_delta_ratio", "f8"),
        ("min_interval_ms", "f8"),
        ("replace_rate_per_min", "f8"),
        ("tail_age_ms", "f8"),
        ("concurrency_limit", "f8"),
        ("rescue_max_ratio", "f8"),
        ("rescue_min_edge_bps", "f8"),
        ("rescue_cooldown_ms", "f8"),
        ("position_limit_notional", "f8"),
    ],
    align=True,
)
FLAGS = np.dtype(
    [
        ("signal_until", "i8"),  # until when the signal is trusted too much
        # by the names of config/flags.yaml, with _ for the dot
        ("taker_cap_max_taker_share_pct", "f8"),
        ("trace_sample_rate", "f8"),
        ("pipeline_enabled", "i8"),
        ("md_cache_enabled", "i8"),
        ("async_batch_enabled", "i8"),
        ("taker_cap_enabled", "i8"),
        ("trace_enabled", "i8"),
        ("auto_spread_enabled", "i8"),
        ("auto_spread_volatility_weight", "f8"),
        ("auto_spread_volume_weight", "f8"),
        ("auto_spread_latency_weight", "f8"),
        ("queue_eta_enabled", "i8"),
        ("queue_eta_max_s", "f8"),
        ("enabled", "i8"),  # whether there is a maker at all
    ],
    align=True,
)
CONDITION = np.dtype([("fast", "f8"), ("slow", "f8")], align=True)
"""What the maker saw on average over minutes, and over an hour."""

SLOT = np.dtype(
    [
        ("handle", "i8"),  # of the resting order, NONE without one
        ("pending", "i8"),  # of the order that a request on its way creates
        ("cancelling", "i8"),  # of the order that a request on its way ends
        ("price", "i8"),
        ("quantity", "i8"),
        ("quoted_at", "i8"),
        ("quoted_mid", "f8"),  # from which its price was reckoned
        ("intent_price", "i8"),
        ("intent_reasons", "i8"),  # bit set of the reasons that have stopped this intent
        ("intent_open", "i8"),
        ("in_flight", "i8"),
        ("side", "i8"),
        ("level", "i8"),
    ],
    align=True,
)
MAKER = np.dtype(
    [
        ("parameters", PARAMETERS),
        ("flags", FLAGS),
        ("design", DESIGN),
        ("slots", SLOT, (SLOTS,)),
        ("position", "i8"),  # as reported to the maker
        ("position_slow", "f8"),  # its moving average over 6 s
        ("cycle_number", "i8"),
        ("cycle_started", "i8"),
        ("cycle_decides", "i8"),
        ("cycle_fetch_us", "i8"),
        ("cycle_compute_us", "i8"),
        ("cycle_wait_us", "i8"),
        ("cycle_hit", "i8"),
        ("in_flight", "i8"),
        ("cached_snapshot", "i8"),
        ("cached_at", "i8"),
        ("decided_at", "i8"),
        ("sends_at", "i8"),  # when the next request leaves
        ("second_mid", "f8"),
        ("variance", "f8"),  # of 1-s mid returns, bps squared
        ("depth", "f8"),  # lots a side
        ("signal_bps", "f8"),
        ("shock_until", "i8"),
        ("tokens", "f8"),
        ("tokens_at", "i8"),
        ("rescue_ready_at", "i8"),
        ("rescuing", "i8"),
        ("rescue_in_flight", "i8"),
        ("refusals", "i8"),  # of a venue that is unavailable, in a row
        ("breaker_open", "i8"),
        ("tries_again_at", "i8"),  # while its breaker is open
        ("volatility", CONDITION),  # bps
        ("volume", CONDITION),  # quote a second
        ("latency", CONDITION),  # of its loop, us
        ("seconds", "i8"),  # over which they are averages
        ("second_volume", "f8"),  # quote that it traded since the last second
        ("feed_taken_lots", "i8"),
        ("taken_per_s", "f8"),  # lots, both sides
        ("maker_volume", "f8"),
        ("taker_volume", "f8"),
        ("bid_blocked", "i8"),
        ("ask_blocked", "i8"),
        ("intended_changes", "i8"),
        ("side_time_us", "i8"),
        ("side_time_risk_blocked_us", "i8"),
        ("house_exposure_lots", "f8"),
        ("house_speed_lots", "f8"),
    ],
    align=True,
)
WINDOW = np.dtype(
    [
        ("seed", "i8"),
        ("iteration", "i8"),
        ("start", "i8"),
        ("end", "i8"),
        ("begun", "i8"),
        ("spike_chance", "f8"),  # an hour
        ("gap_bps", "f8"),
        ("spike_count", "i8"),
        ("gap_events", "i8"),
    ],
    align=True,
)
WORLD = np.dtype(
    [
        ("instrument", INSTRUMENT),
        ("window", WINDOW),
        ("now", "i8"),
        ("events", "i8"),
        ("mid", "f8"),  # ticks, without the agent's own orders
        ("ticks_per_bps", "f8"),  # at the price where the window began
        ("keys", "u8", (len(STREAMS),)),
        ("book", BOOK),
        ("schedule", SCHEDULE),
        ("flow", FLOW),
        ("venue", VENUE),
        ("account", ACCOUNT),
        ("maker", MAKER),
    ],
    align=True,
)


def empty_world() -> Any:
    """Return a world with nothing in it: one record of dtype WORLD."""
    world = np.zeros(1, WORLD)[0]
    orders = world["book"]["orders"]
    orders["next"][:-1] = np.arange(1, ORDERS)
    orders["next"][-1] = NONE
    world["book"]["levels"]["head"] = NONE
    world["book"]["levels"]["tail"] = NONE
    world["venue"]["agent_orders"]["handle"] = NONE
    world["venue"]["limit_per_minute"] = np.inf
    slots = world["maker"]["slots"]
    slots["handle"] = NONE
    slots["pending"] = NONE
    slots["side"] = (1, -1, 1, -1)
    slots["level"] = (0, 0, 1, 1)
    return world


def copied(world: Any) -> Any:
    """Return a world of the same state that goes its own way."""
    return np.frombuffer(bytearray(world), WORLD)[0]

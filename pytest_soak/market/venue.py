"""The venue between an agent and the book: latency, gateway queue, rate limit, reports.

An agent's message takes the network's one-way latency to the gateway, which serves the account's
messages one after the other in the order of arrival; its report takes the way back. Latency thus
rises with the request rate because messages queue, and because a gateway near its limit is slower.
"""

from __future__ import annotations

from pytest_soak.market import rng
from pytest_soak.market.jit import Record, kernel_function, numbers
from pytest_soak.market.schedule import REPORT_DELIVERY, REQUEST_ARRIVAL, push
from pytest_soak.market.state import AGENT_ORDERS, NONE, RATE_BINS, REPORTS, REQUESTS

PLACE, REPLACE, CANCEL, TAKE, LIMIT, AMEND = numbers(6)
"""Requests: a post-only order, its replacement by another, its cancellation, an immediate-or-cancel
order, a limit order that may trade, and a change of a resting order, which keeps its handle."""

ACCEPTED, REJECTED, CANCELLED, FILLED = numbers(4)
"""Reports."""

NETWORK_BASE_US = 12_000
NETWORK_MEDIAN_US = 28_000.0
NETWORK_LOG_SD = 0.55
SERVICE_MEDIAN_US = 14_000.0
SERVICE_LOG_SD = 0.5
CONGESTION = 1.8
MAX_UTILISATION = 0.95
LIMIT_PER_MINUTE = 900.0
POLL_WEIGHT = 0.1  # of a status poll, in messages


@kernel_function
def count_messages(venue: Record, time: int, weight: float) -> None:
    """Count `weight` messages of the account toward the venue's limit."""
    second = time // 1_000_000
    if second != venue.rate_second:
        _advance_rate(venue, second)
    venue.rate_bins[second & (RATE_BINS - 1)] += weight
    venue.rate_10s += weight
    venue.rate_60s += weight


@kernel_function
def _advance_rate(venue: Record, second: int) -> None:
    bins = venue.rate_bins
    for passed in range(max(venue.rate_second + 1, second - RATE_BINS + 1), second + 1):
        bins[passed & (RATE_BINS - 1)] = 0.0
    venue.rate_second = second
    venue.rate_10s = 0.0
    venue.rate_60s = 0.0
    for age in range(60):
        count = bins[(second - age) & (RATE_BINS - 1)]
        venue.rate_60s += count
        if age < 10:
            venue.rate_10s += count


@kernel_function
def _network_us(world: Record, number: int) -> int:
    delay = rng.lognormal(world.keys[rng.NETWORK], number, NETWORK_MEDIAN_US, NETWORK_LOG_SD)
    return NETWORK_BASE_US + int(delay)


@kernel_function
def _service_us(world: Record, number: int, messages: int) -> int:
    """Return how long the gateway works on a request.

    Service slows with the utilisation u of the limit as the waiting time of an M/M/1 queue does,
    in proportion to u / (1 - u): the venue's own queues behind the gateway fill up.
    """
    used = min(world.venue.rate_10s / (LIMIT_PER_MINUTE / 6.0), MAX_UTILISATION)
    slower = world.flow.regimes[world.flow.active].load * (1.0 + CONGESTION * used / (1.0 - used))
    total = 0.0
    for message in range(messages):
        total += rng.lognormal(
            world.keys[rng.GATEWAY], 2 * number + message, SERVICE_MEDIAN_US, SERVICE_LOG_SD
        )
    return int(total * slower)


@kernel_function
def send(
    world: Record,
    time: int,
    kind: int,
    side: int,
    price: int,
    quantity: int,
    target: int,
    decision_mid: float,
) -> int:
    """Send a request; return the handle of the order it creates (NONE where it creates none).

    Raises OverflowError where too many requests or orders are under way.
    """
    venue = world.venue
    if venue.request_tail - venue.request_head >= REQUESTS:
        raise OverflowError("too many requests on their way to the venue")
    messages = 2 if kind == REPLACE else 1
    count_messages(venue, time, float(messages))
    number = venue.message_number
    venue.message_number += 1
    venue.arrived_at = max(venue.arrived_at, time + _network_us(world, number))
    begins = max(venue.arrived_at, venue.gateway_free_at)
    venue.gateway_free_at = begins + _service_us(world, number, messages)
    place = venue.request_tail & (REQUESTS - 1)
    venue.request_tail += 1
    request = venue.requests[place]
    request.sent = time
    request.kind = kind
    request.side = side
    request.price = price
    request.quantity = quantity
    request.target = target
    request.decision_mid = decision_mid
    request.handle = NONE if kind in (CANCEL, AMEND) else _new_handle(venue)
    if kind == CANCEL:
        world.account.cancels_sent += 1
    else:
        world.account.orders_sent += 1
    push(world.schedule, venue.gateway_free_at, REQUEST_ARRIVAL, place, request.handle)
    return int(request.handle)


@kernel_function
def _new_handle(venue: Record) -> int:
    """Return a handle whose remainder by AGENT_ORDERS is its place in the table of orders."""
    for _ in range(AGENT_ORDERS):
        venue.order_number += 1
        entry = venue.agent_orders[venue.order_number & (AGENT_ORDERS - 1)]
        if entry.handle == NONE:
            entry.handle = venue.order_number
            entry.order = NONE
            return int(venue.order_number)
    raise OverflowError("too many open orders")


@kernel_function
def resting_order(venue: Record, handle: int) -> int:
    """Return the book's place of an agent's order, or NONE where it rests no more."""
    if handle == NONE:
        return NONE
    entry = venue.agent_orders[handle & (AGENT_ORDERS - 1)]
    return int(entry.order) if entry.handle == handle else NONE


@kernel_function
def forget(venue: Record, handle: int) -> None:
    """Free the place of an order that is over."""
    venue.agent_orders[handle & (AGENT_ORDERS - 1)].handle = NONE


@kernel_function
def report(
    world: Record,
    time: int,
    kind: int,
    handle: int,
    side: int,
    price: int,
    quantity: int,
    maker: int,
    request: int,
    sent: int,
) -> None:
    """Send a report to the agent; reports arrive in the order in which they were sent."""
    venue = world.venue
    if venue.report_tail - venue.report_head >= REPORTS:
        raise OverflowError("too many reports on their way to the agent")
    number = venue.report_number
    venue.report_number += 1
    arrives = time + _network_us(world, -1 - number)
    venue.delivered_at = max(venue.delivered_at + 1, arrives)
    place = venue.report_tail & (REPORTS - 1)
    venue.report_tail += 1
    row = venue.reports[place]
    row.kind = kind
    row.handle = handle
    row.side = side
    row.price = price
    row.quantity = quantity
    row.request = request
    row.sent = sent
    row.maker = maker
    push(world.schedule, venue.delivered_at, REPORT_DELIVERY, place, handle)

"""The venue between an agent and the book: latency, gateway queue, rate limit, reports.

An agent's message takes the network's one-way latency to the gateway, which serves the account's
messages one after the other in the order of arrival; its report takes the way back. Latency thus
rises with the request rate because messages queue, and because a gateway near its limit is slower.
"""

from __future__ import annotations

from pytest_soak.config.sizes import AGENT_ORDERS, REQUESTS
from pytest_soak.market.kernel import rng
from pytest_soak.market.kernel.jit import Record, kernel_function, numbers
from pytest_soak.market.kernel.schedule import REPORT_DELIVERY, REQUEST_ARRIVAL, push
from pytest_soak.market.kernel.state import NONE, RATE_BINS, REPORTS

PLACE, REPLACE, CANCEL, TAKE, LIMIT, AMEND = numbers(6)
"""Requests: a post-only order, its replacement by another, its cancellation, an immediate-or-cancel
order, a limit order that may trade, and a change of a resting order, which keeps its handle."""

ACCEPTED, REJECTED, CANCELLED, FILLED = numbers(4)
"""Reports."""

(
    NO_REASON,
    WOULD_CROSS,
    NOTHING_TRADED,
    UNKNOWN_ORDER,
    OUT_OF_RANGE,
    TOO_MANY_ORDERS,
    TOO_MANY_REQUESTS,
    RATE_LIMIT,
    UNAVAILABLE,
) = numbers(9)
"""Places in `feeds.REJECT_REASONS`."""

CONGESTION = 1.8
MAX_UTILISATION = 0.95
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
def _there_us(world: Record, number: int) -> int:
    """Return how long the network takes to the gateway."""
    way = world.venue.to_gateway
    delay = rng.lognormal(world.keys[rng.NETWORK], number, way.median_us, way.log_sd)
    return int(way.base_us) + int(delay)


@kernel_function
def _back_us(world: Record, number: int) -> int:
    """Return how long the network takes back to the agent."""
    way = world.venue.from_gateway
    delay = rng.lognormal(world.keys[rng.NETWORK], -1 - number, way.median_us, way.log_sd)
    return int(way.base_us) + int(delay)


@kernel_function
def _service_us(world: Record, number: int, messages: int) -> int:
    """Return how long the gateway works on a request.

    Service slows with the utilisation u of the limit as the waiting time of an M/M/1 queue does,
    in proportion to u / (1 - u): the venue's own queues behind the gateway fill up.
    """
    used = min(world.venue.rate_10s / (world.venue.messages_per_minute / 6.0), MAX_UTILISATION)
    slower = world.flow.regimes[world.flow.active].load * (1.0 + CONGESTION * used / (1.0 - used))
    service = world.venue.service
    total = 0.0
    for message in range(messages):
        total += service.base_us + rng.lognormal(
            world.keys[rng.GATEWAY], 2 * number + message, service.median_us, service.log_sd
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

    `venue.refused` says whether it will be refused at the gateway, and why: it is then on no way
    to the book, and the agent learns of it at `venue.refused_at`. The reference maker has too few
    requests under way to meet with that.
    """
    venue = world.venue
    if kind == CANCEL:
        world.account.cancels_sent += 1
    else:
        world.account.orders_sent += 1
    messages = 2 if kind == REPLACE else 1
    handle = NONE
    venue.refused = _refusal(venue, time, kind, target, messages)
    if venue.refused == NO_REASON and _makes_an_order(kind):
        handle = _new_handle(venue)
        if handle == NONE:
            venue.refused = TOO_MANY_ORDERS
    if venue.refused != NO_REASON:
        return _refuse(world, time, kind)
    count_messages(venue, time, float(messages))
    number = venue.message_number
    venue.message_number += 1
    venue.arrived_at = max(venue.arrived_at, time + _there_us(world, number))
    begins = max(venue.arrived_at, venue.gateway_free_at)
    venue.gateway_free_at = begins + _service_us(world, number, messages)
    if venue.request_head == venue.request_tail:  # few places are ever used: checkpoints are small
        venue.request_head = 0
        venue.request_tail = 0
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
    request.handle = handle
    push(world.schedule, venue.gateway_free_at, REQUEST_ARRIVAL, place, request.handle)
    return int(request.handle)


@kernel_function
def _makes_an_order(kind: int) -> bool:
    return bool(kind != CANCEL and kind != AMEND)


@kernel_function
def _refusal(venue: Record, time: int, kind: int, target: int, messages: int) -> int:
    """Return why the gateway refuses a request, NO_REASON where it does not.

    A cancel of an order that is open always gets through: of each, one finds a place in the queue.
    """
    full = venue.request_tail - venue.request_head >= venue.most_requests
    if kind == CANCEL:
        entry = venue.agent_orders[target & (AGENT_ORDERS - 1)]
        if full and (entry.handle != target or entry.cancelling != 0):
            return UNKNOWN_ORDER
        if entry.handle == target:
            entry.cancelling = 1
        return NO_REASON
    count_messages(venue, time, 0.0)
    if venue.rate_60s + messages > venue.limit_per_minute:
        return RATE_LIMIT
    return TOO_MANY_REQUESTS if full else NO_REASON


@kernel_function
def _refuse(world: Record, time: int, kind: int) -> int:
    """Say when a refusal reaches the agent; return the handle that the order would have had."""
    venue = world.venue
    there = _there_us(world, venue.message_number)
    back = _back_us(world, venue.report_number)
    venue.message_number += 1
    venue.report_number += 1
    venue.refused_at = max(venue.refused_at + 1, time + there + back)
    if not _makes_an_order(kind):
        return NONE
    venue.order_number += 1
    return int(venue.order_number)


@kernel_function
def _new_handle(venue: Record) -> int:
    """Return a handle whose remainder by AGENT_ORDERS is its place in the table of orders.

    NONE where as many orders are open or on their way as the venue allows.
    """
    if venue.open_orders >= venue.most_orders:
        return NONE
    for _ in range(AGENT_ORDERS):
        venue.order_number += 1
        entry = venue.agent_orders[venue.order_number & (AGENT_ORDERS - 1)]
        if entry.handle == NONE:
            entry.handle = venue.order_number
            entry.order = NONE
            entry.cancelling = 0
            venue.open_orders += 1
            return int(venue.order_number)
    return NONE


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
    entry = venue.agent_orders[handle & (AGENT_ORDERS - 1)]
    if entry.handle == handle:
        entry.handle = NONE
        venue.open_orders -= 1


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
    reason: int,
) -> None:
    """Send a report to the agent; reports arrive in the order in which they were sent."""
    venue = world.venue
    if venue.report_tail - venue.report_head >= REPORTS:
        raise OverflowError("too many reports on their way to the agent")
    number = venue.report_number
    venue.report_number += 1
    arrives = time + _back_us(world, number)
    venue.delivered_at = max(venue.delivered_at + 1, arrives)
    if venue.report_head == venue.report_tail:
        venue.report_head = 0
        venue.report_tail = 0
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
    row.reason = reason
    push(world.schedule, venue.delivered_at, REPORT_DELIVERY, place, handle)

"""Trades: an incoming order against the book, and what an agent's requests do on arrival."""

from __future__ import annotations

import math

from pytest_soak.config.sizes import AGENT_ORDERS, REQUESTS
from pytest_soak.market.kernel import venue as v
from pytest_soak.market.kernel.account import MAKER, TAKER, book_fill
from pytest_soak.market.kernel.book import add, is_marketable, level_at, reduce, remove
from pytest_soak.market.kernel.jit import Record, kernel_function
from pytest_soak.market.kernel.state import AGENT, NONE
from pytest_soak.market.kernel.tape import put_order_age, put_trade

OK = v.NO_REASON


@kernel_function
def take(
    world: Record,
    tape: Record,
    time: int,
    side: int,
    limit: int,
    quantity: int,
    handle: int,
    decision_mid: float,
) -> int:
    """Trade up to `quantity` at `limit` or better and return what remains.

    `handle` is that of the agent's incoming order, NONE for the crowd's. The agent never trades
    with itself: its resting order is cancelled instead.
    """
    book = world.book
    remaining = quantity
    while remaining > 0 and is_marketable(book, side, limit):
        price = book.best_ask if side > 0 else book.best_bid
        place = level_at(book, price).head
        order = book.orders[place]
        resting = order.reference
        is_agents = order.owner == AGENT
        if is_agents and handle != NONE:
            end_agent_order(world, tape, time, place, v.CANCELLED)
            continue
        traded = min(remaining, order.quantity)
        remaining -= traded
        world.events += 1
        put_trade(tape, time, side, price, traded)
        if is_agents:
            book_fill(world, tape, time, -side, MAKER, price, traded, world.mid, resting)
            v.report(world, time, v.FILLED, resting, -side, price, traded, MAKER, NONE, time, OK)
            if traded == order.quantity:
                put_order_age(tape, time - order.time)
                v.forget(world.venue, resting)
        elif handle != NONE:
            book_fill(world, tape, time, side, TAKER, price, traded, decision_mid, handle)
            v.report(world, time, v.FILLED, handle, side, price, traded, TAKER, NONE, time, OK)
        reduce(book, place, traded)
    if remaining < quantity:
        world.flow.taken_lots += quantity - remaining
        _alarm(world.flow, side, quantity - remaining)
    return remaining


@kernel_function
def _alarm(flow: Record, side: int, lots: int) -> None:
    """Make the crowd quote farther away, more so on the side that was hit."""
    caution = flow.crowd.caution_bps * math.sqrt(lots / flow.market_lots)
    other = flow.crowd.caution_other * caution
    flow.ask_caution_bps += caution if side > 0 else other
    flow.bid_caution_bps += other if side > 0 else caution


@kernel_function
def end_agent_order(world: Record, tape: Record, time: int, place: int, kind: int) -> None:
    """Take an agent's order out of the book at the venue's own initiative and report it."""
    order = world.book.orders[place]
    v.report(
        world,
        time,
        kind,
        order.reference,
        order.side,
        order.price,
        order.quantity,
        MAKER,
        NONE,
        time,
        OK,
    )
    _withdraw(world, tape, time, order.reference)


@kernel_function
def _withdraw(world: Record, tape: Record, time: int, handle: int) -> bool:
    """Take the agent's order with this handle out of the book; False where it rests no more."""
    place = v.resting_order(world.venue, handle)
    if place == NONE:
        return False
    put_order_age(tape, time - world.book.orders[place].time)
    remove(world.book, place)
    v.forget(world.venue, handle)
    return True


@kernel_function
def on_request(world: Record, tape: Record, time: int) -> None:
    """Carry out the agent's request that has reached the front of the gateway's queue."""
    venue = world.venue
    request = venue.requests[venue.request_head & (REQUESTS - 1)]
    venue.request_head += 1
    reason = _reason_against(world, tape, time, request)
    done = v.CANCELLED if request.kind == v.CANCEL else v.ACCEPTED
    if reason != OK:
        done = v.REJECTED
        if request.handle != NONE:
            v.forget(venue, request.handle)
    v.report(
        world,
        time,
        done,
        request.handle if request.handle != NONE else request.target,
        request.side,
        request.price,
        request.quantity,
        MAKER,
        request.kind,
        request.sent,
        reason,
    )


@kernel_function
def _reason_against(world: Record, tape: Record, time: int, request: Record) -> int:
    """Carry out a request, or return the reason why not."""
    if world.venue.unavailable != 0:
        return v.UNAVAILABLE
    if request.kind == v.CANCEL:
        return OK if _withdraw(world, tape, time, request.target) else v.UNKNOWN_ORDER
    if request.kind == v.AMEND and v.resting_order(world.venue, request.target) == NONE:
        return v.UNKNOWN_ORDER
    if request.kind != v.TAKE and abs(request.price - world.mid) > world.venue.band_ticks:
        return v.OUT_OF_RANGE
    if request.kind == v.TAKE or request.kind == v.LIMIT:
        return _trade(world, tape, time, request)
    if request.kind == v.AMEND:
        return _amend(world, time, request)
    if request.kind == v.REPLACE and not _withdraw(world, tape, time, request.target):
        return v.UNKNOWN_ORDER
    return _rest(world, time, request)


@kernel_function
def _trade(world: Record, tape: Record, time: int, request: Record) -> int:
    """Trade an order as it comes in; what remains rests or, immediate-or-cancel, is dropped."""
    remaining = take(
        world,
        tape,
        time,
        request.side,
        request.price,
        request.quantity,
        request.handle,
        request.decision_mid,
    )
    if request.kind == v.LIMIT and remaining > 0:
        _add(world, time, request.side, request.price, remaining, request.handle)
        return OK
    v.forget(world.venue, request.handle)
    return OK if remaining < request.quantity else v.NOTHING_TRADED


@kernel_function
def _rest(world: Record, time: int, request: Record) -> int:
    """Put a post-only order into the book, unless it would trade."""
    if is_marketable(world.book, request.side, request.price):
        return v.WOULD_CROSS
    _add(world, time, request.side, request.price, request.quantity, request.handle)
    return OK


@kernel_function
def _add(world: Record, time: int, side: int, price: int, lots: int, handle: int) -> None:
    place = add(world.book, time, side, price, lots, AGENT, handle)
    world.venue.agent_orders[handle & (AGENT_ORDERS - 1)].order = place


@kernel_function
def _amend(world: Record, time: int, request: Record) -> int:
    """Change a resting order, unless it would trade.

    Less at the same price keeps its place in the queue; all else goes to the back of one.
    """
    place = v.resting_order(world.venue, request.target)
    order = world.book.orders[place]
    request.side = order.side
    if request.price == order.price and request.quantity <= order.quantity:
        reduce(world.book, place, order.quantity - request.quantity)
        return OK
    if is_marketable(world.book, request.side, request.price):
        return v.WOULD_CROSS
    remove(world.book, place)
    _add(world, time, request.side, request.price, request.quantity, request.target)
    return OK

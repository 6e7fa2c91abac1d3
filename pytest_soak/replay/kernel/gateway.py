"""An agent's requests on their way to the book of a feed, and what they do on arrival.

The venue's own record has the account, the handles and the reports (`market.kernel.venue`); orders
rest in the queues of the feed, under their handles.
"""

from __future__ import annotations

import math

from pytest_soak.config.sizes import REQUESTS
from pytest_soak.market.kernel import rng
from pytest_soak.market.kernel import venue as v
from pytest_soak.market.kernel.account import MAKER, TAKER, book_fill
from pytest_soak.market.kernel.jit import Record, kernel_function, number
from pytest_soak.market.kernel.schedule import push
from pytest_soak.market.kernel.state import NONE
from pytest_soak.market.kernel.tape import put_order_age
from pytest_soak.replay.kernel.own import crosses, find, remove, rest
from pytest_soak.replay.kernel.state import NO_REQUEST, UNDER_WAY

AT_BOOK = number(4)
"""A kind of scheduled event beside those of `market.kernel.schedule`."""
OK = v.NO_REASON


@kernel_function
def leave_gateway(world: Record, replay: Record, time: int) -> None:
    """Send the request that has left the venue's gateway on its way to the book."""
    venue = world.venue
    request = venue.requests[venue.request_head & (REQUESTS - 1)]
    venue.request_head += 1
    place = 0
    while replay.requests[place].kind != NO_REQUEST:
        place += 1
        if place == UNDER_WAY:
            raise OverflowError("too many requests are on their way to the book")
    replay.requests[place] = request
    replay.number += 1
    push(world.schedule, time + _takes_us(world, replay, request.kind), AT_BOOK, place, NONE)


@kernel_function
def _takes_us(world: Record, replay: Record, kind: int) -> int:
    way = replay.place
    if kind == v.CANCEL and replay.cancel.set != 0:
        way = replay.cancel
    elif kind in (v.AMEND, v.REPLACE) and replay.amend.set != 0:
        way = replay.amend
    if way.set == 0:
        return 0
    draw = 1_000_000_000 + replay.number
    return int(rng.lognormal(world.keys[rng.NETWORK], draw, way.median_us, way.log_sd))


@kernel_function
def on_request(world: Record, tape: Record, replay: Record, time: int, place: int) -> None:
    """Carry out a request that has reached the book."""
    request = replay.requests[place]
    reason = _reason_against(world, tape, replay, time, request)
    done = v.CANCELLED if request.kind == v.CANCEL else v.ACCEPTED
    if reason != OK:
        done = v.REJECTED
        if request.handle != NONE:
            v.forget(world.venue, request.handle)
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
    request.kind = NO_REQUEST


@kernel_function
def _reason_against(world: Record, tape: Record, replay: Record, time: int, request: Record) -> int:
    """Carry out a request, or return the reason why not."""
    feed = replay.feed
    if world.venue.unavailable != 0:
        return v.UNAVAILABLE
    if request.kind == v.CANCEL:
        return OK if _withdraw(world, tape, feed, time, request.target) else v.UNKNOWN_ORDER
    if request.kind == v.TAKE or request.kind == v.LIMIT:
        return _trade(world, tape, feed, time, request)
    handle = request.handle
    if request.kind == v.AMEND:
        handle = request.target
        place = find(feed, handle)
        if place < 0:
            return v.UNKNOWN_ORDER
        order = feed.orders[place]
        request.side = order.side
        size = request.quantity * feed.lot
        if request.price == order.tick and size <= order.size:
            order.size = size
            return OK
        if crosses(feed, request.side, request.price):
            return v.WOULD_CROSS
        remove(feed, place)
    elif request.kind == v.REPLACE and not _withdraw(world, tape, feed, time, request.target):
        return v.UNKNOWN_ORDER
    elif crosses(feed, request.side, request.price):
        return v.WOULD_CROSS
    _rest(feed, time, request, handle)
    return OK


@kernel_function
def _rest(feed: Record, time: int, request: Record, handle: int) -> None:
    """Rest an order; where the book is not known, behind more than there can be."""
    rest(feed, time, handle, request.side, request.price, request.quantity * feed.lot)
    if feed.known == 0:
        feed.orders[feed.open - 1].ahead = math.inf


@kernel_function
def _trade(world: Record, tape: Record, feed: Record, time: int, request: Record) -> int:
    """An order that may take: whole at the best, or it rests, or is dropped."""
    if crosses(feed, request.side, request.price):
        price = feed.asks.best if request.side > 0 else feed.bids.best
        side, lots, handle = request.side, request.quantity, request.handle
        book_fill(world, tape, time, side, TAKER, price, lots, request.decision_mid, handle)
        v.report(world, time, v.FILLED, handle, side, price, lots, TAKER, NONE, time, OK)
        v.forget(world.venue, handle)
        return OK
    if request.kind == v.LIMIT:
        _rest(feed, time, request, request.handle)
        return OK
    v.forget(world.venue, request.handle)
    return v.NOTHING_TRADED


@kernel_function
def _withdraw(world: Record, tape: Record, feed: Record, time: int, handle: int) -> bool:
    place = find(feed, handle)
    if place < 0:
        return False
    put_order_age(tape, time - feed.orders[place].time)
    remove(feed, place)
    v.forget(world.venue, handle)
    return True


@kernel_function
def book_filled(world: Record, tape: Record, feed: Record, time: int) -> None:
    """Account for and report the own orders that the last row filled."""
    for place in range(feed.fills):
        order = feed.filled[place]
        lots = int(round(order.size / feed.lot))  # noqa: RUF046 - a float where it is compiled
        side, price, handle = order.side, order.tick, order.id
        book_fill(world, tape, time, side, MAKER, price, lots, world.mid, handle)
        v.report(world, time, v.FILLED, handle, side, price, lots, MAKER, NONE, time, OK)
        put_order_age(tape, time - order.time)
        v.forget(world.venue, handle)

"""An agent's requests on their way to the book of a feed, and what they do on arrival.

The venue's own record has the account, the handles and the reports (`market.kernel.venue`); orders
rest in the queues of the feed, under their handles.
"""

from __future__ import annotations

import math
from typing import Any

from pytest_soak.config.sizes import REQUESTS
from pytest_soak.market.kernel import rng
from pytest_soak.market.kernel import venue as v
from pytest_soak.market.kernel.account import MAKER, TAKER
from pytest_soak.market.kernel.jit import Record, kernel_function, number
from pytest_soak.market.kernel.schedule import push
from pytest_soak.market.kernel.state import NONE
from pytest_soak.market.kernel.tape import put_order_age
from pytest_soak.replay.kernel.money import book
from pytest_soak.replay.kernel.own import crosses, find, remove, rest
from pytest_soak.replay.kernel.state import NO_REQUEST, UNDER_WAY

AT_BOOK = number(4)
"""A kind of scheduled event beside those of `market.kernel.schedule`."""
OK = v.NO_REASON


@kernel_function
def leave_gateway(world: Record, replay: Record, measured: Any, time: int) -> None:
    """Send the request that has left the venue's gateway on its way to the book.

    One that is lost by what was measured has no decision mid.
    """
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
    takes = _takes_us(world, replay, request.kind)
    if len(measured) > 0:
        takes = _there_us(measured, time)
        if takes < 0:
            replay.requests[place].decision_mid = math.nan
    push(world.schedule, time + abs(takes), AT_BOOK, place, NONE)


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
def _there_us(measured: Any, time: int) -> int:
    """What a request took that was sent then, between the two measured ones about it."""
    low = _last(measured, time, True)
    if low < 0 or low + 1 >= len(measured):
        return int(measured[max(low, 0)].there)
    one, two = measured[low], measured[low + 1]
    if one.there < 0 or two.there < 0:
        return int(one.there if one.there < 0 else two.there)
    return int(_between(time, one.sent, two.sent, one.there, two.there))


@kernel_function
def set_answer(world: Record, measured: Any, time: int) -> None:
    """Let an answer that leaves now take what was measured about then."""
    if len(measured) == 0:
        return
    low = _last(measured, time, False)
    back = measured[max(low, 0)].back
    if 0 <= low < len(measured) - 1:
        one, two = measured[low], measured[low + 1]
        back = _between(time, one.arrived, two.arrived, one.back, two.back)
    world.venue.from_gateway.base_us = int(back)


@kernel_function
def _between(time: int, first: int, second: int, one: int, two: int) -> float:
    if second <= first:
        return float(one)
    return one + (two - one) * (time - first) / (second - first)


@kernel_function
def _last(measured: Any, time: int, by_sending: bool) -> int:
    """The place of the last one that was sent (or arrived) at or before a time, -1 without one."""
    low, high = 0, len(measured)
    while low < high:
        middle = (low + high) // 2
        at = measured[middle].sent if by_sending else measured[middle].arrived
        if at <= time:
            low = middle + 1
        else:
            high = middle
    return low - 1


@kernel_function
def on_request(
    world: Record, tape: Record, replay: Record, measured: Any, time: int, place: int
) -> None:
    """Carry out a request that has reached the book."""
    request = replay.requests[place]
    set_answer(world, measured, time)
    if math.isnan(request.decision_mid):
        world.venue.from_gateway.base_us = 0
        reason = v.UNAVAILABLE
    else:
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
        return _trade(world, tape, replay, time, request)
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
def _trade(world: Record, tape: Record, replay: Record, time: int, request: Record) -> int:
    """An order that may take: whole at the best, or it rests, or is dropped."""
    feed = replay.feed
    if crosses(feed, request.side, request.price):
        price = feed.asks.best if request.side > 0 else feed.bids.best
        side, lots, handle = request.side, request.quantity, request.handle
        book(world, tape, replay, time, side, TAKER, price, lots, request.decision_mid, handle)
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
def book_filled(world: Record, tape: Record, replay: Record, time: int) -> None:
    """Account for and report the own orders that the last row filled."""
    feed = replay.feed
    for place in range(feed.fills):
        order = feed.filled[place]
        lots = int(round(order.size / feed.lot))  # noqa: RUF046 - a float where it is compiled
        side, price, handle = order.side, order.tick, order.id
        book(world, tape, replay, time, side, MAKER, price, lots, world.mid, handle)
        v.report(world, time, v.FILLED, handle, side, price, lots, MAKER, NONE, time, OK)
        put_order_age(tape, time - order.time)
        v.forget(world.venue, handle)

"""What a place in the queue is worth: an order at the front of its level against one at the back.

Two copies of a market without a maker: in each an order of one lot joins the crowd's best price of
a side, in one at the head of the level, in the other at its tail. All else is the same, draws too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from benchmarks.estimates import Array
from benchmarks.lanes import HOUR_US
from pytest_soak.market.compile import load_kernel
from pytest_soak.market.exchange import Exchange
from pytest_soak.market.kernel import venue as v
from pytest_soak.market.kernel.book import add, crowd_best, level_at
from pytest_soak.market.kernel.state import AGENT, NONE, copied
from pytest_soak.market.kernel.tape import drain, empty_tape

EVERY_US = 20_000_000
LIFE_US = 5_000_000
MARK_US = 10_000_000  # after the end of its life, when a filled order is valued
LOTS = 1

_compiled: Any = njit(error_model="numpy")


@_compiled
def place_at_best(worlds: Any, side: int, lots: int, in_front: bool) -> int:
    """Rest an agent's order at the crowd's best price of a side; return its place in the book.

    It needs no request and no time. The crowd must have volume on that side.
    """
    world = worlds[0]
    book = world.book
    price = crowd_best(book, side)
    handle = v._new_handle(world.venue)
    place = add(book, world.now, side, price, lots, AGENT, handle)
    world.venue.agent_orders[handle & (len(world.venue.agent_orders) - 1)].order = place
    if in_front:
        _move_to_front(book, place)
    return place


@_compiled
def _move_to_front(book: Any, place: int) -> None:
    order = book.orders[place]
    level = level_at(book, order.price)
    if level.head == place:
        return
    level.tail = order.previous
    book.orders[order.previous].next = NONE
    book.orders[level.head].previous = place
    order.next = level.head
    order.previous = NONE
    level.head = place


def edge_of_order(exchange: Exchange, side: int, in_front: bool) -> float:
    """What an order earns over the mid later, in bps; NaN where it is not filled in its life.

    The exchange is left as it is; its window must go on until the order is valued.
    """
    world, tape = copied(exchange.world), empty_tape()
    place = int(place_at_best(world.base, side, LOTS, in_front))
    price = int(world["book"]["orders"][place]["price"])
    end = int(world["now"]) + LIFE_US
    if not _is_filled_by(world, tape, end):
        return np.nan
    _is_filled_by(world, tape, end + MARK_US)
    return side * (float(world["mid"]) - price) / float(world["ticks_per_bps"])


def _is_filled_by(world: Any, tape: Any, until: int) -> bool:
    """Let time go on, and say whether the agent traded meanwhile."""
    advance, done, filled = load_kernel().advance, False, False
    while not done:
        done = bool(advance(world.base, tape.base, until))
        filled |= "fills" in drain(tape)
    return filled


def edges(market: str, seed: int, hours: int) -> Array:
    """`edge_of_order` of a pair each EVERY_US, side by chance: columns front and back."""
    exchange = Exchange(market, seed, record=False)
    draws = np.random.default_rng(seed)
    found = []
    for now in range(EVERY_US, hours * HOUR_US, EVERY_US):
        exchange.advance(now)
        exchange.take_events()
        side = 1 if draws.random() < 0.5 else -1
        if now % HOUR_US + LIFE_US + MARK_US >= HOUR_US or not _has_both_sides(exchange):
            continue
        found.append([edge_of_order(exchange, side, in_front) for in_front in (True, False)])
    return np.array(found)


def _has_both_sides(exchange: Exchange) -> bool:
    book = exchange.world["book"]
    return bool(book["bid_volume"] > 0 and book["ask_volume"] > 0)

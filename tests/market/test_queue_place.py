"""The study of the queue puts an order where it says, and leaves the book in order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from market_harness import check_agent_orders, check_book

from benchmarks.queue_place import edge_of_order, edges, place_at_best
from pytest_soak.market.exchange import Exchange
from pytest_soak.market.kernel.state import AGENT, copied

SIDES = (1, -1)


@pytest.fixture(scope="module")
def exchange() -> Exchange:
    exchange = Exchange("calm", 5, record=False)
    exchange.advance(60_000_000)
    return exchange


def chain(world: Any, price: int) -> list[Any]:
    """The orders at a price from the head of its level to the tail, as its links have it."""
    book = world["book"]
    level = book["levels"][price % len(book["levels"])]
    found, place = [], int(level["head"])
    while place >= 0:
        found.append(book["orders"][place])
        place = int(book["orders"][place]["next"])
    backwards, place = [], int(level["tail"])
    while place >= 0:
        backwards.append(int(book["orders"][place]["reference"]))
        place = int(book["orders"][place]["previous"])
    assert backwards == [int(order["reference"]) for order in reversed(found)]
    return found


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("in_front", [True, False])
def test_the_order_stands_at_the_end_of_the_queue_that_was_asked_for(
    exchange: Exchange, side: int, in_front: bool
) -> None:
    world = copied(exchange.world)
    best = int(world["book"]["best_bid" if side > 0 else "best_ask"])
    before = [int(order["reference"]) for order in chain(world, best)]
    order = world["book"]["orders"][place_at_best(world.base, side, 1, in_front)]
    assert (order["price"], order["side"], order["owner"]) == (best, side, AGENT)
    after = chain(world, best)
    own = after[0] if in_front else after[-1]
    assert own["owner"] == AGENT
    assert own["quantity"] == 1
    others = after[1:] if in_front else after[:-1]
    assert [int(order["reference"]) for order in others] == before
    times = [int(order["time"]) for order in others]
    assert times == sorted(times)
    check_agent_orders(world)
    own["time"] = times[0] if in_front else times[-1]
    check_book(world)


@pytest.mark.parametrize("side", SIDES)
def test_the_exchange_is_left_as_it_is(exchange: Exchange, side: int) -> None:
    before = exchange.world.tobytes()
    edge_of_order(exchange, side, True)
    assert exchange.world.tobytes() == before


def test_the_front_is_filled_whenever_the_back_is() -> None:
    pairs = edges("calm", 5, 1)
    front, back = np.isfinite(pairs).T
    assert len(pairs) > 150
    assert back.sum() > 10
    assert front.sum() > back.sum()
    assert front[back].mean() > 0.98

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from market_harness import callable_from_python, check_book

from pytest_soak.config.sizes import LEVELS
from pytest_soak.market.kernel import book
from pytest_soak.market.kernel.state import (
    AGENT,
    CROWD,
    NONE,
    ORDERS,
    empty_world,
)

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add", "remove", "reduce"]),
        st.sampled_from([1, -1]),
        st.integers(1, 12),
        st.integers(1, 50),
        st.sampled_from([CROWD, AGENT]),
        st.integers(0, 1000),
    ),
    max_size=60,
)


add_order, remove_order, reduce_order, crowd_mid = map(
    callable_from_python, (book.add, book.remove, book.reduce, book.crowd_mid)
)


def add(world: Any, time: int, side: int, price: int, quantity: int, owner: Any = CROWD) -> int:
    return int(add_order(world["book"], time, side, price, quantity, owner, time))


@given(STEPS)
@settings(deadline=None, max_examples=100)
def test_a_book_stays_consistent_under_any_orders(steps: Any) -> None:
    world = empty_world()
    places: list[int] = []
    for time, (kind, side, distance, quantity, owner, pick) in enumerate(steps):
        if kind == "add":
            places.append(add(world, time, side, 1000 - side * distance, quantity, owner))
        elif places:
            place = places[pick % len(places)]
            if kind == "remove":
                remove_order(world["book"], place)
            else:
                reduce_order(world["book"], place, quantity)
            if world["book"]["orders"][place]["side"] == 0:
                places.remove(place)
        check_book(world)


def test_the_crowds_best_price_leaves_out_the_agents_orders() -> None:
    world = empty_world()
    add(world, 1, 1, 990, 5)
    add(world, 2, -1, 1010, 5)
    add(world, 3, 1, 995, 5, AGENT)
    assert world["book"]["best_bid"] == 995
    assert crowd_mid(world["book"], 0.0) == 1000.0


def test_an_empty_side_keeps_the_last_mid() -> None:
    world = empty_world()
    add(world, 1, 1, 990, 5)
    assert crowd_mid(world["book"], 1234.5) == 1234.5


def test_a_full_pool_raises() -> None:
    world = empty_world()
    world["book"]["free"] = ORDERS - 1
    add(world, 1, 1, 990, 5)
    assert world["book"]["free"] == NONE
    with pytest.raises(OverflowError, match="pool of orders"):
        add(world, 2, 1, 990, 5)


def test_prices_too_far_apart_raise() -> None:
    world = empty_world()
    add(world, 1, 1, 990, 5)
    with pytest.raises(OverflowError, match="more than 8192 ticks apart"):
        add(world, 2, -1, 990 + LEVELS, 5)

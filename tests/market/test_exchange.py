"""The book and the venue, driven by agents from outside."""

from __future__ import annotations

import numpy as np
import pytest
from exchange_harness import (
    LOT,
    MINUTE,
    SECOND,
    TICK,
    TinyMaker,
    answer,
    open_exchange,
    queue,
    rest,
)
from market_harness import STEADY_SAFE, check_agent_orders, check_book, check_schedule, simulate

from pytest_soak.market.checkpoint import state_hash
from pytest_soak.market.exchange import Exchange
from pytest_soak.market.feeds import REPORT_KINDS
from pytest_soak.market.kernel.state import AGENT


def test_a_post_only_order_rests_and_is_cancelled_after_the_venues_latency() -> None:
    exchange = open_exchange()
    order = exchange.submit("buy", exchange.book().bid - 4 * TICK, 10 * LOT)
    report, kind = answer(exchange)
    assert (kind, report["order"]) == ("accepted", order)
    assert 24_000 < report["time_us"] - report["sent_us"] < SECOND
    exchange.cancel(order)
    assert answer(exchange)[1] == "cancelled"
    exchange.cancel(order)
    assert answer(exchange)[1] == "rejected"


def test_a_post_only_order_that_would_trade_is_refused() -> None:
    exchange = open_exchange()
    exchange.submit("buy", exchange.book().ask + 20 * TICK, 10 * LOT)
    assert answer(exchange)[1] == "rejected"
    assert exchange.position == 0.0


def test_a_limit_order_trades_and_its_rest_stays() -> None:
    exchange = open_exchange()
    order = exchange.submit("buy", exchange.book().ask + 2 * TICK, 2000 * LOT, kind="limit")
    while exchange.position == 0.0:
        assert exchange.advance_to_event(SECOND)
    bought = exchange.position
    assert 0.0 < bought < 2000 * LOT
    _, resting = queue(exchange, order)
    assert resting["owner"] == AGENT
    assert resting["quantity"] * LOT == pytest.approx(2000 * LOT - bought)


def test_an_immediate_order_takes_what_is_there_and_never_rests() -> None:
    exchange = open_exchange()
    exchange.submit("sell", exchange.book().bid - 3 * TICK, 5000 * LOT, kind="ioc")
    exchange.advance(exchange.now_us + 2 * SECOND)
    events = exchange.take_events()
    filled = events.reports[events.reports["kind"] == REPORT_KINDS.index("filled")]
    assert -5000 * LOT < exchange.position < 0.0
    assert -filled["quantity"].sum() == pytest.approx(exchange.position)
    assert events.fills["quantity"].sum() == pytest.approx(-exchange.position)
    assert not events.fills["maker"].any()
    assert exchange.equity_quote < 0.0
    check_agent_orders(exchange.world)
    exchange.submit("sell", exchange.book().ask + 100 * TICK, 5 * LOT, kind="ioc")
    assert answer(exchange)[1] == "rejected"


def test_orders_at_a_price_trade_in_the_order_of_their_arrival() -> None:
    exchange = open_exchange()
    price = exchange.book().bid - TICK
    first, second = (exchange.submit("buy", price, 10 * LOT) for _ in range(2))
    exchange.advance(SECOND // 2)
    exchange.take_events()
    assert queue(exchange, second)[0] > queue(exchange, first)[0]
    filled: list[int] = []
    for minute in range(1, 11):
        exchange.advance(minute * MINUTE)
        reports = exchange.take_events().reports
        fills = reports[reports["kind"] == REPORT_KINDS.index("filled")]
        filled += [int(order) for order in fills["order"]]
    assert set(filled) == {first, second}
    assert filled == sorted(filled)


def test_an_amendment_to_less_keeps_the_place_in_the_queue() -> None:
    exchange = open_exchange()
    order = rest(exchange)
    price = float(queue(exchange, order)[1]["price"]) * exchange.tick
    arrived = int(queue(exchange, order)[1]["time"])
    exchange.amend(order, price, 15 * LOT)
    assert answer(exchange)[1] == "accepted"
    _, resting = queue(exchange, order)
    assert (int(resting["quantity"]), int(resting["time"])) == (15, arrived)
    check_book(exchange.world)


@pytest.mark.parametrize(("shift", "lots"), [(0, 60), (-1, 40)])
def test_any_other_amendment_goes_to_the_back_of_the_queue(shift: int, lots: int) -> None:
    exchange = open_exchange()
    order = rest(exchange)
    price = (int(queue(exchange, order)[1]["price"]) + shift) * exchange.tick
    arrived = int(queue(exchange, order)[1]["time"])
    exchange.amend(order, price, lots * LOT)
    assert answer(exchange)[1] == "accepted"
    _, resting = queue(exchange, order)
    assert int(resting["time"]) > arrived
    assert (int(resting["price"]) * exchange.tick, int(resting["quantity"])) == (price, lots)
    check_book(exchange.world)
    check_agent_orders(exchange.world)


def test_an_amendment_that_would_trade_is_refused_and_the_order_stays() -> None:
    exchange = open_exchange()
    order = rest(exchange)
    exchange.amend(order, exchange.book().ask + 20 * TICK, 40 * LOT)
    assert answer(exchange)[1] == "rejected"
    assert int(queue(exchange, order)[1]["quantity"]) == 40


def test_a_tiny_maker_trades_and_the_world_stays_consistent() -> None:
    exchange = open_exchange("volatile")
    maker = TinyMaker(exchange)
    for tick in range(1, 601):
        maker.step()
        exchange.advance(tick * SECOND // 2)
        if tick % 50 == 0:
            check_book(exchange.world)
            check_agent_orders(exchange.world)
            check_schedule(exchange.world)
    assert int(exchange.world["account"]["orders_sent"]) > 100
    assert exchange.equity_quote != 0.0


def test_steps_leave_no_trace() -> None:
    at_once, by_event = open_exchange(), open_exchange()
    at_once.advance(20 * SECOND)
    steps = 0
    while by_event.advance_to_event(20 * SECOND):
        steps += 1
    assert steps > 1000
    assert by_event.now_us == at_once.now_us == 20 * SECOND
    assert state_hash(by_event.world) == state_hash(at_once.world)
    columns = [exchange.take_events() for exchange in (at_once, by_event)]
    assert columns[0].trades.tobytes() == columns[1].trades.tobytes()
    assert columns[0].tops.tobytes() == columns[1].tops.tobytes()


def test_whoever_trades_the_exogenous_draws_are_the_same() -> None:
    lane, idle, active = simulate("spike", seed=3), Exchange("spike", 3), Exchange("spike", 3)
    lane.observe(1, 0, 60 * MINUTE, STEADY_SAFE, 0)
    lane.observe(2, 60 * MINUTE, 65 * MINUTE, STEADY_SAFE, 0)
    maker = TinyMaker(active)
    for second in range(1, 65 * 60 + 1):
        if second < 120:
            maker.step()
        active.advance(second * SECOND)
    idle.advance(65 * MINUTE)
    for name in ("limit_number", "market_number", "next_limit", "volatility", "metaorders"):
        seen = [world["flow"][name] for world in (lane.world, idle.world, active.world)]
        assert np.array_equal(seen[0], seen[1])
        assert np.array_equal(seen[0], seen[2])
    assert idle.position == 0.0
    assert len(idle.take_events().reports) == 0

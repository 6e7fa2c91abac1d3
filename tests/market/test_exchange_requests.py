"""What the venue refuses, and that each request has its answer."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from exchange_harness import (
    LOT,
    MINUTE,
    SECOND,
    TICK,
    events_until_quiet,
    far_bid,
    open_exchange,
    queue,
    reasons,
    reports_until_quiet,
    rest,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from market_harness import check_agent_orders, check_book, check_schedule

from pytest_soak.market.exchange import Exchange
from pytest_soak.market.feeds import REPORT_KINDS
from pytest_soak.market.kernel.state import NONE


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"side": "long"}, "side='long'"),
        ({"kind": "market"}, "kind='market'"),
        ({"price": 3.0003}, "not a multiple"),
        ({"price": float("nan")}, "not a multiple"),
        ({"quantity": 0.0}, "more than 0"),
        ({"price": 0.0}, "more than 0"),
    ],
)
def test_bad_requests_are_refused(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"side": "buy", "price": 3.299, "quantity": LOT}
    with pytest.raises(ValueError, match=message):
        open_exchange().submit(**(arguments | change))


def test_the_257th_open_order_is_refused_with_a_report_and_cancels_get_through() -> None:
    exchange = Exchange("calm", 1, limit_per_minute=None)
    price = far_bid(exchange)
    orders = [exchange.submit("buy", price, LOT) for _ in range(256)]
    answers = list(reports_until_quiet(exchange))
    extra = [exchange.submit("buy", price, LOT) for _ in range(3)]
    reports = reports_until_quiet(exchange)
    assert [REPORT_KINDS[report["kind"]] for report in answers] == ["accepted"] * 256
    assert reports["order"].tolist() == extra
    assert reasons(reports) == ["too_many_orders"] * 3
    assert (reports["time_us"] - reports["sent_us"] > 24_000).all()
    assert np.unique([*orders, *extra]).size == 259
    for order in orders:
        exchange.cancel(order)
    assert set(reasons(reports_until_quiet(exchange))) == {""}
    assert exchange.submit("buy", price, LOT) not in orders
    assert reasons(reports_until_quiet(exchange)) == [""]


def test_a_flood_of_requests_is_answered_one_by_one_and_open_orders_are_cancelled() -> None:
    exchange = Exchange("calm", 1, limit_per_minute=None)
    price = far_bid(exchange)
    orders = [exchange.submit("buy", price, LOT) for _ in range(200)]
    reports_until_quiet(exchange)
    for _ in range(20):
        for order in orders:
            exchange.amend(order, price, LOT)
    for _ in range(5):
        for order in orders:
            exchange.cancel(order)
    exchange.cancel(-1)
    exchange.submit("buy", price, LOT)
    reports = reports_until_quiet(exchange)
    assert len(reports) == 20 * 200 + 5 * 200 + 2
    assert (np.diff(reports["time_us"]) >= 0).all()
    cancelled = reports["order"][reports["kind"] == REPORT_KINDS.index("cancelled")]
    assert sorted(cancelled) == orders
    assert {"too_many_requests", "unknown_order", ""} == set(reasons(reports))
    check_agent_orders(exchange.world)
    check_schedule(exchange.world)


def test_beyond_its_limit_of_messages_the_venue_takes_cancels_only() -> None:
    exchange = Exchange("calm", 1, limit_per_minute=20)
    price = far_bid(exchange)
    orders = [exchange.submit("buy", price, LOT) for _ in range(30)]
    exchange.amend(orders[0], price, LOT)
    for order in orders:
        exchange.cancel(order)
    exchange.advance(exchange.now_us + 30 * SECOND)
    reports = exchange.take_events().reports
    assert reasons(reports).count("rate_limit") == 11
    assert (reports["kind"] == REPORT_KINDS.index("cancelled")).sum() == 20
    late = exchange.submit("buy", price, LOT)
    exchange.advance(2 * MINUTE)
    exchange.submit("buy", price, LOT)
    reports = reports_until_quiet(exchange)
    assert reasons(reports[reports["order"] == late]) == ["rate_limit"]
    assert reasons(reports[reports["order"] > late]) == [""]


def test_the_usual_limit_is_the_venues_and_none_is_none() -> None:
    refused = []
    for more in ({}, {"limit_per_minute": None}):
        exchange = Exchange("calm", 1, **more)  # type: ignore[arg-type]
        order = rest(exchange, behind=400)
        price = float(queue(exchange, order)[1]["price"]) * exchange.tick
        for _ in range(1000):
            exchange.amend(order, price, 40 * LOT)
            exchange.advance(exchange.now_us + SECOND // 25)
        refused.append(reasons(reports_until_quiet(exchange)).count("rate_limit"))
    assert refused == [101, 0]  # the order itself is the first of 900 messages


def test_every_refusal_says_its_reason() -> None:
    exchange = open_exchange()
    top = exchange.book()
    exchange.submit("buy", top.ask + 20 * TICK, LOT)
    exchange.submit("sell", top.ask + 100 * TICK, LOT, kind="ioc")
    exchange.submit("buy", 100 * TICK, LOT)
    exchange.submit("sell", 10 * top.ask, LOT, kind="limit")
    exchange.cancel(12_345)
    exchange.amend(12_345, top.bid, LOT)
    reports = reports_until_quiet(exchange)
    assert set(reports["kind"]) == {REPORT_KINDS.index("rejected")}
    assert reasons(reports) == [
        "would_cross",
        "nothing_traded",
        "price_out_of_range",
        "price_out_of_range",
        "unknown_order",
        "unknown_order",
    ]
    check_agent_orders(exchange.world)


requests = st.lists(
    st.tuples(
        st.sampled_from(["submit", "submit", "amend", "cancel", "advance", "take", "restore"]),
        st.integers(-30, 3000),
        st.integers(1, 400),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(requests, st.sampled_from([None, 5.0, 900.0]), st.integers(1, 300))
def test_whatever_an_agent_asks_for_each_request_has_one_answer(
    asked: list[tuple[str, int, int]], limit: float | None, burst: int
) -> None:
    exchange = Exchange("volatile", 1, window_minutes=0.1, record=False, limit_per_minute=limit)
    sent, orders, reports, fills = 0, [7], [], []
    for what, number, lots in asked:
        top = exchange.book()
        price = top.bid - number * exchange.tick
        if what == "submit":
            side, kind = ("buy", "sell")[lots % 2], ("post_only", "limit", "ioc")[lots % 3]
            orders += [exchange.submit(side, price, lots * LOT, kind) for _ in range(burst)]
            sent += burst
        elif what == "amend":
            exchange.amend(orders[number % len(orders)], price, lots * LOT)
            sent += 1
        elif what == "cancel":
            for order in orders[-burst:]:
                exchange.cancel(order)
            sent += len(orders[-burst:])
        elif what == "advance":
            exchange.advance(exchange.now_us + lots * SECOND // 20)
        elif what == "take":
            events = exchange.take_events()
            reports.append(events.reports)
            fills.append(events.fills)
        else:
            exchange.restore(exchange.checkpoint())
    for order in orders:
        exchange.cancel(order)
    events = events_until_quiet(exchange)
    told = np.concatenate([*reports, events.reports])
    traded = np.concatenate([*fills, events.fills])
    assert np.count_nonzero(told["is_answer"]) == sent + len(orders)
    assert (exchange.world["venue"]["agent_orders"]["handle"] == NONE).all()
    assert np.sum(traded["side"] * traded["quantity"]) == pytest.approx(exchange.position)
    assert np.isfinite(traded["mid_1s"]).all()
    check_book(exchange.world)
    check_agent_orders(exchange.world)
    check_schedule(exchange.world)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed=-1: expected a whole number from 0"),
        ({"seed": 1.5}, "seed=1.5: expected a whole number"),
        ({"seed": "1"}, "seed='1': expected a whole number"),
        ({"seed": True}, "seed=True: expected a whole number"),
        ({"seed": 2**64}, "expected a whole number from 0"),
        ({"window_minutes": "60"}, "window_minutes='60': expected a number above 0"),
        ({"window_minutes": math.nan}, "window_minutes=nan: expected a number above 0"),
        ({"limit_per_minute": 0}, "limit_per_minute=0: expected a number above 0"),
    ],
)
def test_an_exchange_refuses_what_cannot_be_meant(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Exchange("calm", **({"seed": 1} | arguments))


def test_a_call_refuses_what_cannot_be_meant() -> None:
    exchange = Exchange("calm", 1, record=False)
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: exchange.advance(math.nan), "until_us=nan: expected a whole number from 0 to"),  # type: ignore[arg-type]
        (lambda: exchange.advance(-1), "until_us=-1: expected a whole number"),
        (lambda: exchange.advance(2**63), "expected a whole number from 0 to 31622400000000"),
        (lambda: exchange.cancel(1.5), "order=1.5: expected a whole number"),  # type: ignore[arg-type]
        (lambda: exchange.submit("buy", True, 0.1), "price=True is not a multiple of 0.001"),
    ]
    for call, message in calls:
        with pytest.raises(ValueError, match=re.escape(message)):
            call()

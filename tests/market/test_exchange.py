"""The book and the venue, driven by agents from outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from market_harness import STEADY_SAFE, check_agent_orders, check_book, check_schedule, simulate

from pytest_soak.kpi.edge import summarize
from pytest_soak.market.account import LOT_BASE, TICK_QUOTE
from pytest_soak.market.checkpoint import state_hash
from pytest_soak.market.exchange import Events, Exchange
from pytest_soak.market.feeds import REJECT_REASONS, REPORT_KINDS
from pytest_soak.market.state import AGENT, NONE
from pytest_soak.observation.validate import validated

SECOND = 1_000_000
MINUTE = 60 * SECOND
LOT = LOT_BASE


def open_exchange(market: str = "calm", seed: int = 1) -> Exchange:
    return Exchange(market, seed)


def answer(exchange: Exchange) -> Any:
    """The report that answers the only request under way, and its kind by name."""
    while exchange.advance_to_report(exchange.now_us + 5 * SECOND):
        for report in exchange.take_events().reports:
            if report["is_answer"]:
                return report, REPORT_KINDS[report["kind"]]
    raise AssertionError("no answer came")


def rest(exchange: Exchange, quantity: float = 40 * LOT, behind: int = 4) -> int:
    """Rest a bid some ticks behind the touch; return its handle."""
    order = exchange.submit("buy", exchange.book().bid - behind * TICK_QUOTE, quantity)
    assert answer(exchange)[1] == "accepted"
    return order


def queue(exchange: Exchange, order: int) -> tuple[int, Any]:
    """How many orders stand before one in its level, and the order."""
    entries = exchange.world["venue"]["agent_orders"]
    place = int(entries["order"][entries["handle"] == order][0])
    orders = exchange.world["book"]["orders"]
    before, at = 0, orders[place]["previous"]
    while at != NONE:
        before, at = before + 1, orders[at]["previous"]
    return before, orders[place]


def test_a_post_only_order_rests_and_is_cancelled_after_the_venues_latency() -> None:
    exchange = open_exchange()
    order = exchange.submit("buy", exchange.book().bid - 4, 10 * LOT)
    report, kind = answer(exchange)
    assert (kind, report["order"]) == ("accepted", order)
    assert 24_000 < report["time_us"] - report["sent_us"] < SECOND
    exchange.cancel(order)
    assert answer(exchange)[1] == "cancelled"
    exchange.cancel(order)
    assert answer(exchange)[1] == "rejected"


def test_a_post_only_order_that_would_trade_is_refused() -> None:
    exchange = open_exchange()
    exchange.submit("buy", exchange.book().ask + 20, 10 * LOT)
    assert answer(exchange)[1] == "rejected"
    assert exchange.position == 0.0


def test_a_limit_order_trades_and_its_rest_stays() -> None:
    exchange = open_exchange()
    order = exchange.submit("buy", exchange.book().ask + 2, 2000 * LOT, kind="limit")
    while exchange.position == 0.0:
        assert exchange.advance_to_event(SECOND)
    bought = exchange.position
    assert 0.0 < bought < 2000 * LOT
    _, resting = queue(exchange, order)
    assert resting["owner"] == AGENT
    assert resting["quantity"] * LOT == pytest.approx(2000 * LOT - bought)


def test_an_immediate_order_takes_what_is_there_and_never_rests() -> None:
    exchange = open_exchange()
    exchange.submit("sell", exchange.book().bid, 5000 * LOT, kind="ioc")
    exchange.advance(exchange.now_us + 2 * SECOND)
    events = exchange.take_events()
    filled = events.reports[events.reports["kind"] == REPORT_KINDS.index("filled")]
    assert -5000 * LOT < exchange.position < 0.0
    assert -filled["quantity"].sum() == pytest.approx(exchange.position)
    assert events.fills["quantity"].sum() == pytest.approx(-exchange.position)
    assert not events.fills["maker"].any()
    assert exchange.equity_quote < 0.0
    check_agent_orders(exchange.world)
    exchange.submit("sell", exchange.book().ask + 100, 5 * LOT, kind="ioc")
    assert answer(exchange)[1] == "rejected"


def test_orders_at_a_price_trade_in_the_order_of_their_arrival() -> None:
    exchange = open_exchange()
    price = exchange.book().bid
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
    assert filled
    assert filled == sorted(filled)


def test_an_amendment_to_less_keeps_the_place_in_the_queue() -> None:
    exchange = open_exchange()
    order = rest(exchange)
    price = float(queue(exchange, order)[1]["price"]) * TICK_QUOTE
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
    price = (int(queue(exchange, order)[1]["price"]) + shift) * TICK_QUOTE
    arrived = int(queue(exchange, order)[1]["time"])
    exchange.amend(order, price, lots * LOT)
    assert answer(exchange)[1] == "accepted"
    _, resting = queue(exchange, order)
    assert int(resting["time"]) > arrived
    assert (int(resting["price"]) * TICK_QUOTE, int(resting["quantity"])) == (price, lots)
    check_book(exchange.world)
    check_agent_orders(exchange.world)


def test_an_amendment_that_would_trade_is_refused_and_the_order_stays() -> None:
    exchange = open_exchange()
    order = rest(exchange)
    exchange.amend(order, exchange.book().ask + 20, 40 * LOT)
    assert answer(exchange)[1] == "rejected"
    assert int(queue(exchange, order)[1]["quantity"]) == 40


class TinyMaker:
    """Keeps one order a side at the touch; amends it when the touch has moved."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.orders: dict[str, tuple[int, float]] = {}

    def step(self) -> None:
        for report in self.exchange.take_events().reports:
            gone = report["kind"] in (1, 2, 3)
            self.orders = {s: o for s, o in self.orders.items() if not gone or o[0] != report[2]}
        top = self.exchange.book()
        for side, price in (("buy", top.bid), ("sell", top.ask)):
            if side not in self.orders:
                order = self.exchange.submit(side, price, 20 * LOT)
                self.orders[side] = (order, price)
            elif self.orders[side][1] != price:
                self.exchange.amend(self.orders[side][0], price, 20 * LOT)
                self.orders[side] = (self.orders[side][0], price)


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
    for name in ("limit_number", "market_number", "next_limit", "sigma_bps", "metaorders"):
        seen = [world["flow"][name] for world in (lane.world, idle.world, active.world)]
        assert np.array_equal(seen[0], seen[1])
        assert np.array_equal(seen[0], seen[2])
    assert idle.position == 0.0
    assert len(idle.take_events().reports) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"side": "long"}, "side='long'"),
        ({"kind": "market"}, "kind='market'"),
        ({"price": 40_000.3}, "not a multiple"),
        ({"price": float("nan")}, "not a multiple"),
        ({"quantity": 0.0}, "more than 0"),
        ({"price": 0.0}, "more than 0"),
    ],
)
def test_bad_requests_are_refused(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"side": "buy", "price": 39_990.0, "quantity": LOT}
    with pytest.raises(ValueError, match=message):
        open_exchange().submit(**(arguments | change))


def events_until_quiet(exchange: Exchange) -> Events:
    """What happened until every request so far has its answer."""
    exchange.advance(exchange.now_us + 5 * SECOND)
    venue = exchange.world["venue"]
    while (venue["request_head"], venue["report_head"]) != (
        *(venue["request_tail"], venue["report_tail"]),
    ):
        exchange.advance(exchange.now_us + 5 * SECOND)
    return exchange.take_events()


def reports_until_quiet(exchange: Exchange) -> Any:
    """Every report on the requests so far."""
    return events_until_quiet(exchange).reports


def reasons(reports: Any) -> list[str]:
    """Why the venue refused, of each answer."""
    return [REJECT_REASONS[number] for number in reports["reason"][reports["is_answer"]]]


def far_bid(exchange: Exchange) -> float:
    """A price at which nothing trades within the test."""
    return exchange.book().bid - 400 * TICK_QUOTE


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
        price = float(queue(exchange, order)[1]["price"]) * TICK_QUOTE
        for _ in range(1000):
            exchange.amend(order, price, 40 * LOT)
            exchange.advance(exchange.now_us + SECOND // 25)
        refused.append(reasons(reports_until_quiet(exchange)).count("rate_limit"))
    assert refused == [101, 0]  # the order itself is the first of 900 messages


def test_every_refusal_says_its_reason() -> None:
    exchange = open_exchange()
    top = exchange.book()
    exchange.submit("buy", top.ask + 20, LOT)
    exchange.submit("sell", top.ask + 100, LOT, kind="ioc")
    exchange.submit("buy", 1.0, LOT)
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


class BlindMaker:
    """Puts an order a side at the touch and takes the last ones back, whatever has become of them.

    What it asks for does not depend on when events are taken.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.orders: list[int] = []

    def quote(self) -> None:
        top = self.exchange.book()
        for order in self.orders:
            self.exchange.cancel(order)
        self.orders = [
            self.exchange.submit(side, price, 20 * LOT)
            for side, price in (("buy", top.bid), ("sell", top.ask))
        ]


def test_a_fills_markout_is_the_mid_a_second_later_whenever_events_are_taken() -> None:
    often, once = (Exchange("volatile", 3, window_minutes=0.5) for _ in range(2))
    taken = []
    for exchange in (often, once):
        maker = BlindMaker(exchange)
        for step in range(1, 10 * 180 + 1):
            exchange.advance(step * SECOND // 10)
            if exchange is often:
                taken.append(exchange.take_events())
            if step % 10 == 0:
                maker.quote()
    rows = np.concatenate([events.fills for events in taken])
    assert len(rows) > 20
    assert rows.tobytes() == once.take_events().fills.tobytes()
    assert np.isfinite(rows["mid_1s"]).all()
    assert len(set((rows["time_us"] // (SECOND // 2 * 60)).tolist())) > 1
    assert (rows["mid_1s"] != rows["mid"]).any()


def test_a_markout_is_the_mid_at_its_time() -> None:
    exchange = Exchange("volatile", 3, window_minutes=0.02)  # a window ends within the second
    exchange.submit("buy", exchange.book().ask + 8, 100 * LOT, kind="ioc")
    while exchange.position == 0.0:
        exchange.advance_to_event(SECOND)
    exchange.advance_to_event(SECOND)
    assert len(exchange.take_events().fills) == 0
    filled = exchange.world["account"]
    assert filled["position"] > 0
    exchange.advance(3 * SECOND)
    fill = exchange.take_events().fills[0]
    again = Exchange("volatile", 3, window_minutes=0.02)
    again.submit("buy", again.book().ask + 8, 100 * LOT, kind="ioc")
    again.advance(int(fill["time_us"]) + SECOND)
    assert fill["mid_1s"] == float(again.world["mid"]) * TICK_QUOTE


def test_a_restored_exchange_goes_on_bit_for_bit_with_what_had_not_been_taken() -> None:
    exchange = Exchange("spike", 5, window_minutes=0.5, limit_per_minute=100)
    maker = BlindMaker(exchange)
    for step in range(1, 200):
        exchange.advance(step * SECOND // 4)
        maker.quote()
    exchange.submit("buy", exchange.book().bid, 2 * LOT)
    saved = exchange.checkpoint()
    other = Exchange("calm", 1)
    other.advance(7 * SECOND)
    other.restore(saved)
    assert other.now_us == exchange.now_us
    assert other.checkpoint() == saved
    for each in (exchange, other):
        each.advance(each.now_us + 45 * SECOND)
        each.cancel(each.submit("sell", each.book().ask, 3 * LOT))
        each.advance(each.now_us + 45 * SECOND)
    assert state_hash(exchange.world) == state_hash(other.world)
    for mine, its in zip(
        vars(exchange.take_events()).values(), vars(other.take_events()).values(), strict=True
    ):
        assert mine.tobytes() == its.tobytes()
        assert len(mine)


def test_what_is_no_checkpoint_is_refused_and_changes_nothing() -> None:
    exchange = open_exchange()
    exchange.advance(SECOND)
    whole, before = exchange.checkpoint(), state_hash(exchange.world)
    for damaged in (b"", b"x" * 100, whole[:500], whole[:-9], whole[:20] + whole[21:]):
        with pytest.raises(ValueError, match="checkpoint"):
            exchange.restore(damaged)
        assert (exchange.now_us, state_hash(exchange.world)) == (SECOND, before)


def test_what_an_agent_did_becomes_an_observation_that_is_true() -> None:
    exchange = Exchange("volatile", 2)
    maker = TinyMaker(exchange)

    def trade(seconds: int) -> None:
        for _ in range(2 * seconds):
            maker.step()
            exchange.advance(exchange.now_us + SECOND // 2)

    trade(61)
    exchange.begin_observation()
    with pytest.raises(RuntimeError, match="end_observation"):
        exchange.checkpoint()
    before, held = exchange.equity_quote, exchange.position
    trade(300)
    seen = exchange.end_observation()
    found = validated(seen, 5)
    assert (found.faults, found.notes) == ((), ())
    kpis = summarize(found.observation).kpis
    assert kpis["net_quote"] == pytest.approx(exchange.equity_quote - before)
    assert (seen.inventory_start, seen.inventory_end) == (held, exchange.position)
    assert len(seen.marks) == 300
    assert np.isfinite(seen.fills["mid_1s"][seen.fills["time_us"] < seen.end_us - SECOND]).all()
    given = ("adverse_bps", "p95_latency_ms", "order_age_p95_ms", "ws_lag_p95_ms", "cancel_ratio")
    assert all(kpis[name] is not None for name in given)
    assert kpis["risk_ratio"] is None
    with pytest.raises(RuntimeError, match="begin_observation"):
        exchange.end_observation()


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
        price = top.bid - number * TICK_QUOTE
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

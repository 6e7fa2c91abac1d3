"""What the exchange saw of an account, as the feeds of a bot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.exchange.feeds import AccountFeeds, write
from pytest_soak.exchange.record import Event, Execution, Mark, OrderState, Request
from pytest_soak.observation.conserve import unbalanced
from pytest_soak.observation.growing import GrowingFeeds

SECOND = 1_000_000
START = 20_000 * 86_400 * SECOND


def request(endpoint: str = "POST /v5/order/create", **changed: Any) -> Request:
    given: dict[str, Any] = {"time_us": START, "connection": 1, "account": "bot", "via": "rest"}
    return Request(
        **given | {"endpoint": endpoint, "code": 0, "http": 200, "took_us": 1500} | changed
    )


def order(status: str = "New", time_us: int = START, **changed: Any) -> OrderState:
    given: dict[str, Any] = {
        "account": "bot",
        "category": "linear",
        "symbol": "BTCUSDT",
        "order_id": "7",
    }
    given |= {"link_id": "", "side": "Buy", "kind": "Limit", "time_in_force": "GTC"}
    return OrderState(
        time_us=time_us, price=100.0, quantity=1.0, filled=0.0, status=status, **given | changed
    )


def fill(time_us: int, side: str, price: float, quantity: float, **changed: Any) -> Execution:
    given: dict[str, Any] = {
        "account": "bot",
        "category": "linear",
        "symbol": "BTCUSDT",
        "exec_id": f"e{time_us}",
    }
    given |= {"order_id": "7", "link_id": "", "maker": True, "fee": 0.0, "fee_currency": "USDT"}
    return Execution(
        time_us=time_us,
        side=side,
        price=price,
        quantity=quantity,
        mid=price,
        position=0.0,
        **given | changed,
    )


def mark(time_us: int, mid: float = 100.0, **changed: Any) -> Mark:
    given: dict[str, Any] = {"account": "bot", "symbol": "BTCUSDT", "position": 0.0}
    given |= {"equity_quote": 0.0, "open_orders": 0}
    return Mark(time_us=time_us, bid=mid - 0.5, ask=mid + 0.5, **given | changed)


def rows(*events: Event) -> list[tuple[str, dict[str, Any]]]:
    return list(AccountFeeds("bot").rows(events))


def test_a_fill_told_before_its_order_says_what_is_traded() -> None:
    other, own = mark(START, symbol="ETHUSDT"), fill(START + 1, "Buy", 100.0, 1.0)
    found = rows(other, own, order("Filled", START + 1), mark(START + 2, symbol="ETHUSDT"))
    assert [name for name, _ in found] == ["fills"]


def test_a_request_is_an_order_message_and_its_acknowledgement() -> None:
    assert rows(request()) == [
        ("orders", {"time_us": START, "sent": 1}),
        ("acks", {"time_us": START + 1500, "latency_ms": 1.5}),
    ]


@pytest.mark.parametrize(
    ("endpoint", "counted"),
    [
        ("POST /v5/order/amend", "sent"),
        ("order.create", "sent"),
        ("POST /v5/order/cancel-all", "cancelled"),
        ("order.cancel", "cancelled"),
    ],
)
def test_requests_are_counted_as_what_they_ask_for(endpoint: str, counted: str) -> None:
    assert rows(request(endpoint, answered=False)) == [("orders", {"time_us": START, counted: 1})]


def test_a_refused_order_is_sent_and_not_acknowledged() -> None:
    assert rows(request(code=110072)) == [("orders", {"time_us": START, "sent": 1})]


def test_a_request_that_asks_for_no_change_is_in_no_feed() -> None:
    assert rows(request("GET /v5/order/realtime")) == []


def test_what_others_do_is_not_told() -> None:
    assert rows(request(account="else"), mark(START, account="else")) == []


def test_nothing_is_marked_before_the_bot_has_come() -> None:
    assert rows(mark(START)) == []
    told = rows(request("GET /v5/position/list"), mark(START + SECOND))
    assert [name for name, _ in told] == ["marks"]


def test_marks_are_of_the_symbol_of_the_first_order() -> None:
    feeds = AccountFeeds("bot")
    events: list[Event] = [request(), mark(START), order(symbol="ETHUSDT"), mark(START + 1)]
    told = [*feeds.rows([*events, mark(START + 2, symbol="ETHUSDT")])]
    assert [row["time_us"] for name, row in told if name == "marks"] == [START, START + 2]


def test_trades_elsewhere_are_counted() -> None:
    feeds = AccountFeeds("bot")
    told = [*feeds.rows([order(), fill(START, "Buy", 100, 1, symbol="ETHUSDT")])]
    assert (told, feeds.elsewhere) == ([], 1)


@pytest.mark.parametrize("end", ["Filled", "Cancelled"])
def test_the_age_of_an_order_is_told_when_it_leaves_the_book(end: str) -> None:
    later = START + 2 * SECOND
    told = rows(order(), order("PartiallyFilled", START + SECOND), order(end, later))
    assert told == [("orders", {"time_us": later, "age_ms": 2000.0})]


def test_an_order_that_never_rested_has_no_age() -> None:
    assert rows(order("Rejected"), order("Cancelled", order_id="8")) == []


trades = st.lists(
    st.tuples(
        st.sampled_from(["Buy", "Sell"]),
        st.integers(9_000, 11_000),
        st.integers(1, 500),
        st.integers(9_000, 11_000),
    ),
    min_size=1,
    max_size=30,
)


@given(trades, st.booleans())
def test_fills_and_marks_are_of_one_account(
    tmp_path_factory: pytest.TempPathFactory, deals: list[tuple[str, int, int, int]], spot: bool
) -> None:
    """Also where a buy is charged in base, as on spot."""
    cash = base = 0.0
    events: list[Event] = [request(), order(), mark(START)]
    for number, (side, price_ticks, lots, mid_ticks) in enumerate(deals, 1):
        price, quantity, mid = price_ticks / 100, lots / 1000, mid_ticks / 100
        sign, time = 1 if side == "Buy" else -1, START + number * SECOND
        in_base = spot and sign > 0
        fee = 0.001 * quantity * (1 if in_base else price)
        base += sign * quantity - (fee if in_base else 0)
        cash -= sign * quantity * price + (0 if in_base else fee)
        coin = "BTC" if in_base else "USDT"
        events.append(fill(time - 5, side, price, quantity, fee=fee, fee_currency=coin))
        events.append(mark(time, mid, position=base, equity_quote=cash + base * mid))
    folder = tmp_path_factory.mktemp("feeds")
    write(folder, AccountFeeds("bot").rows(events))
    feeds = GrowingFeeds(folder)
    assert feeds.poll() == []
    seen = feeds.window(START, START + (len(deals) + 1) * SECOND)
    assert (len(seen.fills), len(seen.marks)) == (len(deals), len(deals) + 1)
    assert list(unbalanced(seen, None)) == []


def test_each_day_has_a_file(tmp_path: Path) -> None:
    day = 86_400 * SECOND
    write(tmp_path, rows(request(), mark(START + 1), mark(START + day)))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "acks_20241004.jsonl",
        "marks_20241004.jsonl",
        "marks_20241005.jsonl",
        "orders_20241004.jsonl",
    ]

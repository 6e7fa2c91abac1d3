"""The ledger: what holds after whatever trades."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.exchange.instruments import Traded, read_instruments, traded
from pytest_soak.exchange.ledger import margin
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.ledger.booking import Fill, book, end, spare
from pytest_soak.exchange.ledger.orders import Order, Side
from pytest_soak.exchange.ledger.positions import Position
from pytest_soak.exchange.ledger.positions import traded as after

LISTED = read_instruments(None, Path()).symbols
LINEAR = traded("BTCUSDT", LISTED["BTCUSDT"], LISTED["BTCUSDT"].instrument)
SPOT = traded("BTCUSDC", LISTED["BTCUSDC"], LISTED["BTCUSDC"].instrument)
UNITS = {one.symbol: one for one in (LINEAR, SPOT)}
MARK = Decimal(60_000)
MARKS = dict.fromkeys(UNITS, MARK)
CLOSE = Decimal("1e-9")

lots = st.integers(1, 500)
prices = st.integers(50_000, 70_000).map(Decimal)
trades = st.lists(st.tuples(st.booleans(), lots, prices, st.booleans()), min_size=1, max_size=30)


def account() -> Account:
    coins = {coin: Decimal(1_000_000) for coin in ("USDT", "USDC", "BTC")}
    return Account("a", "key", "secret", 1, coins)


def an_order(listed: Traded, side: Side, quantity: Decimal, number: int, price: Decimal) -> Order:
    return Order(
        order_id=str(number),
        link_id="",
        account="a",
        category=listed.category,
        symbol=listed.symbol,
        side=side,
        kind="Limit",
        time_in_force="GTC",
        price=price,
        quantity=quantity,
        reserved_price=price,
        created_us=number,
        updated_us=number,
        status="New",
    )


def traded_all(listed: Traded, rows: list[tuple[bool, int, Decimal, bool]]) -> Account:
    found = account()
    for number, (buys, count, price, maker) in enumerate(rows):
        quantity = count * listed.lot
        order = an_order(listed, "Buy" if buys else "Sell", quantity, number, price)
        found.open[order.order_id] = order
        book(
            found,
            order,
            listed,
            Fill(number, price, quantity, maker, f"x{number}", number, MARK),
        )
    return found


@given(trades)
def test_a_position_is_the_sum_of_its_trades(rows: list[tuple[bool, int, Decimal, bool]]) -> None:
    found = traded_all(LINEAR, rows)
    for one, (_, _, _, maker) in zip(found.fills, rows, strict=True):
        assert one.fee == one.value * (LINEAR.maker_fee if maker else LINEAR.taker_fee)
        assert (one.order.status, one.leaves) == ("Filled", Decimal(0))
    signed = sum(((1 if buys else -1) * count for buys, count, _, _ in rows), 0)
    assert found.net("BTCUSDT") == signed * LINEAR.lot
    assert found.flows["BTCUSDT"].base == signed * LINEAR.lot
    assert sum((one.order.sign * one.quantity for one in found.fills), Decimal(0)) == found.net(
        "BTCUSDT"
    )


@given(trades)
def test_money_neither_comes_nor_goes(rows: list[tuple[bool, int, Decimal, bool]]) -> None:
    """Profit that is realised and that is not is what was paid and got, less fees."""
    found = traded_all(LINEAR, rows)
    gained = found.held("USDT") - found.began["USDT"]
    open_profit = found.position("BTCUSDT").profit(MARK)
    flow = found.flows["BTCUSDT"]
    assert abs(gained + open_profit - (flow.cash + flow.base * MARK)) < CLOSE
    fees = sum((one.fee for one in found.fills), Decimal(0))
    paid = sum((one.order.sign * one.value for one in found.fills), Decimal(0))
    assert abs(flow.cash + paid + fees) < CLOSE


@given(trades)
def test_spot_moves_coins_and_takes_its_fee_in_what_is_had(
    rows: list[tuple[bool, int, Decimal, bool]],
) -> None:
    found = traded_all(SPOT, rows)
    base = found.held("BTC") - found.began["BTC"]
    quote = found.held("USDC") - found.began["USDC"]
    assert {one.fee_coin for one in found.fills} <= {"BTC", "USDC"}
    for one in found.fills:
        assert one.fee_coin == ("BTC" if one.order.side == "Buy" else "USDC")
    assert base == found.flows["BTCUSDC"].base
    assert quote == found.flows["BTCUSDC"].cash
    assert found.positions == {}


@given(trades)
def test_what_is_closed_is_never_more_than_there_was(
    rows: list[tuple[bool, int, Decimal, bool]],
) -> None:
    position = Position()
    for buys, count, price, _ in rows:
        change = after(position, (1 if buys else -1) * Decimal(count), price)
        assert 0 <= change.closed <= abs(position.size)
        if change.position.size:
            low, high = sorted((change.position.entry, price))
            assert low <= high
            assert (change.position.cost > 0) == (change.position.size > 0)
        else:
            assert change.position.cost == 0
        position = change.position


@given(st.lists(st.tuples(st.booleans(), lots, prices), max_size=12))
def test_what_is_open_is_kept_and_freed(rows: list[tuple[bool, int, Decimal]]) -> None:
    found = account()
    before = {c: margin.available(found, c, UNITS, MARKS) for c in found.coins}
    for number, (buys, count, price) in enumerate(rows):
        listed = SPOT if number % 2 else LINEAR
        side: Side = "Buy" if buys else "Sell"
        order = an_order(listed, side, count * listed.lot, number, price)
        coin, amount = margin.needed(found, order, listed)
        free = margin.available(found, coin, UNITS, MARKS)
        found.open[order.order_id] = order
        kept = free - margin.available(found, coin, UNITS, MARKS)
        assert 0 < kept <= amount
    for order in [*found.open.values()]:
        end(found, order, 1, "EC_PerCancelRequest", "CancelByUser")
    assert {c: margin.available(found, c, UNITS, MARKS) for c in found.coins} == before
    assert found.open == {}
    assert [*found.closed] == [str(number) for number in range(len(rows))]


def test_an_order_against_a_position_keeps_nothing() -> None:
    found = traded_all(LINEAR, [(True, 100, MARK, False)])
    against = an_order(LINEAR, "Sell", 100 * LINEAR.lot, 7, MARK)
    assert margin.needed(found, against, LINEAR) == ("USDT", Decimal(0))
    more = an_order(LINEAR, "Sell", 101 * LINEAR.lot, 8, MARK)
    assert margin.needed(found, more, LINEAR)[1] > 0


@pytest.mark.parametrize(
    ("had", "side", "resting", "most"),
    [
        (100, "Sell", 0, 100),
        (100, "Sell", 60, 40),
        (100, "Sell", 200, 0),
        (100, "Buy", 0, 0),
        (-50, "Buy", 20, 30),
        (0, "Sell", 0, 0),
    ],
)
def test_reduce_only_may_be_for_what_is_not_reduced_yet(
    had: int, side: Side, resting: int, most: int
) -> None:
    found = account()
    found.positions["BTCUSDT", 0] = replace(Position(), size=had * LINEAR.lot)
    if resting:
        one = an_order(LINEAR, side, resting * LINEAR.lot, 1, MARK)
        one.reduce_only = True
        found.open["1"] = one
    order = an_order(LINEAR, side, LINEAR.lot, 2, MARK)
    order.reduce_only = True
    assert spare(found, order) == most * LINEAR.lot


def test_a_spot_order_that_ends_partly_filled_says_so() -> None:
    found = account()
    for listed, status in ((SPOT, "PartiallyFilledCanceled"), (LINEAR, "Cancelled")):
        order = an_order(listed, "Buy", 10 * listed.lot, 1, MARK)
        found.open["1"] = order
        book(found, order, listed, Fill(1, MARK, listed.lot, True, "x", 1, MARK))
        assert order.status == "PartiallyFilled"
        end(found, order, 2, "EC_NoError", "CancelByUser")
        assert (order.status, order.leaves) == (status, Decimal(0))


def test_closed_orders_and_links_stay_known() -> None:
    found = account()
    order = an_order(LINEAR, "Buy", LINEAR.lot, 1, MARK)
    order.link_id = "mine"
    found.open["1"], found.links["mine"] = order, "1"
    end(found, order, 2, "EC_NoError", "CancelByUser")
    assert found.find("1", "") is order
    assert found.find("", "mine") is order
    assert found.find("1", "other") is None
    assert found.find("2", "") is None

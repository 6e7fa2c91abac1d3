"""What becomes of orders, as a client sees it over HTTP and the private socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from loopback import BTC, Bot, loopback, settings, topics

from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.private import PrivateFeed
from pytest_soak.exchange.record import Execution, OrderState
from pytest_soak.exchange.sockets.connection import Connection

Found = TypeVar("Found")


def on_loopback(main: Callable[[Bot], Awaitable[Found]], **how: Any) -> Found:
    async def run() -> Found:
        async with loopback(settings(limits=False, **how)) as bot:
            return await main(bot)

    return virtual_time.run(run())


async def resting(bot: Bot, behind: int = 30, **more: Any) -> str:
    bid, _ = await bot.best()
    answer = await bot.order("Buy", price=str(bid - behind), **more)
    return str(answer["result"]["orderId"])


async def closed(bot: Bot, order_id: str) -> dict[str, Any]:
    (row,) = await bot.open_orders(orderId=order_id)
    return row


def test_an_order_rests_is_amended_and_cancelled() -> None:
    async def main(bot: Bot) -> None:
        name = await resting(bot, orderLinkId="mine")
        (row,) = await bot.open_orders()
        assert (row["orderStatus"], row["orderLinkId"]) == ("New", "mine")
        price = str(float(row["price"]) - 5)
        where = {"category": "linear", "symbol": BTC}
        answer = await bot.post("/v5/order/amend", **where, orderLinkId="mine", price=price)
        assert answer["result"] == {"orderId": name, "orderLinkId": "mine"}
        (row,) = await bot.open_orders()
        assert float(row["price"]) == float(price)
        assert (await bot.post("/v5/order/cancel", **where, orderId=name))["retCode"] == 0
        assert await bot.open_orders() == []
        row = await closed(bot, name)
        assert (row["orderStatus"], row["cancelType"]) == ("Cancelled", "CancelByUser")
        assert (await bot.post("/v5/order/cancel", **where, orderId=name))["retCode"] == 110001
        states = [one.status for one in bot.of(OrderState)]
        assert states == ["New", "New", "Cancelled"]

    on_loopback(main)


def test_a_link_is_never_free_again() -> None:
    async def main(bot: Bot) -> None:
        await resting(bot, orderLinkId="mine")
        assert (await bot.order(orderLinkId="mine"))["retCode"] == 110072
        await bot.post("/v5/order/cancel-all", category="linear", symbol=BTC)
        assert (await bot.order(orderLinkId="mine"))["retCode"] == 110072
        assert (await bot.order(orderLinkId="other"))["retCode"] == 0

    on_loopback(main)


def test_the_link_of_an_order_that_never_was_is_free() -> None:
    async def main(bot: Bot) -> None:
        assert (await bot.order(price="50000", orderLinkId="mine"))["retCode"] == 110003
        assert (await bot.order(orderLinkId="mine"))["retCode"] == 0

    on_loopback(main)


def test_market_orders_make_and_close_a_position() -> None:
    async def main(bot: Bot) -> None:
        await bot.order("Buy", "0.03")
        assert await bot.position() == 0.03
        await bot.order("Sell", "0.05")
        assert await bot.position() == -0.02
        fills = bot.of(Execution)
        assert fills[-1].position == -0.02
        assert {one.maker for one in fills} == {False}
        (row, *_) = (await bot.get("/v5/execution/list", category="linear"))["result"]["list"]
        assert row["execId"] == fills[-1].exec_id
        assert float(row["execFee"]) > 0

    on_loopback(main)


def test_post_only_that_would_take_is_acknowledged_and_cancelled() -> None:
    async def main(bot: Bot) -> None:
        _, ask = await bot.best()
        answer = await bot.order("Buy", price=str(ask), timeInForce="PostOnly")
        assert answer["retCode"] == 0
        row = await closed(bot, answer["result"]["orderId"])
        assert row["orderStatus"] == "Cancelled"
        assert row["rejectReason"] == "EC_PostOnlyWillTakeLiquidity"

    on_loopback(main)


def test_fill_or_kill_is_all_or_nothing() -> None:
    async def main(bot: Bot) -> None:
        _, ask = await bot.best()
        too_much = await bot.order("Buy", "10", price=str(ask), timeInForce="FOK")
        row = await closed(bot, too_much["result"]["orderId"])
        assert (row["orderStatus"], row["cumExecQty"]) == ("Cancelled", "0")
        assert row["rejectReason"] == "EC_NoEnoughQtyToFill"
        little = await bot.order("Buy", "0.001", price=str(ask), timeInForce="FOK")
        assert (await closed(bot, little["result"]["orderId"]))["orderStatus"] == "Filled"

    on_loopback(main)


def test_immediate_or_cancel_takes_what_there_is() -> None:
    async def main(bot: Bot) -> None:
        bid, ask = await bot.best()
        nothing = await bot.order("Buy", price=str(bid), timeInForce="IOC")
        row = await closed(bot, nothing["result"]["orderId"])
        assert (row["orderStatus"], row["rejectReason"]) == ("Cancelled", "EC_NoImmediateQtyToFill")
        part = await bot.order("Buy", "10", price=str(ask), timeInForce="IOC")
        row = await closed(bot, part["result"]["orderId"])
        assert row["orderStatus"] == "Cancelled"
        assert 0 < float(row["cumExecQty"]) < 10
        assert await bot.position() == float(row["cumExecQty"])

    on_loopback(main)


def test_an_amendment_that_crosses_trades() -> None:
    async def main(bot: Bot) -> None:
        name = await resting(bot)
        _, ask = await bot.best()
        where = {"category": "linear", "symbol": BTC, "orderId": name}
        assert (await bot.post("/v5/order/amend", **where, price=str(ask)))["retCode"] == 0
        assert (await closed(bot, name))["orderStatus"] == "Filled"
        assert await bot.position() == 0.01

    on_loopback(main)


def test_an_amendment_of_a_post_only_order_that_crosses_ends_it() -> None:
    async def main(bot: Bot) -> None:
        name = await resting(bot, timeInForce="PostOnly")
        _, ask = await bot.best()
        where = {"category": "linear", "symbol": BTC, "orderId": name}
        assert (await bot.post("/v5/order/amend", **where, price=str(ask)))["retCode"] == 0
        row = await closed(bot, name)
        assert (row["orderStatus"], row["rejectReason"]) == (
            "Cancelled",
            "EC_PostOnlyWillTakeLiquidity",
        )

    on_loopback(main)


@pytest.mark.parametrize("latency", ["venue", "none"])
def test_an_amendment_says_what_the_order_is_for_in_all(latency: str) -> None:
    async def main(bot: Bot) -> None:
        _, ask = await bot.best()
        answer = await bot.order("Sell", "1.5", price=str(ask), timeInForce="PostOnly")
        where = {"category": "linear", "symbol": BTC, "orderId": answer["result"]["orderId"]}
        row = {"cumExecQty": "0"}
        while row["cumExecQty"] == "0":
            await asyncio.sleep(0.5)
            (row,) = await bot.open_orders()
        change = {"qty": "1.2", "price": str(ask + 40)}
        assert (await bot.post("/v5/order/amend", **where, **change))["retCode"] == 0
        (row,) = await bot.open_orders()
        assert (row["qty"], row["orderStatus"]) == ("1.2", "PartiallyFilled")
        market = bot.exchange.venue.markets[BTC]
        (order,) = bot.exchange.venue.accounts["key"].open.values()
        left = market.remaining(order.handle) * market.listed.lot
        assert left == order.leaves == Decimal("1.2") - Decimal(row["cumExecQty"])
        less = await bot.post("/v5/order/amend", **where, qty="0.001")
        assert less["retCode"] == 10001

    on_loopback(main, latency=latency)


def test_an_amendment_to_less_than_is_filled_by_then_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main(bot: Bot) -> None:
        name = await resting(bot, qty="0.5")
        monkeypatch.setattr(SymbolMarket, "remaining", lambda *_: 1)  # the rest has filled
        where = {"category": "linear", "symbol": BTC, "orderId": name}
        amending = bot.post("/v5/order/amend", **where, qty="0.4")
        assert (await asyncio.wait_for(amending, 5.0))["retCode"] == 10001
        (row,) = await bot.open_orders()
        assert (row["qty"], row["orderStatus"]) == ("0.5", "New")

    on_loopback(main, latency="venue")


def test_reduce_only_never_does_more() -> None:
    async def main(bot: Bot) -> None:
        assert (await bot.order("Sell", reduceOnly=True))["retCode"] == 110017
        await bot.order("Buy", "0.02")
        assert (await bot.order("Buy", reduceOnly=True))["retCode"] == 110017
        _, ask = await bot.best()
        for _ in range(2):
            await bot.order("Sell", "0.015", price=str(ask + 50), reduceOnly=True)
        assert [row["qty"] for row in await bot.open_orders()] == ["0.005", "0.015"]
        await bot.order("Sell", "0.05", reduceOnly=True)
        assert await bot.position() == 0.02  # the resting ones reduce all of it already
        await bot.order("Sell", "0.012")
        assert await bot.position() == 0.008
        await asyncio.sleep(0.1)
        left = sum(float(row["qty"]) for row in await bot.open_orders())
        assert left <= 0.008

    on_loopback(main)


def test_hedge_mode_has_two_positions() -> None:
    async def main(bot: Bot) -> None:
        where: dict[str, Any] = {"category": "linear", "symbol": BTC}
        switch = "/v5/position/switch-mode"
        assert (await bot.order(positionIdx=1))["retCode"] == 10001
        assert (await bot.post(switch, **where, mode=3))["retCode"] == 0
        assert (await bot.post(switch, **where, mode=3))["retCode"] == 110025
        of_coin: dict[str, Any] = {"category": "linear", "coin": "USDT"}
        for _ in range(2):
            assert (await bot.post(switch, **of_coin, mode=3))["retCode"] == 0
        assert (await bot.order())["retCode"] == 10001
        await bot.order("Buy", "0.03", positionIdx=1)
        await bot.order("Sell", "0.02", positionIdx=2)
        assert (await bot.order("Buy", "0.05", positionIdx=2))["retCode"] == 0
        rows = (await bot.get("/v5/position/list", **where))["result"]["list"]
        assert [(r["positionIdx"], r["side"], r["size"]) for r in rows] == [
            (1, "Buy", "0.03"),
            (2, "", "0"),
        ]
        assert (await bot.post(switch, **where, mode=0))["retCode"] == 110024

    on_loopback(main)


def test_what_cannot_be_paid_for_is_refused() -> None:
    async def main(bot: Bot) -> None:
        bid, _ = await bot.best()
        assert (await bot.order("Buy", "50", price=str(bid)))["retCode"] == 110007
        spot = {"category": "spot", "symbol": "BTCUSDC", "orderType": "Limit"}
        for side, qty, price in (("Buy", "3", "59000"), ("Sell", "2.5", "61000")):
            answer = await bot.post("/v5/order/create", side=side, qty=qty, price=price, **spot)
            assert answer["retCode"] == 170131

    async def run() -> None:
        async with loopback(settings(BTC, "BTCUSDC")) as bot:
            await main(bot)

    virtual_time.run(run())


def test_what_is_wrong_with_an_order_is_said() -> None:
    async def main(bot: Bot) -> None:
        wrong: list[dict[str, Any]] = [
            {"price": "59000.5"},
            {"price": "-1"},
            {"price": "NaN"},
            {"price": "59000", "qty": "0.0015"},
            {"price": "59000", "qty": "0"},
            {"price": "59000", "qty": "1e400"},
            {"price": "59000", "qty": None},
            {"side": "buy"},
            {"orderType": "Stop"},
            {"timeInForce": "GTD", "price": "59000"},
            {"symbol": "DOGEUSDT"},
            {"category": "inverse"},
            {"triggerPrice": "59000"},
            {"orderLinkId": "x" * 37},
            {"positionIdx": 7},
        ]
        for args in wrong:
            answer = await bot.post(
                "/v5/order/create",
                **{"category": "linear", "symbol": BTC, "side": "Buy", "orderType": "Limit"}
                | {"qty": "0.01", "price": "59000"}
                | args,
            )
            assert answer["retCode"] == 10001, args
        assert (await bot.order("Buy", "0.001", price="900"))["retCode"] == 110094
        assert (await bot.order("Buy", price="50000"))["retCode"] == 110003
        assert bot.of(OrderState) == []

    on_loopback(main)


def test_the_book_holds_so_many_orders_and_no_more() -> None:
    async def main(bot: Bot) -> None:
        bid, _ = await bot.best()
        answers = [
            (await bot.order("Buy", "0.001", price=str(bid - 30 - n % 100)))["retCode"]
            for n in range(258)
        ]
        assert answers == [0] * 256 + [110020] * 2
        gone = await bot.post("/v5/order/cancel-all", category="linear", symbol=BTC)
        assert len(gone["result"]["list"]) == 256

    on_loopback(main)


def test_messages_of_a_fill_come_in_their_order_after_the_answer() -> None:
    async def main(bot: Bot) -> None:
        async with bot.socket("private", auth=True) as wire:
            await wire.subscribe("wallet", "position", "order", "execution")
            await bot.order("Buy", "0.001")
            found = await wire.hear_topics("wallet")
            assert topics(found) == ["execution", "order", "position", "wallet"]
            execution, order = found[0]["data"][0], found[1]["data"][0]
            assert execution["orderId"] == order["orderId"]
            assert order["orderStatus"] == "Filled"

    on_loopback(main)


@pytest.mark.parametrize("latency", ["venue", "none"])
@pytest.mark.parametrize("answers_first", [True, False])
def test_answers_come_first_unless_told_otherwise(
    answers_first: bool, latency: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    send = Connection.send

    def noted(connection: Connection, data: bytes) -> None:
        sent.append(connection.path)
        send(connection, data)

    async def main(bot: Bot) -> None:
        async with (
            bot.socket("trade", auth=True) as trade,
            bot.socket("private", auth=True) as private,
        ):
            await private.subscribe("order", "execution")
            monkeypatch.setattr(Connection, "send", noted)
            order = {"category": "linear", "symbol": BTC, "side": "Buy", "orderType": "Market"}
            await trade.say(op="order.create", reqId="1", args=[{**order, "qty": "0.001"}])
            await private.hear_topics("execution", "order")
            await trade.hear()

    on_loopback(main, latency=latency, answers_first=answers_first)
    private, trade = "/v5/private", "/v5/trade"
    assert sent == ([trade, private, private] if answers_first else [private, private, trade])


def test_messages_wait_for_every_answer_that_is_due() -> None:
    told: list[str] = []
    feed = PrivateFeed(lambda key, topic, rows: told.append(f"{key} {topic}"), answers_first=True)
    feed.hold("a", 1)
    feed.hold("a", 2)
    feed.tell("a", "order", [])
    feed.tell("b", "order", [])
    assert told == ["b order"]
    feed.release("a", 1)
    assert told == ["b order"]
    feed.tell("a", "wallet", [])
    feed.release("a", 2)
    assert told == ["b order", "a order", "a wallet"]
    feed.release("a", 2)
    feed.tell("a", "order", [])
    assert len(told) == 4

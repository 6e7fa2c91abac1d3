"""Whatever is asked, in whatever order and through whatever faults: the money is right.

Ledger, executions, positions, wallet and orders say the same, over HTTP and over sockets.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from fault_schedules import schedule
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from loopback import BTC, Bot, Wire, loopback, settings

from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.faults.scheduled import Scheduled
from pytest_soak.exchange.interference import Interference
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.record import Execution, OrderState

SPOT = "BTCUSDC"
CATEGORY = {BTC: "linear", SPOT: "spot"}
LOT = {BTC: Decimal("0.001"), SPOT: Decimal("0.0001")}
ZERO = Decimal(0)
EXACT = Decimal("1e-18")
"""A part of an average has no end; all else is exact."""
STORM = schedule(
    "name: gateway_error, kind: gateway_error, at: 1s, for: 30s, share: 0.3",
    "name: late_answer, kind: late_answer, at: 1s, for: 30s, share: 0.3, seconds: 0.7",
    "name: late_cancels, kind: late_cancels, at: 1s, for: 30s, share: 0.5, seconds: 1.0",
    "name: hold_requests, kind: hold_requests, at: 1s, for: 30s, share: 0.2, seconds: 0.4",
    "name: drop, kind: drop, sockets: private, at: 3s",
)


def limited(examples: int) -> limits:
    """So many examples, of half a second each: the first that fails is told as it is."""
    return limits(
        max_examples=examples,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@dataclass(frozen=True)
class Op:
    """One thing that is asked for: `nth` is of the orders so far, `ticks` from the touch."""

    what: str
    symbol: str = BTC
    side: str = "Buy"
    ticks: int = 0
    lots: int = 10
    time_in_force: str = "GTC"
    reduce_only: bool = False
    nth: int = 0
    index: int = 0
    pause: float = 0.0
    by_socket: bool = False


OPS = st.builds(
    Op,
    what=st.sampled_from(
        ("create",) * 6
        + ("market",) * 3
        + ("amend",) * 3
        + ("cancel",) * 2
        + ("all", "mode", "lever")
    ),
    symbol=st.sampled_from((BTC, BTC, SPOT)),
    side=st.sampled_from(("Buy", "Sell")),
    ticks=st.integers(-30, 30),
    lots=st.integers(1, 3_000),
    time_in_force=st.sampled_from(("GTC", "GTC", "IOC", "FOK", "PostOnly")),
    reduce_only=st.booleans(),
    nth=st.integers(0, 5),
    index=st.sampled_from((0, 0, 0, 1, 2)),
    pause=st.sampled_from((0.0, 0.0, 0.01, 0.3, 2.0)),
    by_socket=st.booleans(),
)


@dataclass
class Trader:
    """Asks, and keeps what its private socket tells."""

    bot: Bot
    trade: Wire
    names: list[str] = field(default_factory=list)

    async def do(self, op: Op) -> None:
        where: dict[str, Any] = {"category": CATEGORY[op.symbol], "symbol": op.symbol}
        order = {"orderId": self.names[-1 - op.nth % len(self.names)] if self.names else "none"}
        market = self.bot.exchange.venue.markets[op.symbol]
        touch = market.touch(1 if op.side == "Buy" else -1) * market.listed.tick
        price, quantity = str(touch + op.ticks), str(op.lots * LOT[op.symbol])
        new = {**where, "side": op.side, "qty": quantity, "positionIdx": op.index}
        new["reduceOnly"] = op.reduce_only and op.symbol == BTC
        match op.what:
            case "create":
                more = {"orderType": "Limit", "price": price, "timeInForce": op.time_in_force}
                await self.ask("order/create", op, **new, **more)
            case "market":
                await self.ask("order/create", op, **new, orderType="Market", marketUnit="baseCoin")
            case "amend":
                change = {"price": price} if op.lots % 2 else {"qty": quantity}
                await self.ask("order/amend", op, **where, **order, **change)
            case "cancel":
                await self.ask("order/cancel", op, **where, **order)
            case "all":
                await self.post("order/cancel-all", where)
            case "mode":
                await self.post("position/switch-mode", {**where, "mode": 3 * (op.nth % 2)})
            case "lever":
                given = str(1 + op.nth * 5)
                lever = {"buyLeverage": given, "sellLeverage": given}
                await self.post("position/set-leverage", {**where, **lever})

    async def ask(self, path: str, op: Op, **args: Any) -> None:
        if op.by_socket:
            await self.trade.say(op=path.replace("/", "."), args=[args], reqId="x")
        else:
            self.keep(await self.post(path, args))

    async def post(self, path: str, args: dict[str, Any]) -> dict[str, Any]:
        answer: Any = await self.bot.post(f"/v5/{path}", **args)
        return answer if isinstance(answer, dict) else {}  # the page of a fault: 502

    def keep(self, answer: dict[str, Any]) -> None:
        found = answer.get("result") or answer.get("data") or {}
        if answer.get("retCode") == 0 and "orderId" in found:
            self.names.append(found["orderId"])


@dataclass
class Told:
    """What a private socket has said last, by what it is of."""

    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    positions: dict[tuple[str, int], str] = field(default_factory=dict)
    coins: dict[str, str] = field(default_factory=dict)
    executions: list[str] = field(default_factory=list)

    def hear(self, message: dict[str, Any]) -> None:
        for row in message.get("data", ()):
            match message["topic"]:
                case "order":
                    self.orders[row["orderId"]] = row
                case "position":
                    side = "-" if row["side"] == "Sell" else ""
                    self.positions[row["symbol"], row["positionIdx"]] = side + row["size"]
                case "wallet":
                    self.coins |= {coin["coin"]: coin["walletBalance"] for coin in row["coin"]}
                case "execution":
                    self.executions.append(row["execId"])


async def every(bot: Bot, path: str, **args: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    rows, cursor = [], ""
    while True:
        asked = await bot.get(path, limit=50, cursor=cursor, **args)
        rows += asked["result"]["list"]
        cursor = asked["result"]["nextPageCursor"]
        if not cursor:
            return rows


async def check(bot: Bot, told: Told | None) -> None:
    account = bot.exchange.venue.accounts[bot.key]
    for symbol, category in CATEGORY.items():
        where = {"category": category, "symbol": symbol}
        orders = {one["orderId"]: one for one in await every(bot, "/v5/order/history", **where)}
        shown = {one["orderId"]: one for one in await every(bot, "/v5/order/realtime", **where)}
        assert {name: orders[name] for name in shown} == shown
        fills = await every(bot, "/v5/execution/list", **where)
        check_orders(orders, fills)
        check_money(account, symbol, fills)
        check_told(account, symbol, orders, fills, told)
    check_wallet(account, await bot.get("/v5/account/wallet-balance", accountType="UNIFIED"), told)
    check_record(bot)


def check_orders(orders: dict[str, dict[str, Any]], fills: Sequence[dict[str, Any]]) -> None:
    """No order without its executions, and none with more than it asked for."""
    sums: defaultdict[str, list[Decimal]] = defaultdict(lambda: [ZERO] * 3)
    assert len({one["execId"] for one in fills}) == len(fills)
    for one in fills:
        parts = (one["execQty"], one["execValue"], one["execFee"])
        sums[one["orderId"]] = [
            a + Decimal(b) for a, b in zip(sums[one["orderId"]], parts, strict=True)
        ]
        assert Decimal(one["execQty"]) > 0
    assert sums.keys() <= orders.keys()
    for name, order in orders.items():
        quantity, leaves = Decimal(order["qty"]), Decimal(order["leavesQty"])
        told = [Decimal(order[key]) for key in ("cumExecQty", "cumExecValue", "cumExecFee")]
        assert sums[name] == told, order
        assert leaves >= 0
        assert told[0] <= quantity
        is_open = order["orderStatus"] in ("New", "PartiallyFilled")
        assert leaves == (quantity - told[0] if is_open else 0)
        assert (order["orderStatus"] == "Filled") == (told[0] == quantity)


def check_money(account: Account, symbol: str, fills: Sequence[dict[str, Any]]) -> None:
    """Positions and coins are what the executions come to."""
    sign = {"Buy": 1, "Sell": -1}
    base = sum((sign[one["side"]] * Decimal(one["execQty"]) for one in fills), ZERO)
    cash = -sum((sign[one["side"]] * Decimal(one["execValue"]) for one in fills), ZERO)
    fees: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in fills:
        fees[one["feeCurrency"] or "USDT"] += Decimal(one["execFee"])
    if symbol == SPOT:
        assert account.held("BTC") == account.began.get("BTC", ZERO) + base - fees["BTC"]
        assert account.held("USDC") == account.began.get("USDC", ZERO) + cash - fees["USDC"]
        assert account.held("BTC") >= 0
        assert account.held("USDC") >= 0
        return
    positions = [account.position(symbol, index) for index in (0, 1, 2)]
    assert sum(one.size for one in positions) == base == account.net(symbol)
    assert positions[1].size >= 0 >= positions[2].size
    cost = sum((one.cost for one in positions), ZERO)
    wallet = account.began.get("USDT", ZERO) + cash - fees["USDT"] + cost
    assert abs(account.held("USDT") - wallet) <= EXACT
    assert all(one.cost == 0 for one in positions if not one.size)


def check_told(
    account: Account,
    symbol: str,
    orders: dict[str, dict[str, Any]],
    fills: Sequence[dict[str, Any]],
    told: Told | None,
) -> None:
    """The private socket has told the same."""
    if told is None:
        return
    assert {name: one for name, one in told.orders.items() if one["symbol"] == symbol} == orders
    mine = [one["execId"] for one in fills]
    assert [name for name in reversed(told.executions) if name in mine] == mine
    for (of, index), size in told.positions.items():
        assert Decimal(size) == account.position(of, index).size


def check_wallet(account: Account, answer: dict[str, Any], told: Told | None) -> None:
    coins = {row["coin"]: row["walletBalance"] for row in answer["result"]["list"][0]["coin"]}
    for coin, balance in coins.items():
        assert abs(Decimal(balance) - account.held(coin)) < Decimal("1e-8")
    assert told is None or told.coins in ({}, coins)


def check_record(bot: Bot) -> None:
    """An order that is over trades no more, and each execution is of an order."""
    over: set[str] = set()
    known: set[str] = set()
    for event in bot.events:
        if isinstance(event, OrderState):
            known.add(event.order_id)
            assert event.filled <= event.quantity
            if not event.is_open:
                over.add(event.order_id)
        elif isinstance(event, Execution):
            assert event.order_id not in over
    assert {one.order_id for one in bot.of(Execution)} <= known


async def listen(wire: Wire, told: Told) -> None:
    while True:
        message = await wire.hear(600.0)
        if "topic" in message:
            told.hear(message)


async def answers(trader: Trader) -> None:
    while True:
        trader.keep(await trader.trade.hear(600.0))


async def begun(trader: Trader, ops: Sequence[Op]) -> AsyncIterator[asyncio.Future[None]]:
    for op in ops:
        yield asyncio.ensure_future(trader.do(op))
        await asyncio.sleep(op.pause)


async def traded(
    ops: Sequence[Op], latency: str, faults: Interference | None, coins: dict[str, float] | None
) -> None:
    how = settings(BTC, SPOT, latency=latency, limits=False)
    if coins is not None:
        poor = how.accounts[0].model_copy(update={"coins": coins})
        how = how.model_copy(update={"accounts": (poor, *how.accounts[1:])})
    async with loopback(how, faults) as bot, bot.socket("private", auth=True) as private:
        await private.subscribe("order", "execution", "position", "wallet")
        async with bot.socket("trade", auth=True) as trade:
            told, trader = Told(), Trader(bot, trade)
            tasks = [asyncio.ensure_future(listen(private, told))]
            tasks.append(asyncio.ensure_future(answers(trader)))
            try:
                await asyncio.gather(*[task async for task in begun(trader, ops)])
                await asyncio.sleep(8)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            await check(bot, told if faults is None else None)


@pytest.mark.parametrize("latency", ["none", "venue"])
@given(st.lists(OPS, min_size=3, max_size=25))
@limited(8)
def test_the_money_is_right(latency: str, ops: list[Op]) -> None:
    virtual_time.run(traded(ops, latency, None, None))


@given(st.lists(OPS, min_size=8, max_size=25))
@limited(8)
def test_the_money_is_right_through_faults(ops: list[Op]) -> None:
    async def main() -> None:
        await traded(ops, "venue", Scheduled(STORM, lambda _: None, 1), None)

    virtual_time.run(main())


POOR = {"USDT": 2_000.0, "USDC": 300.0, "BTC": 0.01}


@given(st.lists(OPS, min_size=3, max_size=20))
@limited(8)
def test_an_account_spends_no_coin_that_it_has_not(ops: list[Op]) -> None:
    virtual_time.run(traded(ops, "none", None, POOR))


@pytest.mark.parametrize("latency", ["none", "venue"])
@pytest.mark.parametrize("lots", [100, 27_000])
def test_a_market_buy_that_eats_into_the_book_spends_no_more_than_there_is(
    latency: str, lots: int
) -> None:
    """All of it is bought where the money is enough for the worst of the prices that it meets."""
    coins = {"USDC": 162_000.0, "BTC": 0.0}
    buy = Op("market", SPOT, lots=lots)

    async def main() -> None:
        await traded([buy, buy], latency, None, coins)

    virtual_time.run(main())

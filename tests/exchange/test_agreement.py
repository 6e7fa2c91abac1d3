"""Whatever is asked in whatever order: the ledger agrees with the market's own account and book."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from loopback import BTC, Bot, loopback, settings

from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.record import Execution, OrderState
from pytest_soak.exchange.venue import Venue

TIMES = ("GTC", "GTC", "IOC", "FOK", "PostOnly", "PostOnly")


async def ask(bot: Bot, random: Random, names: list[str]) -> None:
    """One request, sensible or not."""
    bid, ask = await bot.best()
    where: dict[str, Any] = {"category": "linear", "symbol": BTC}
    kind = random.choice(("create", "create", "create", "market", "amend", "cancel", "all"))
    lots, near = random.randint(1, 400), random.randint(-25, 25)
    side = random.choice(("Buy", "Sell"))
    price = str((bid if side == "Buy" else ask) + near)
    name = {"orderId": random.choice(names)} if names else {"orderId": "none"}
    if kind in ("create", "market"):
        more: dict[str, Any] = (
            {} if kind == "market" else {"price": price, "timeInForce": random.choice(TIMES)}
        )
        if random.random() < 0.2:
            more["reduceOnly"] = True
        answer = await bot.order(side, f"{lots / 1000}", **more)
        names.extend([answer["result"]["orderId"]] if answer["retCode"] == 0 else [])
    elif kind == "amend":
        change = random.choice(({"price": price}, {"qty": f"{lots / 1000}"}))
        await bot.post("/v5/order/amend", **where, **name, **change)
    elif kind == "cancel":
        await bot.post("/v5/order/cancel", **where, **name)
    elif random.random() < 0.2:
        await bot.post("/v5/order/cancel-all", **where)


def check(venue: Venue) -> None:
    market = venue.markets[BTC]
    lot = float(market.listed.lot)
    held = sum(float(one.net(BTC)) for one in venue.accounts.values())
    assert market.exchange.position == pytest.approx(held, abs=lot / 100)
    entries = market.exchange.world["venue"]["agent_orders"]
    resting = {
        int(entry["handle"]): market.remaining(int(entry["handle"]))
        for entry in entries[entries["handle"] >= 0]
    }
    known = {
        order.handle: int(order.leaves / market.listed.lot)
        for account in venue.accounts.values()
        for order in account.open.values()
    }
    assert known == resting
    assert not venue.desk._waiting
    for account in venue.accounts.values():
        for order in account.closed.values():
            assert order.filled <= order.quantity
            assert order.status in ("Filled", "Cancelled")


@pytest.mark.parametrize(("seed", "latency"), [(1, "venue"), (2, "venue"), (3, "none")])
def test_the_ledger_agrees_with_the_market(seed: int, latency: str) -> None:
    async def main() -> None:
        how = settings(seed=seed, latency=latency, limits=False)
        async with loopback(how) as bot:
            random = Random(seed)
            names: list[str] = []
            for _ in range(40):
                count = random.randint(1, 8)
                await asyncio.gather(*(ask(bot, random, names) for _ in range(count)))
                await asyncio.sleep(random.choice((0.0, 0.02, 0.5)))
            await asyncio.sleep(5)
            check(bot.exchange.venue)
            states = bot.of(OrderState)
            fills = bot.of(Execution)
            assert len(fills) > 50
            assert len({one.exec_id for one in fills}) == len(fills)
            over = {one.order_id for one in states if not one.is_open}
            last = {one.order_id: one for one in states}
            assert {name for name, one in last.items() if not one.is_open} == over
            assert {one.maker for one in fills} == {True, False}

    virtual_time.run(main())

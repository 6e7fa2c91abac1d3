"""ccxt.pro as one should use it on a line that breaks: nothing is believed that was not read.

Before and after each quote it reads its open orders and its trades; each call has its time, each
order a name of its own; a book whose numbers leap, or that says nothing, is thrown away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar

import ccxt.pro as ccxt
from common import AWAY, KEY, QUANTITY, SECRET, UNIFIED, Belief, failed, paced

PATIENCE, QUIET, PAUSE = 2.5, 3.0, 1.5
"""Seconds: a call may take, a book may say nothing, to wait after it was told to ask less."""
T = TypeVar("T")


class Checked(ccxt.bybit):  # type: ignore[misc]
    """ccxt.pro compares no `u` of a book: this one ends the socket where one leaps."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.last_u = 0

    def handle_order_book(self, client: Any, message: Any) -> None:
        u = message["data"]["u"]
        leaps = message["type"] != "snapshot" and u != self.last_u + 1
        self.last_u = u
        if leaps:
            client.reject(ccxt.NetworkError(f"the book leaps to u={u}"))
            self.spawn(self.forget_book)
        else:
            super().handle_order_book(client, message)

    async def forget_book(self) -> None:
        """Drop the book and its socket; the next watch opens another and begins with all of it."""
        self.orderbooks.pop(UNIFIED, None)
        for client in list(self.clients.values()):
            if "/public/" in client.url:
                await client.close()


class Bot:
    """Quotes both sides of the book that its socket shows."""

    def __init__(self) -> None:
        self.exchange = Checked({"apiKey": KEY, "secret": SECRET, "enableRateLimit": True})
        self.exchange.options["defaultType"] = "swap"
        self.belief = Belief()
        self.book: Any = None
        self.began = f"{time.time_ns() // 1_000_000:x}"
        self.number = 0

    async def asked(self, call: Awaitable[T]) -> T:
        """The answer to a call. Where it is told to ask less it waits, of a wrong clock it asks."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await call
        except ccxt.RateLimitExceeded:
            await asyncio.sleep(PAUSE)
            raise
        except ccxt.InvalidNonce:
            async with asyncio.timeout(PATIENCE):
                await self.exchange.load_time_difference()
            raise

    async def learn(self) -> list[Any]:
        """Read what is open and what has traded: the orders that are open."""
        orders = await self.asked(self.exchange.fetch_open_orders(UNIFIED))
        self.take_trades(await self.asked(self.exchange.fetch_my_trades(UNIFIED, limit=100)))
        self.belief.orders([order["id"] for order in orders])
        return orders

    def take_trades(self, trades: Any) -> None:
        """Count each trade once, by its name; funding is none."""
        for trade in trades:
            if trade["info"].get("execType", "Trade") == "Trade":
                self.belief.fill(trade["id"], trade["side"], trade["amount"])

    async def turn(self, turn: int) -> None:
        """Take all back, then quote anew; each fourth time take."""
        for order in await self.learn():
            with suppress(ccxt.OrderNotFound):
                await self.asked(self.exchange.cancel_order(order["id"], UNIFIED))
        if await self.learn() or self.book is None:
            return
        bid, ask = self.book["bids"][0][0], self.book["asks"][0][0]
        await self.order("limit", "buy", bid - AWAY)
        await self.order("limit", "sell", ask + AWAY)
        if turn % 4 == 0:
            await self.order("market", "buy" if turn % 8 == 0 else "sell", None)
        await self.learn()

    async def order(self, kind: str, side: str, price: float | None) -> None:
        """Send one; what became of it where that fails is read before the next."""
        self.number += 1
        named = {"clientOrderId": f"{self.began}-{self.number}"}
        if price is not None:
            named["postOnly"] = True
        await self.asked(self.exchange.create_order(UNIFIED, kind, side, QUANTITY, price, named))

    async def follow(self) -> None:
        """Keep the book, and none where that fails."""
        while True:
            try:
                async with asyncio.timeout(QUIET):
                    self.book = await self.exchange.watch_order_book(UNIFIED, 50)
            except (TimeoutError, ccxt.BaseError) as error:
                self.book = None
                failed(error)
                await self.exchange.forget_book()
                await asyncio.sleep(0.5)

    async def hear(self) -> None:
        """Trades as they come, which the turns read again."""
        while True:
            try:
                self.take_trades(await self.exchange.watch_my_trades(UNIFIED))
            except ccxt.BaseError as error:
                failed(error)
                await asyncio.sleep(0.5)

    async def tell(self) -> None:
        """Write down twice a second what it believes."""
        while True:
            await asyncio.sleep(0.5)
            if self.book is None:
                self.belief.tell()
                continue
            bids, asks = ([row[:2] for row in self.book[side]] for side in ("bids", "asks"))
            self.belief.tell(bids, asks, self.exchange.last_u)

    async def trade(self) -> None:
        """Trade until the time is over, then leave nothing open."""
        exchange = self.exchange
        await exchange.load_markets()
        tasks = [asyncio.create_task(one()) for one in (self.follow, self.hear, self.tell)]
        async for turn in paced():
            try:
                await self.turn(turn)
            except (TimeoutError, ccxt.BaseError) as error:
                failed(error)
        await exchange.cancel_all_orders(UNIFIED)
        await self.learn()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def main() -> None:
    bot = Bot()
    try:
        await bot.trade()
    finally:
        await bot.exchange.close()


asyncio.run(main())

"""ccxt.pro: everything by sockets, orders too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt.pro as ccxt
from common import AWAY, KEY, QUANTITY, SECRET, UNIFIED, Belief, failed, paced


async def always(watch: Callable[[], Awaitable[Any]], take: Callable[[Any], None]) -> None:
    """Take what comes, also behind an error."""
    while True:
        try:
            take(await watch())
        except ccxt.BaseError as error:
            failed(error)
            await asyncio.sleep(0.5)


class Bot:
    """Quotes both sides of the book that its socket shows."""

    def __init__(self) -> None:
        self.exchange = ccxt.bybit({"apiKey": KEY, "secret": SECRET})
        self.exchange.options["defaultType"] = "swap"
        self.belief = Belief()
        self.book: Any = None

    def take_book(self, book: Any) -> None:
        self.book = book

    def take_orders(self, orders: Any) -> None:
        for order in orders:
            self.belief.order(order["id"], order["status"] == "open")

    def take_trades(self, trades: Any) -> None:
        for trade in trades:
            self.belief.fill(trade["id"], trade["side"], trade["amount"])

    async def turn(self, number: int) -> None:
        """Quote at the third tick from the best; each fourth time take."""
        exchange = self.exchange
        for order in await exchange.fetch_open_orders(UNIFIED):
            await exchange.cancel_order_ws(order["id"], UNIFIED)
        bid, ask = self.book["bids"][0][0], self.book["asks"][0][0]
        post_only = {"postOnly": True}
        await exchange.create_order_ws(UNIFIED, "limit", "buy", QUANTITY, bid - AWAY, post_only)
        await exchange.create_order_ws(UNIFIED, "limit", "sell", QUANTITY, ask + AWAY, post_only)
        if number % 4 == 0:
            side = "buy" if number % 8 == 0 else "sell"
            await exchange.create_order_ws(UNIFIED, "market", side, QUANTITY)
        self.tell()

    def tell(self) -> None:
        """Write down what it believes, its book too."""
        bids, asks = ([[row[0], row[1]] for row in self.book[side]] for side in ("bids", "asks"))
        self.belief.tell(bids, asks)

    async def trade(self) -> None:
        """Trade until the time is over, then leave nothing open."""
        exchange = self.exchange
        await exchange.load_markets()
        watches: tuple[Any, ...] = (
            (lambda: exchange.watch_order_book(UNIFIED, 50), self.take_book),
            (lambda: exchange.watch_trades(UNIFIED), lambda _: None),
            (lambda: exchange.watch_ticker(UNIFIED), lambda _: None),
            (lambda: exchange.watch_orders(UNIFIED), self.take_orders),
            (lambda: exchange.watch_my_trades(UNIFIED), self.take_trades),
            (lambda: exchange.watch_positions([UNIFIED]), lambda _: None),
            (lambda: exchange.watch_balance(), lambda _: None),
        )
        tasks = [asyncio.create_task(always(watch, take)) for watch, take in watches]
        while self.book is None:
            await asyncio.sleep(0.1)
        async for number in paced():
            try:
                await self.turn(number)
            except ccxt.BaseError as error:
                failed(error)
        await exchange.cancel_all_orders(UNIFIED)
        await asyncio.sleep(1)
        self.tell()
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

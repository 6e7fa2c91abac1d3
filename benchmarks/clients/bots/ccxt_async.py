"""ccxt on asyncio: quotes both sides at once, and takes now and then."""

from __future__ import annotations

import asyncio
import time

import ccxt.async_support as ccxt
from common import AWAY, KEY, QUANTITY, SECRET, UNIFIED, Belief, failed, paced


async def turn(exchange: ccxt.bybit, belief: Belief, number: int) -> None:
    """Cancel, look, quote; each fourth time take."""
    await exchange.cancel_all_orders(UNIFIED)
    book = await exchange.fetch_order_book(UNIFIED, 25)
    bid, ask = book["bids"][0][0], book["asks"][0][0]
    post_only = {"postOnly": True}
    quotes = [("buy", bid - AWAY), ("sell", ask + AWAY)]
    await asyncio.gather(
        *(
            exchange.create_order(UNIFIED, "limit", side, QUANTITY, price, post_only)
            for side, price in quotes
        )
    )
    if number % 4 == 0:
        side = "buy" if number % 8 == 0 else "sell"
        await exchange.create_order(UNIFIED, "market", side, QUANTITY)
    await look(exchange, belief)


async def look(exchange: ccxt.bybit, belief: Belief) -> None:
    """Read what has become of its orders, and write down what it now believes."""
    began = time.monotonic()
    for trade in await exchange.fetch_my_trades(UNIFIED, limit=50):
        belief.fill(trade["id"], trade["side"], trade["amount"])
    found = await exchange.fetch_open_orders(UNIFIED)
    belief.orders([order["id"] for order in found])
    await asyncio.gather(exchange.fetch_positions([UNIFIED]), exchange.fetch_balance())
    belief.tell(since=began)


async def main() -> None:
    """Trade until the time is over, then leave nothing open."""
    exchange, belief = ccxt.bybit({"apiKey": KEY, "secret": SECRET}), Belief()
    exchange.options["defaultType"] = "swap"
    try:
        await exchange.load_markets()
        async for number in paced():
            try:
                await turn(exchange, belief, number)
            except ccxt.BaseError as error:
                failed(error)
        await exchange.cancel_all_orders(UNIFIED)
        await look(exchange, belief)
    finally:
        await exchange.close()


asyncio.run(main())

"""ccxt.pro over sockets: every stream it has of this venue, and orders over the trade socket."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt.pro

from exchange_bots.ccxt_urls import pointed

LINEAR, SPOT = "BTC/USDT:USDT", "BTC/USDC"


async def watch(name: str, ask: Callable[[], Awaitable[Any]], heard: dict[str, int]) -> None:
    while True:
        await ask()
        heard[name] = heard.get(name, 0) + 1


async def main(port: int, key: str, secret: str) -> None:
    client = ccxt.pro.bybit({"apiKey": key, "secret": secret})
    pointed(client.urls["api"], port)
    await client.load_markets()
    streams: dict[str, Callable[[], Awaitable[Any]]] = {
        "book": lambda: client.watch_order_book(LINEAR, 50),
        "spot": lambda: client.watch_order_book(SPOT, 50),
        "trades": lambda: client.watch_trades(LINEAR),
        "ticker": lambda: client.watch_ticker(LINEAR),
        "candles": lambda: client.watch_ohlcv(LINEAR, "1m"),
        "orders": client.watch_orders,
        "mine": client.watch_my_trades,
        "positions": client.watch_positions,
        "balance": client.watch_balance,
    }
    heard: dict[str, int] = {}
    watching = [asyncio.ensure_future(watch(*one, heard)) for one in streams.items()]
    while not {"book", "spot", "ticker", "positions"} <= set(heard):
        await asyncio.sleep(0.05)
        for one in watching:
            if one.done():
                one.result()
    await client.create_order(LINEAR, "market", "buy", 0.01)
    await client.create_order_ws(LINEAR, "market", "sell", 0.01)
    bid = client.orderbooks[LINEAR]["bids"][0][0]
    order = await client.create_order_ws(LINEAR, "limit", "buy", 0.01, bid - 30)
    await client.edit_order_ws(order["id"], LINEAR, "limit", "buy", 0.01, bid - 40)
    await client.cancel_order_ws(order["id"], LINEAR)
    while not set(streams) <= set(heard):
        await asyncio.sleep(0.05)
        for one in watching:
            if one.done():
                one.result()
    for one in watching:
        one.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    await client.close()


if __name__ == "__main__":
    asyncio.run(asyncio.wait_for(main(int(sys.argv[1]), *sys.argv[2:4]), 120))

"""ccxt.pro, unmodified, on an exchange of this machine: python ccxt_bot.py BUG [mended].

It needs ccxt and the standard library alone. Lines of JSON say what it believes.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import ccxt.pro

PORT, KEY, SECRET = (os.environ[name] for name in ("PORT", "KEY", "SECRET"))
BTC, NAME = "BTCUSDT", "BTC/USDT:USDT"
MENDED = "mended" in sys.argv
Exchange = Any


def say(**what: Any) -> None:
    """A belief as of now."""
    print(json.dumps({"time_us": time.time_ns() // 1000, **what}), flush=True)


def here(urls: Any) -> Any:
    """The same addresses on this machine."""
    if isinstance(urls, dict):
        return {name: here(one) for name, one in urls.items()}
    if not isinstance(urls, str):
        return urls
    scheme, _, rest = urls.partition("://")
    path = rest.partition("/")[2]
    plain = "ws" if scheme.startswith("ws") else "http"
    return f"{plain}://127.0.0.1:{PORT}" + (f"/{path}" if path else "")


async def opened() -> Exchange:
    """The client, which has made its first private call."""
    made = ccxt.pro.bybit({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False})
    made.urls["api"] = here(made.urls["api"])
    await made.load_markets()
    await made.fetch_balance()
    return made


async def forever(watch: Callable[[], Awaitable[Any]]) -> None:
    """Watch on, whatever a watcher raises."""
    while True:
        with suppress(ccxt.NetworkError, ccxt.ExchangeError):
            await watch()


async def book(seconds: float, beside: bool) -> None:
    """Says twenty times a second the book that it holds: one that is wrong may be for a moment."""
    made = await opened()
    tasks = [asyncio.ensure_future(forever(lambda: made.watch_order_book(NAME, 50)))]
    await asyncio.sleep(1)
    if beside and not MENDED:
        tasks.append(asyncio.ensure_future(forever(lambda: made.watch_bids_asks([NAME]))))
    for _ in range(round(seconds * 20)):
        await asyncio.sleep(0.05)
        found = made.orderbooks.get(NAME)
        if found is not None and found["bids"]:
            bids, asks = ([[p, q] for p, q, *_ in found[side]] for side in ("bids", "asks"))
            say(books={BTC: {"u": found["nonce"] or 0, "bids": bids, "asks": asks}})
            print(json.dumps({"depth": len(bids)}))
    await ended(made, tasks)


async def fills(seconds: float) -> None:
    """Buys each half second; counts what its private socket says."""
    made, told = await opened(), {}

    async def watch() -> None:
        for trade in await made.watch_my_trades(NAME):
            told[trade["id"]] = trade["amount"]

    tasks = [asyncio.ensure_future(forever(watch))]
    await asyncio.sleep(0.5)
    for _ in range(round(seconds * 2)):
        await asyncio.sleep(0.5)
        await made.create_order(NAME, "market", "buy", 0.001)
    for _ in range(16):
        await asyncio.sleep(0.25)
        if MENDED:
            told |= {one["id"]: one["amount"] for one in await made.fetch_my_trades(NAME)}
        say(positions={BTC: round(sum(told.values()), 8)})
    await ended(made, tasks)


async def orders(seconds: float) -> None:
    """Buys each second, by an amended price; believes open what its cache says is open."""
    made = await opened()
    tasks = [asyncio.ensure_future(forever(lambda: made.watch_orders(NAME)))]
    await asyncio.sleep(0.5)
    for _ in range(round(seconds)):
        await asyncio.sleep(1)
        best = (await made.fetch_order_book(NAME))["asks"][0][0]
        one = await made.create_order(NAME, "limit", "buy", 0.001, round(best * 0.98))
        await made.edit_order(one["id"], NAME, "limit", "buy", 0.001, round(best * 1.01))
    for _ in range(24):
        await asyncio.sleep(0.25)
        believed = [one["id"] for one in made.orders or () if one["status"] == "open"]
        say(open_orders=believed)
    await ended(made, tasks)


async def ended(made: Exchange, tasks: Sequence[asyncio.Future[Any]]) -> None:
    """Leave nothing behind."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await made.close()


BUGS: dict[str, Callable[[], Awaitable[None]]] = {
    "silent": lambda: book(13, beside=False),
    "beside": lambda: book(6, beside=True),
    "fills": lambda: fills(8),
    "swapped": lambda: orders(6),
}


async def main() -> None:
    await BUGS[sys.argv[1]]()


asyncio.run(main())

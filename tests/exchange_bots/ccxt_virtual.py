"""ccxt.pro in virtual time beside the exchange: prints a hash of all that happened."""

from __future__ import annotations

import asyncio
import sys
from hashlib import sha256

from loopback import KEY, SECRET, settings

from exchange_bots.ccxt_urls import pointed
from pytest_soak.clock import SIMULATED_EPOCH_US
from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.in_process import in_process
from pytest_soak.exchange.record import Event, Execution, line
from pytest_soak.exchange.recorder import Recorder

LINEAR = "BTC/USDT:USDT"
SIDES = ("buy", "sell")


async def main(seconds: float, seed: int) -> None:
    loop, events = asyncio.get_running_loop(), list[Event]()
    how = settings(seed=seed, latency="venue", step_ms=50.0)
    with virtual_time.shown(loop, SIMULATED_EPOCH_US):
        import ccxt.pro

        async with in_process(how, Recorder(events.append)) as served, served.session() as session:
            client = ccxt.pro.bybit({"apiKey": KEY, "secret": SECRET})
            client.session, client.own_session = session, False
            pointed(client.urls["api"], 80)
            await client.load_markets()
            rounds = 0
            while loop.time() < seconds:
                book = await client.watch_order_book(LINEAR, 50)
                if rounds % 20 == 0:
                    side = SIDES[rounds // 20 % 2]
                    price = book["bids" if side == "buy" else "asks"][0][0]
                    await client.create_order(LINEAR, "limit", side, 0.01, price)
                if rounds % 200 == 0:
                    await client.cancel_all_orders(LINEAR)
                rounds += 1
            await client.close()
    told = sha256("\n".join(map(line, events)).encode()).hexdigest()
    print(told, sum(isinstance(one, Execution) for one in events))


if __name__ == "__main__":
    virtual_time.run(main(float(sys.argv[1]), int(sys.argv[2])))

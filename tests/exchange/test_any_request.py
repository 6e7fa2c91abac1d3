"""Whatever is sent, it is answered: with a retCode over HTTP, with something over sockets."""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import Any

from loopback import BTC, Bot, loopback, settings

from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.rest.table import ENDPOINTS

WORDS: tuple[Any, ...] = (
    *("", "0", "-1", "1e29", "1e-29", "NaN", "Infinity", "0.001", "60000", "1e400", "x" * 300),
    *("linear", "spot", "inverse", "option", BTC, "BTCUSDC", "Buy", "Sell", "Market", "Limit"),
    *("GTC", "IOC", "FOK", "PostOnly", "UNIFIED", "USDT", "\x00", "é", "5", "W", "3", "1" * 25),
    *(None, True, 0, -1, 1.5, 2**63, [], [1], {}, {"a": 1}, [["x"]]),
)
NAMES = (
    *("category", "symbol", "side", "orderType", "qty", "price", "timeInForce", "orderLinkId"),
    *("orderId", "reduceOnly", "positionIdx", "marketUnit", "limit", "cursor", "startTime"),
    *("endTime", "start", "end", "interval", "settleCoin", "baseCoin", "coin", "mode", "status"),
    *("accountType", "buyLeverage", "sellLeverage", "openOnly", "triggerPrice", "execType"),
    *("setMarginMode", "coinName", "orderStatus"),
)
LIKELY = {
    "category": ("linear", "spot"),
    "symbol": (BTC, "BTCUSDC"),
    "side": ("Buy", "Sell"),
    "orderType": ("Limit", "Market"),
    "qty": ("0.01", "1e29", "100000"),
    "price": ("59000", "61000", "1e29"),
}


def args_of(random: Random) -> dict[str, Any]:
    found = {name: random.choice(WORDS) for name in random.sample(NAMES, random.randint(0, 8))}
    if random.random() < 0.7:
        likely = {name: random.choice(words) for name, words in LIKELY.items()}
        found = likely | {name: one for name, one in found.items() if random.random() < 0.3}
    return found


async def ask(bot: Bot, random: Random, method: str, path: str) -> None:
    args = args_of(random)
    if method == "GET":
        query: dict[str, Any] = {name: str(one) for name, one in args.items()}
        answer = await bot.get(path, **query)
    else:
        answer = await bot.post(path, **args)
    assert isinstance(answer["retCode"], int)
    assert answer["retCode"] != 10016, (path, args)


def test_any_request_over_http_is_answered() -> None:
    async def main() -> None:
        async with loopback(settings(BTC, "BTCUSDC", limits=False)) as bot:
            random = Random(1)
            for _ in range(20):
                for method, path in ENDPOINTS:
                    await ask(bot, random, method, path)
            for _ in range(200):
                await ask(bot, random, "POST", "/v5/order/create")
                await ask(bot, random, "POST", "/v5/order/amend")

    virtual_time.run(main())


def test_any_message_over_a_socket_leaves_it_alive() -> None:
    async def main() -> None:
        async with loopback(settings(BTC, "BTCUSDC", limits=False)) as bot:
            random = Random(2)
            for path in ("public/linear", "private", "trade"):
                async with bot.socket(path, auth=path != "public/linear") as wire:
                    for _ in range(150):
                        ops: Any = (
                            "subscribe",
                            "unsubscribe",
                            "auth",
                            "ping",
                            "order.create",
                            None,
                            [],
                        )
                        args: Any = [args_of(random)] if random.random() < 0.5 else None
                        args = args or random.choice(([], ["order"], [1, None], "x", [["a"]], {}))
                        header: Any = random.choice((None, {"X-BAPI-TIMESTAMP": []}, {}, 5))
                        message: dict[str, Any] = {
                            "op": random.choice(ops),
                            "args": args,
                            "header": header,
                        }
                        if random.random() < 0.5:
                            message["reqId"] = message["req_id"] = random.choice(WORDS)
                        await wire.socket.send_str(json.dumps(message))
                    await asyncio.sleep(1)
                    await wire.say(op="ping", req_id="last")
                    while (await wire.hear()).get("req_id") != "last":
                        pass

    virtual_time.run(main())

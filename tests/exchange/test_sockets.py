"""Sockets: what is asked, what is pushed, and what a client may do to them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from loopback import BTC, Wire, loopback, settings, topics

from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.record import Pushed, Request, Socket, Strange
from pytest_soak.exchange.sockets.serving import AWAY_S


def test_pings_are_answered_as_each_socket_does() -> None:
    async def main() -> list[dict[str, Any]]:
        found = []
        async with loopback() as bot:
            for path in ("public/linear", "private", "trade"):
                async with bot.socket(path) as wire:
                    await wire.say(op="ping", req_id=7)
                    found.append(await wire.hear())
        return found

    public, private, trade = virtual_time.run(main())
    assert (public["ret_msg"], public["op"], public["req_id"]) == ("pong", "ping", 7)
    assert (private["op"], private["req_id"]) == ("pong", 7)
    assert private["args"] == [str(int(private["args"][0]))]
    assert (trade["op"], trade["retCode"]) == ("pong", 0)


@pytest.mark.parametrize("name", [7, "seven"])
def test_a_request_has_its_own_name_back(name: object) -> None:
    async def main() -> Any:
        async with loopback() as bot, bot.socket("public/linear") as wire:
            return (await wire.subscribe(f"tickers.{BTC}", req_id=name))["req_id"]

    assert virtual_time.run(main()) == name


def test_private_topics_are_refused_without_a_key() -> None:
    async def main() -> tuple[str, list[Strange]]:
        async with loopback() as bot, bot.socket("private") as wire:
            return str((await wire.subscribe("order"))["ret_msg"]), bot.of(Strange)

    assert virtual_time.run(main()) == ("Request not authorized", [])


def test_what_is_said_at_once_is_answered_in_order() -> None:
    async def main() -> list[Any]:
        async with loopback() as bot, bot.socket("private") as wire:
            expires = bot.now_ms() + 1000
            for n in range(2):
                await wire.say(op="subscribe", req_id=n, args=["order"])
                if not n:
                    auth = asyncio.ensure_future(wire.auth(expires=expires))
                    await asyncio.sleep(0)
            await auth
            return [wire.seen[0], await wire.hear(), await wire.hear()]

    first, *_ = virtual_time.run(main())
    assert first["success"] is False


class Book:
    """A book as a client keeps it: by snapshot and deltas, whose numbers it checks."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[str, str]] = {"b": {}, "a": {}}
        self.update = 0

    def take(self, message: dict[str, Any]) -> None:
        data = message["data"]
        if message["type"] == "snapshot":
            self.sides = {"b": {}, "a": {}}
        else:
            assert data["u"] == self.update + 1
        self.update = data["u"]
        for side, levels in self.sides.items():
            for price, size in data[side]:
                if size == "0":
                    del levels[price]
                else:
                    levels[price] = size

    def rows(self, side: str, depth: int) -> list[list[str]]:
        prices = sorted(self.sides[side], key=float, reverse=side == "b")
        return [[price, self.sides[side][price]] for price in prices[:depth]]


@pytest.mark.parametrize("depth", [1, 50, 200])
def test_deltas_make_the_book_that_http_shows(depth: int) -> None:
    async def main() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        async with loopback() as bot, bot.socket("public/linear") as wire:
            await wire.subscribe(f"orderbook.{depth}.{BTC}")
            listening = asyncio.ensure_future(wire.hear_for(8.0))
            args = {"category": "linear", "symbol": BTC, "limit": depth}
            shown = []
            for _ in range(60):
                await asyncio.sleep(0.113)
                answer = await bot.get("/v5/market/orderbook", signed=False, **args)
                shown.append(answer["result"])
            return await listening, shown

    messages, shown = virtual_time.run(main())
    by_sequence = {one["seq"]: one for one in shown}
    book, compared = Book(), 0
    for message in messages:
        book.take(message)
        known = by_sequence.get(message["data"]["seq"])
        for side in ("b", "a"):
            assert len(book.sides[side]) <= depth
            if known is not None:
                assert book.rows(side, depth) == known[side]
                compared += 1
    assert compared > 4


@pytest.mark.parametrize(
    ("path", "topic"), [("private", "order"), ("public/linear", f"tickers.{BTC}")]
)
def test_a_subscription_is_answered_as_by_an_exchange_afar_and_then_served(
    path: str, topic: str
) -> None:
    """Clients like pybit expect the answer only after they have asked, which takes them a while."""

    async def main() -> tuple[list[str], float]:
        async with loopback() as bot, bot.socket(path, auth=path == "private") as wire:
            loop = asyncio.get_running_loop()
            start = loop.time()
            await wire.say(op="subscribe", args=[topic])
            first = await wire.hear()
            took = loop.time() - start
            await bot.order("Buy", "0.01")
            return [one.get("op") or one["topic"] for one in (first, await wire.hear())], took

    heard, took = virtual_time.run(main())
    assert heard == ["subscribe", topic]
    assert took == pytest.approx(AWAY_S)


def test_a_socket_that_is_cut_before_its_subscription_is_answered_has_no_topics() -> None:
    async def main() -> tuple[list[str], int]:
        async with loopback() as bot:
            async with bot.socket("private", auth=True) as wire:
                await wire.say(op="subscribe", args=["order"])
                await asyncio.sleep(AWAY_S / 2)
                (connection,) = bot.exchange.hub.connections
                connection.drop("dropped", "for this test")
                await asyncio.sleep(1)
            return [one.what for one in bot.of(Socket)], len(bot.exchange.hub.topics("/v5/private"))

    assert virtual_time.run(main()) == (["opened", "authenticated", "dropped"], 0)


def test_ones_own_order_is_in_the_public_book() -> None:
    async def main() -> bool:
        async with loopback() as bot, bot.socket("public/linear") as wire:
            await wire.subscribe(f"orderbook.50.{BTC}")
            await wire.hear()
            bid, _ = await bot.best()
            await bot.order("Buy", "0.777", price=str(bid))
            for message in await wire.hear_for(1.0):
                if any(float(q) >= 0.777 for p, q in message["data"]["b"] if float(p) == bid):
                    return True
            return False

    assert virtual_time.run(main())


def test_every_public_topic_tells_what_it_should() -> None:
    wanted = [f"tickers.{BTC}", f"publicTrade.{BTC}", f"kline.1.{BTC}", f"orderbook.1000.{BTC}"]

    async def main() -> tuple[dict[str, Any], list[Any]]:
        async with loopback() as bot, bot.socket("public/linear") as wire:
            await wire.subscribe(*wanted)
            found = await wire.hear_for(70.0)
            return {one["topic"]: one for one in reversed(found)}, found

    first, found = virtual_time.run(main())
    assert set(first) == set(wanted)
    assert first[wanted[0]]["type"] == "snapshot"
    assert {"lastPrice", "markPrice", "fundingRate"} <= set(first[wanted[0]]["data"])
    assert {"T", "s", "S", "v", "p", "L", "i", "BT"} <= set(first[wanted[1]]["data"][0])
    candles = [row for one in found if one["topic"] == wanted[2] for row in one["data"]]
    assert [row["confirm"] for row in candles].count(True) == 1
    assert {one["type"] for one in found if one["topic"] == wanted[0]} == {"snapshot", "delta"}


def test_unknown_topics_and_operations_are_refused_and_recorded() -> None:
    async def main() -> tuple[list[bool], list[tuple[str, str]]]:
        async with loopback() as bot:
            async with bot.socket("public/linear") as wire:
                found = [
                    (await wire.subscribe("orderbook.3.BTCUSDT"))["success"],
                    (await wire.subscribe("orderbook.50.BTCUSDC"))["success"],
                    (await wire.subscribe("order"))["success"],
                ]
                await wire.say(op="dance", args=[1])
                found.append((await wire.hear())["success"])
                for text in ("{", "[1]", "\u0000"):
                    await wire.socket.send_str(text)
                    found.append((await wire.hear())["success"])
                found.append((await wire.subscribe(f"tickers.{BTC}"))["success"])
            return found, [(one.what, one.detail) for one in bot.of(Strange)]

    found, strange = virtual_time.run(main())
    assert found == [False] * 7 + [True]
    kinds = [what for what, _ in strange]
    assert kinds == ["topic", "topic", "topic", "operation", "garbage", "garbage", "garbage"]
    assert strange[0][1] == "/v5/public/linear orderbook.3.BTCUSDT"


def test_orders_over_the_trade_socket() -> None:
    async def say(wire: Wire, op: str, **args: Any) -> dict[str, Any]:
        header = {"X-BAPI-TIMESTAMP": str(wire.bot.now_ms())}
        args = {"category": "linear", "symbol": BTC, **args}
        await wire.say(op=op, reqId=op, header=header, args=[args])
        return await wire.hear()

    async def main() -> list[Any]:
        async with loopback() as bot, bot.socket("trade") as wire:
            order = {"side": "Buy", "orderType": "Limit", "qty": "0.01"}
            price = (await bot.best())[0] - 40
            early = await say(wire, "order.create", **order, price=str(price))
            await wire.auth()
            made = await say(wire, "order.create", **order, price=str(price))
            name = made["data"]["orderId"]
            amended = await say(wire, "order.amend", orderId=name, price=str(price - 1))
            gone = await say(wire, "order.cancel", orderId=name)
            again = await say(wire, "order.cancel", orderId=name)
            await wire.say(op="order.create", header={"X-BAPI-TIMESTAMP": "1"}, args=[order])
            late = await wire.hear()
            await wire.say(op="order.create", args="x")
            wrong = await wire.hear()
            answers = [early, made, amended, gone, again, late, wrong]
            assert made["header"]["X-Bapi-Limit"] == "10"
            assert [one.via for one in bot.of(Request)][-1] == "ws"
            return [one["retCode"] for one in answers]

    assert virtual_time.run(main()) == [10003, 0, 0, 0, 110001, 10002, 10001]


def test_a_reader_that_is_too_slow_is_dropped_and_counted() -> None:
    async def main() -> list[str]:
        async with loopback(settings(step_ms=1.0)) as bot, bot.socket("public/linear") as wire:
            await wire.subscribe(f"orderbook.200.{BTC}", f"orderbook.1000.{BTC}")
            (connection,) = bot.exchange.hub.connections
            for _ in range(3_000):
                connection.send(b"x" * 6_000)
            await asyncio.sleep(1)
            return [one.what for one in bot.of(Socket)]

    assert virtual_time.run(main()) == ["opened", "subscribed", "slow"]


def test_what_was_sent_is_counted() -> None:
    async def main() -> tuple[list[Pushed], int]:
        async with loopback() as bot:
            async with bot.socket("public/linear") as wire:
                await wire.subscribe(f"orderbook.50.{BTC}")
                await wire.hear_for(5.0)
                heard = len(topics(wire.seen))
            await asyncio.sleep(1)
            return bot.of(Pushed), heard

    pushed, heard = virtual_time.run(main())
    sent = sum(one.sent for one in pushed)
    assert sent in (heard, heard + 1)  # one may have been under way at the end
    assert len(pushed) >= 5
    assert pushed[-1].last_u == sent


def test_many_connections_and_rude_ones_do_not_end_it() -> None:
    async def main() -> tuple[int, int]:
        async with loopback() as bot:
            sockets = [
                await bot.session.ws_connect("http://localhost/v5/public/linear")
                for _ in range(500)
            ]
            for number, socket in enumerate(sockets):
                if number % 2:
                    assert socket._response.connection is not None
                    assert socket._response.connection.transport is not None
                    socket._response.connection.transport.write(b"\x81\x7e\x10")
                    socket._response.connection.transport.abort()
            await asyncio.sleep(1)
            left = len(bot.exchange.hub.connections)
            for socket in sockets:
                await socket.close()
            code = (await bot.get("/v5/market/time", signed=False))["retCode"]
            return left, int(code)

    assert virtual_time.run(main()) == (250, 0)


def test_a_frame_that_is_none_is_recorded() -> None:
    async def main() -> list[str]:
        async with loopback() as bot:
            socket = await bot.session.ws_connect("http://localhost/v5/private")
            assert socket._response.connection is not None
            assert socket._response.connection.transport is not None
            socket._response.connection.transport.write(b"\xff\xff\xff\xff")
            await asyncio.sleep(1)
            await socket.close()
            return [one.what for one in bot.of(Strange)]

    assert virtual_time.run(main()) == ["garbage"]


def test_binary_messages_are_read_too() -> None:
    async def main() -> str:
        async with loopback() as bot, bot.socket("public/linear") as wire:
            await wire.socket.send_bytes(json.dumps({"op": "ping"}).encode())
            return str((await wire.hear())["ret_msg"])

    assert virtual_time.run(main()) == "pong"


def test_a_page_that_was_led_here_is_refused() -> None:
    async def main() -> tuple[list[int], list[str]]:
        async with loopback() as bot:
            found = []
            for host in ("evil.example", "api.bybit.com", "127.0.0.1:99", "api.bybit.com.evil"):
                url, headers = "http://localhost/v5/market/time", {"Host": host}
                async with bot.session.get(url, headers=headers) as answer:
                    found.append(answer.status)
            headers = {"Host": "evil.example"}
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await bot.session.ws_connect("http://localhost/v5/private", headers=headers)
            return found, [one.what for one in bot.of(Strange)]

    assert virtual_time.run(main()) == ([403, 200, 200, 403], ["host"] * 3)


def test_what_is_no_http_is_recorded() -> None:
    async def main() -> list[tuple[str, str]]:
        async with loopback() as bot:
            assert isinstance(bot.session.connector, aiohttp.UnixConnector)
            path = bot.session.connector.path
            for data in (b"\x16\x03\x01\x00\xff", b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n"):
                reader, writer = await asyncio.open_unix_connection(path)
                writer.write(data)
                if data.startswith(b"\x16"):
                    writer.write(b"\r\n\r\n")
                answer = await reader.read()
                assert answer.startswith(b"HTTP/1.")
                writer.close()
                await writer.wait_closed()
            return [(one.what, one.detail[:12]) for one in bot.of(Strange)]

    assert [what for what, _ in virtual_time.run(main())] == ["garbage", "garbage"]


def test_rates_are_held_to_and_told() -> None:
    async def main() -> tuple[list[int], list[int], int]:
        async with loopback() as bot:
            codes = [(await bot.order("Buy", "0.001"))["retCode"] for _ in range(12)]
            await asyncio.sleep(1)
            codes.append((await bot.order("Buy", "0.001"))["retCode"])
            statuses = []
            for _ in range(700):
                async with bot.session.get("http://localhost/v5/market/time") as answer:
                    statuses.append(answer.status)
            await asyncio.sleep(5)
            async with bot.session.get("http://localhost/v5/market/time") as answer:
                last = answer.status
            return codes, statuses, last

    codes, statuses, last = virtual_time.run(main())
    assert codes == [0] * 10 + [10006] * 2 + [0]
    assert statuses == [200] * statuses.count(200) + [403] * statuses.count(403)
    assert 580 <= statuses.count(200) <= 600
    assert last == 200


def test_unknown_endpoints_and_bodies_that_are_none() -> None:
    async def main() -> tuple[list[int], list[str]]:
        async with loopback() as bot:
            body = "[1, 2"
            answers = [
                await bot.get("/v5/market/nothing", signed=False),
                await bot.get("/v5/order/create"),
                await bot.send("POST", "/v5/order/create", bot.headers(body), body),
                await bot.send("POST", "/v5/order/create", bot.headers("[]"), "[]"),
                await bot.get("/v5/market/kline", signed=False, category="linear"),
            ]
            answers.append(await bot.get("/v5/order/history", category="linear", cursor="x"))
            answers.append(await bot.get("/v5/order/history", category="linear", limit="-1"))
            return [one["retCode"] for one in answers], [one.what for one in bot.of(Strange)]

    codes, strange = virtual_time.run(main())
    assert codes == [10001] * 7
    assert strange == ["endpoint", "endpoint", "garbage", "garbage"]

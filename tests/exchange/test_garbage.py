"""What no client should send: answered, recorded so that anything can show it, and survived."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import aiohttp
import pytest
from loopback import BTC, Bot, Wire, loopback, settings

from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.invariants.seen import seen
from pytest_soak.exchange.jail.isolation import Isolation
from pytest_soak.exchange.jail.outside import Outside
from pytest_soak.exchange.judged import judged
from pytest_soak.exchange.numbers import parsed
from pytest_soak.exchange.reading import DEEPEST, object_of
from pytest_soak.exchange.record import Request, Socket, Strange

CREATE = "/v5/order/create"


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


async def raw(bot: Bot, data: bytes) -> bytes:
    """What a connection of its own is answered."""
    assert isinstance(bot.session.connector, aiohttp.UnixConnector)
    reader, writer = await asyncio.open_unix_connection(bot.session.connector.path)
    writer.write(data)
    answer = await reader.read()
    writer.close()
    return answer


async def posted(bot: Bot, body: bytes, **headers: str) -> tuple[int, Any]:
    """Status and retCode of a body that is signed as text, if it is any."""
    signed = bot.headers(body.decode(errors="replace")) | headers
    async with bot.session.post(f"http://localhost{CREATE}", data=body, headers=signed) as answer:
        text = await answer.text()
        return answer.status, json.loads(text)["retCode"] if text[0] == "{" else None


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{", {}),
        (b"\xff\xfe", {}),
        (b'{"category": "\xed\xa0\x80"}', {}),
        (nested(100_000).encode(), {}),
        (f'{{"category": {nested(900)}}}'.encode(), {}),
        (f'{{"orderId": {nested(DEEPEST + 1)}}}'.encode(), {}),
        (b"9" * 4_000, {}),
        (f'{{"qty": {"9" * 4_000}}}'.encode(), {}),
        (b'{"qty": NaN}', {}),
        (b"no gzip at all", {"Content-Encoding": "gzip"}),
    ],
)
def test_a_body_that_is_no_object_is_answered_and_recorded(
    body: bytes, headers: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    async def main() -> tuple[Any, set[str]]:
        async with loopback() as bot:
            found = await posted(bot, body, **headers)
            assert (await bot.get("/v5/market/time"))["retCode"] == 0
            return found, {one.what for one in bot.of(Strange)}

    assert virtual_time.run(main()) == ((200, 10001), {"garbage"})
    assert "Traceback" not in capfd.readouterr().err


def test_a_charset_that_there_is_not_changes_nothing() -> None:
    async def main() -> Any:
        async with loopback() as bot:
            kind = {"Content-Type": "application/json; charset=nonsense"}
            return await posted(bot, b'{"category": "linear"}', **kind)

    assert virtual_time.run(main()) == (200, 10001)


def test_too_much_is_refused_and_recorded() -> None:
    async def main() -> list[Any]:
        async with loopback() as bot:
            bomb = gzip.compress(b"x" * 50_000_000)
            found = [
                (await posted(bot, b"x" * 300_000))[0],
                (await posted(bot, bomb, **{"Content-Encoding": "gzip"}))[0],
            ]
            return [*found, *(one.detail[:14] for one in bot.of(Strange))]

    assert virtual_time.run(main()) == [413, 413, "413 Request En", "413 Request En"]


@pytest.mark.parametrize("name", ["API-KEY", "TIMESTAMP", "RECV-WINDOW", "SIGN"])
def test_a_header_of_other_bytes_is_a_wrong_one(name: str) -> None:
    async def main() -> int:
        async with loopback() as bot:
            headers = bot.headers("") | {f"X-BAPI-{name}": "@"}
            lines = [f"{key}: {value}" for key, value in headers.items()]
            head = "\r\n".join(["GET /v5/account/info HTTP/1.1", "Host: localhost", *lines])
            data = f"{head}\r\nConnection: close\r\n\r\n".encode().replace(b": @", b": \xff\xfe")
            answer = await raw(bot, data)
            return int(json.loads(answer.partition(b"\r\n\r\n")[2])["retCode"])

    wanted = {"API-KEY": 10003, "TIMESTAMP": 10002, "RECV-WINDOW": 10004, "SIGN": 10004}
    assert virtual_time.run(main()) == wanted[name]


def test_whatever_leads_nowhere_is_an_unknown_endpoint() -> None:
    async def main() -> tuple[list[str], list[str]]:
        async with loopback() as bot:
            asked = ("GET /v5/%ff%00%0a", "OPTIONS *", "POST /v5/private", "GET /v5/%E2%80%AEgnp")
            answers = [
                await raw(
                    bot, f"{one} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
                )
                for one in asked
            ]
            assert all(b'"retCode":10001' in one for one in answers)
            return [one.detail for one in bot.of(Strange) if one.what == "endpoint"], [
                one.endpoint for one in bot.of(Request)
            ]

    strange, requests = virtual_time.run(main())
    assert strange == requests
    assert len(strange) == 4
    assert all(isinstance(one, str) and one.isprintable() for one in strange)
    assert strange[-1] == "GET /v5/\\u202egnp"


def test_what_was_strange_can_be_written_into_the_judgment() -> None:
    async def main() -> list[Any]:
        async with loopback() as bot:
            await raw(
                bot, b"GET /v5/market/time HTTP/1.1\r\nHost: \xff\r\nConnection: close\r\n\r\n"
            )
            return bot.events

    events = virtual_time.run(main())
    held = Isolation("none"), Outside(None, 0)
    found = judged(1, (0, 1 << 62), seen(events), {}, held, (0, {}))
    assert found.strange == {"host \\udcff": 1}
    assert "udcff" in found.model_dump_json()


def test_a_handshake_that_is_none_is_recorded() -> None:
    async def main() -> list[str]:
        async with loopback() as bot:
            answer = await raw(
                bot, b"GET /v5/private HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            )
            assert answer.startswith(b"HTTP/1.1 400")
            return [one.detail for one in bot.of(Strange)]

    assert virtual_time.run(main()) == ["400 Bad Request: GET /v5/private"]


def test_a_client_that_goes_in_the_midst_of_its_body_leaves_no_trace_but_in_the_record(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async def main() -> list[str]:
        async with loopback() as bot:
            assert isinstance(bot.session.connector, aiohttp.UnixConnector)
            _, writer = await asyncio.open_unix_connection(bot.session.connector.path)
            head = f"POST {CREATE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{{"
            writer.write(head.encode())
            await asyncio.sleep(0.1)
            writer.transport.abort()
            await asyncio.sleep(0.1)
            return [one.what for one in bot.of(Strange)]

    assert virtual_time.run(main()) == ["garbage"]
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    "message",
    [
        f'{{"op": "ping", "req_id": {nested(900)}}}',
        f'{{"op": {nested(DEEPEST + 1)}}}',
        f'{{"op": "order.create", "reqId": {nested(300)}, "args": [{{}}]}}',
        f'{{"op": "auth", "args": [{nested(900)}, 1, 2]}}',
    ],
)
def test_what_lies_too_deep_leaves_a_socket_alive(message: str) -> None:
    async def main() -> list[str]:
        async with loopback() as bot, bot.socket("trade", auth=True) as wire:
            await wire.socket.send_str(message)
            assert (await wire.hear())["ret_msg"] == "Params Error"
            await wire.say(op="ping")
            assert (await wire.hear())["op"] == "pong"
            return [one.what for one in bot.of(Strange)]

    assert virtual_time.run(main()) == ["garbage"]


def test_an_expiry_of_5000_digits_is_out_of_time() -> None:
    async def main() -> dict[str, Any]:
        async with loopback() as bot, bot.socket("private") as wire:
            return await wire.auth(expires="9" * 5_000)

    assert virtual_time.run(main())["ret_msg"].startswith("The request time exceeds")


def test_a_cursor_beyond_all_lists_is_refused() -> None:
    async def main() -> int:
        async with loopback() as bot:
            cursor = f"page:{'9' * 25}"
            asked = await bot.get("/v5/order/history", category="linear", cursor=cursor)
            return int(asked["retCode"])

    assert virtual_time.run(main()) == 10001


def test_a_client_that_asks_faster_than_it_reads_is_heard_to_the_end() -> None:
    async def asked(wire: Wire) -> int:
        for _ in range(5_000):
            await wire.socket.send_str('{"op": "ping"}')
        return sum([(await wire.hear())["op"] == "ping" for _ in range(5_000)])

    async def main() -> tuple[int, list[str]]:
        async with loopback() as bot:
            async with bot.socket("public/linear") as wire:
                count = await asked(wire)
            await asyncio.sleep(0.1)
            return count, [one.what for one in bot.of(Socket)]

    assert virtual_time.run(main()) == (5_000, ["opened", "closed"])


@pytest.mark.parametrize(
    "given",
    ["1_000", " 1", "1 ", "\u0661", "\uff11", "0x10", "NaN", "inf", "1e400", "--1", "", ".", "1e"],
)
def test_what_is_no_number_on_the_wire_is_none(given: str) -> None:
    assert parsed(given) is None


@pytest.mark.parametrize("link", ["nul\0", "a\u202egnp", "\u00e9", "a\nb", "a\x7fb"])
def test_a_name_that_cannot_be_printed_is_refused(link: str) -> None:
    async def main() -> int:
        async with loopback(settings(BTC)) as bot:
            return int((await bot.order(orderLinkId=link))["retCode"])

    assert virtual_time.run(main()) == 10001


def test_an_object_may_lie_as_deep_as_requests_do() -> None:
    assert object_of(f'{{"a": {nested(DEEPEST - 1)}}}') is not None
    assert object_of(f'{{"a": {nested(DEEPEST)}}}') is None

"""Signatures and times of requests, over HTTP and over sockets."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from loopback import BTC, Bot, loopback

from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.record import Request, Socket, Strange
from pytest_soak.exchange.rest.auth import account_of, signed_http

NOW = 1_700_000_000_000
KNOWN = Account("a", "XXXXXXXXXX", "YYYYYYYYYY", 1, {})


def vector(query: str, body: str, sign: str, *, is_get: bool) -> Account:
    headers = {
        "X-BAPI-API-KEY": "XXXXXXXXXX",
        "X-BAPI-TIMESTAMP": str(NOW),
        "X-BAPI-RECV-WINDOW": "5000",
        "X-BAPI-SIGN": sign,
    }
    signed = signed_http(headers, query, body, is_get=is_get)
    return account_of(signed, {"XXXXXXXXXX": KNOWN}, NOW)


@pytest.mark.parametrize(
    ("query", "body", "sign"),
    [
        (
            "category=option&symbol=BTC-29JUL22-25000-C",
            "",
            "711e40aae5c707594c9e36483ab5f4c0ea64642aed01a6486074f0c82a5f6157",
        ),
        (
            "",
            '{"category": "option"}',
            "ba6266d85aecb1b205b08472414192a2573c00ac7626b424062b1d4430d11a76",
        ),
        ("", "", "9ca498be02c7ea7691f4616b4d6985cfc9cd7f9a331594dd47706b9c55095593"),
    ],
)
def test_vectors(query: str, body: str, sign: str) -> None:
    assert vector(query, body, sign, is_get=not body) is KNOWN


async def codes(bot: Bot, **other: object) -> int:
    query = f"category=linear&symbol={BTC}"
    headers = bot.headers(query, **other)
    return int((await bot.send("GET", f"/v5/position/list?{query}", headers, None))["retCode"])


def test_each_thing_that_can_be_wrong_has_its_code() -> None:
    async def main() -> tuple[list[int], list[Request], list[Strange]]:
        async with loopback() as bot:
            now = bot.now_ms()
            found = [
                await codes(bot),
                await codes(bot, secret="wrong"),
                await codes(bot, key="wrong"),
                await codes(bot, stamp=now - 5001),
                await codes(bot, stamp=now - 4900),
                await codes(bot, stamp=now + 1000),
                await codes(bot, stamp=now + 900),
                await codes(bot, stamp="soon"),
                await codes(bot, stamp=now - 20_000, window=60_000),
                int((await bot.send("GET", "/v5/account/info", {}, None))["retCode"]),
            ]
            return found, bot.of(Request), bot.of(Strange)

    found, requests, strange = virtual_time.run(main())
    assert found == [0, 10004, 10003, 10002, 0, 10002, 0, 10002, 0, 10003]
    assert [one.code for one in requests] == found
    assert [one.account for one in requests][:2] == ["trader", ""]
    assert [(one.what, one.detail) for one in strange] == [("signature", "GET /v5/position/list")]


def test_a_query_may_be_signed_as_it_is_sent_or_decoded() -> None:
    async def main() -> list[int]:
        async with loopback() as bot:
            decoded = "category=linear&symbol=BTCUSDT&cursor=page:0"
            sent = f"category=linear&symbol=BTCUSDT&cursor={quote('page:0')}"
            path = f"/v5/order/history?{sent}"
            answers = [
                await bot.send("GET", path, bot.headers(signed), None)
                for signed in (sent, decoded, sent.upper())
            ]
            return [one["retCode"] for one in answers]

    assert virtual_time.run(main()) == [0, 0, 10004]


def test_a_body_is_signed_to_the_byte() -> None:
    async def main() -> list[int]:
        async with loopback() as bot:
            body = json.dumps({"category": "linear", "symbol": BTC, "buyLeverage": "5"})
            found = []
            for sent in (body, body.replace(" ", "")):
                path = "/v5/position/set-leverage"
                found.append((await bot.send("POST", path, bot.headers(body), sent))["retCode"])
            return found

    assert virtual_time.run(main()) == [10001, 10004]


def test_a_key_that_may_only_look_cannot_trade() -> None:
    async def main() -> list[int]:
        async with loopback() as bot:
            bot.key, bot.secret = "looks", "looks"
            answers = [
                await bot.get("/v5/account/wallet-balance", accountType="UNIFIED"),
                await bot.order(),
                await bot.post("/v5/order/cancel-all", category="linear"),
                await bot.post("/v5/order/cancel", category="linear", symbol=BTC, orderId="x"),
                await bot.post("/v5/order/amend", category="linear", symbol=BTC, orderId="x"),
            ]
            return [one["retCode"] for one in answers]

    assert virtual_time.run(main()) == [0, 10005, 10005, 10005, 10005]


def test_sockets_are_authenticated() -> None:
    async def main() -> tuple[list[bool], list[str], int]:
        async with loopback() as bot:
            async with bot.socket("private") as wire:
                found = [
                    (await wire.subscribe("order"))["success"],
                    (await wire.auth(secret="wrong"))["success"],
                    (await wire.auth(key="wrong"))["success"],
                    (await wire.auth(expires=bot.now_ms() - 1))["success"],
                    (await wire.subscribe("order"))["success"],
                    (await wire.auth())["success"],
                    (await wire.subscribe("order"))["success"],
                ]
            async with bot.socket("trade") as wire:
                code = (await wire.auth(secret="wrong"))["retCode"]
            return found, [one.what for one in bot.of(Socket)], code

    found, what, code = virtual_time.run(main())
    assert found == [False, False, False, False, False, True, True]
    assert what[:8] == ["opened", *["refused"] * 5, "authenticated", "subscribed"]
    assert code == 10004

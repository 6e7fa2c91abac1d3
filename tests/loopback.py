"""For tests of the exchange on loopback: one that is served in virtual time, and a client of it."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp

from pytest_soak.exchange.in_process import in_process
from pytest_soak.exchange.instruments import read_instruments
from pytest_soak.exchange.interference import Interference
from pytest_soak.exchange.record import Event
from pytest_soak.exchange.recorder import Recorder
from pytest_soak.exchange.server import Running
from pytest_soak.exchange.settings import AccountSettings, ExchangeSettings

EPOCH_US = 1_700_000_000_000_000
KEY, SECRET = "key", "secret"
LOOKER = AccountSettings(name="looker", key="looks", secret="looks", read_only=True)
TRADER = AccountSettings(name="trader", key=KEY, secret=SECRET)
OTHER = AccountSettings(name="other", key="other", secret="other")
BTC = "BTCUSDT"


def settings(*symbols: str, **more: Any) -> ExchangeSettings:
    """An exchange without delays, of the symbols that ship, or some of them."""
    listed = read_instruments(None, Path()).symbols
    return ExchangeSettings(
        symbols={name: listed[name] for name in symbols or (BTC,)},
        accounts=(TRADER, LOOKER, OTHER),
        **{"latency": "none", "history_minutes": 0.0, **more},
    )


@dataclass
class Bot:
    """A client: signs, asks, keeps what it was told."""

    session: aiohttp.ClientSession
    exchange: Running
    events: list[Event]
    key: str = KEY
    secret: str = SECRET
    raw: list[bytes] = field(default_factory=list)

    def now_ms(self) -> int:
        return self.exchange.venue.shown_ms()

    def headers(self, payload: str, **other: Any) -> dict[str, str]:
        stamp = str(other.get("stamp", self.now_ms()))
        window = str(other.get("window", 5000))
        key, secret = other.get("key", self.key), other.get("secret", self.secret)
        text = f"{stamp}{key}{window}{payload}"
        return {
            "X-BAPI-API-KEY": key,
            "X-BAPI-TIMESTAMP": stamp,
            "X-BAPI-RECV-WINDOW": window,
            "X-BAPI-SIGN": hmac.new(secret.encode(), text.encode(), sha256).hexdigest(),
        }

    async def get(self, path: str, *, signed: bool = True, **args: Any) -> dict[str, Any]:
        query = urlencode(args)
        headers = self.headers(query) if signed else {}
        return await self.send("GET", f"{path}?{query}" if query else path, headers, None)

    async def post(self, path: str, **args: Any) -> dict[str, Any]:
        body = json.dumps(args)
        return await self.send("POST", path, self.headers(body), body)

    async def send(
        self, method: str, path: str, headers: Mapping[str, str], body: str | None
    ) -> dict[str, Any]:
        from yarl import URL

        url = URL(f"http://localhost{path}", encoded=True)
        async with self.session.request(method, url, headers=headers, data=body) as answer:
            data = await answer.read()
            self.raw.append(data)
            found: dict[str, Any] = json.loads(data)
            return found

    async def order(self, side: str = "Buy", qty: str = "0.01", **more: Any) -> dict[str, Any]:
        kind = "Limit" if "price" in more else "Market"
        args = {"category": "linear", "symbol": BTC, "orderType": kind, **more}
        return await self.post("/v5/order/create", side=side, qty=qty, **args)

    async def best(self) -> tuple[float, float]:
        book = (await self.get("/v5/market/orderbook", category="linear", symbol=BTC))["result"]
        return float(book["b"][0][0]), float(book["a"][0][0])

    async def open_orders(self, **more: Any) -> list[dict[str, Any]]:
        args = {"category": "linear", "symbol": BTC, **more}
        found = (await self.get("/v5/order/realtime", **args))["result"]["list"]
        return list(found)

    async def position(self) -> float:
        args: dict[str, Any] = {"category": "linear", "symbol": BTC}
        row = (await self.get("/v5/position/list", **args))["result"]["list"][0]
        return float(row["size"]) * (-1 if row["side"] == "Sell" else 1)

    @asynccontextmanager
    async def socket(self, path: str, *, auth: bool = False) -> AsyncIterator[Wire]:
        async with self.session.ws_connect(f"http://localhost/v5/{path}") as socket:
            wire = Wire(socket, self)
            if auth:
                await wire.auth()
            yield wire

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class Wire:
    """A socket, and what came over it."""

    socket: aiohttp.ClientWebSocketResponse
    bot: Bot
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def say(self, **message: Any) -> None:
        await self.socket.send_str(json.dumps(message))

    async def hear(self, seconds: float = 5.0) -> dict[str, Any]:
        message = await self.socket.receive(seconds)
        if message.type != aiohttp.WSMsgType.TEXT:
            raise ConnectionError(str(message.type))
        self.bot.raw.append(message.data.encode())
        found: dict[str, Any] = json.loads(message.data)
        self.seen.append(found)
        return found

    async def hear_topics(self, *topics: str, seconds: float = 5.0) -> list[dict[str, Any]]:
        """Messages until each topic has come; `seconds` at most between two."""
        found: list[dict[str, Any]] = []
        while not {*topics} <= {one.get("topic") for one in found}:
            found.append(await self.hear(seconds))
        return found

    async def hear_for(self, seconds: float) -> list[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        ends, found = loop.time() + seconds, []
        while (left := ends - loop.time()) > 0:
            try:
                found.append(await self.hear(left))
            except TimeoutError:
                break
        return found

    async def auth(self, **other: Any) -> dict[str, Any]:
        expires = other.get("expires", self.bot.now_ms() + 1000)
        key, secret = other.get("key", self.bot.key), other.get("secret", self.bot.secret)
        text = f"GET/realtime{expires}"
        sign = hmac.new(secret.encode(), text.encode(), sha256).hexdigest()
        await self.say(op="auth", args=[key, expires, sign])
        return await self.hear()

    async def subscribe(self, *topics: str, **more: Any) -> dict[str, Any]:
        await self.say(op="subscribe", args=[*topics], **more)
        return await self.hear()


@asynccontextmanager
async def loopback(
    how: ExchangeSettings | None = None, interference: Interference | None = None
) -> AsyncIterator[Bot]:
    """An exchange over a socket of this machine, and a client of it."""
    events: list[Event] = []
    served = in_process(how or settings(), Recorder(events.append), interference, EPOCH_US)
    async with served as found, found.session() as session:
        yield Bot(session, found.exchange, events)


def topics(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """The topics of messages, in order."""
    return [str(one["topic"]) for one in messages if "topic" in one]

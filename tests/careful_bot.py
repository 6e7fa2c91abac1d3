"""A maker that does all that a bot should on a broken line: nothing may blame it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

import aiohttp
from loopback import BTC, Wire
from minimal_bots import Mini

from pytest_soak.exchange.beliefs.belief import BookBelief

TOPIC = f"orderbook.50.{BTC}"
PATIENCE = 2.0
LOST = (TimeoutError, ConnectionError, aiohttp.ClientError)
Answer = dict[str, Any]


class Careful:
    """Quotes both sides each second, and finds out what became of what it asked for."""

    def __init__(self, bot: Mini) -> None:
        self.bot = bot
        self.ahead_ms = 0
        self.names = count()
        self.mine: dict[str, str] = {}
        self.numbers = 0
        bot.wire.now_ms = self._now_ms  # type: ignore[method-assign]

    def _now_ms(self) -> int:
        return self.bot.wire.exchange.venue.now_us() // 1000 + self.ahead_ms

    async def live(self) -> None:
        """Until it is cancelled."""
        tasks = [asyncio.ensure_future(part()) for part in (self._executions, self._book)]
        try:
            while True:
                with suppress(*LOST):
                    await self._round()
                await asyncio.sleep(1.0)
        finally:
            for task in tasks:
                task.cancel()

    async def _round(self) -> None:
        await self._learn()
        for name in list(self.mine):
            await self._ask("/v5/order/cancel", symbol=BTC, orderLinkId=name)
        await self._learn()
        if self.mine:
            return
        book = await self._get("/v5/market/orderbook", signed=False, symbol=BTC)
        bid, ask = (float(book["result"][side][0][0]) for side in "ba")
        for side, price in (("Buy", bid), ("Sell", ask)):
            name = f"c{next(self.names)}"
            self.mine[name] = ""
            await self._ask(
                "/v5/order/create",
                symbol=BTC,
                side=side,
                orderType="Limit",
                price=f"{price:.0f}",
                qty="0.01",
                orderLinkId=name,
            )
        await self._learn()

    async def _learn(self) -> None:
        """What is open, and what has traded, by the exchange's own word."""
        answer = await self._get("/v5/order/realtime", symbol=BTC)
        found = {row["orderLinkId"]: row["orderId"] for row in answer["result"]["list"]}
        self.mine = found
        self.bot.open = set(found)
        answer = await self._get("/v5/execution/list", limit=100)
        for row in answer["result"]["list"]:
            if row["execType"] == "Trade":
                self.bot.take(row)

    async def _ask(self, path: str, **args: Any) -> None:
        body = {"category": "linear", **args}
        with suppress(*LOST):
            await self._patiently(self.bot.wire.post(path, **body))

    async def _get(self, path: str, *, signed: bool = True, **args: Any) -> Answer:
        return await self._patiently(
            self.bot.wire.get(path, signed=signed, category="linear", **args)
        )

    async def _patiently(self, asked: Any) -> Answer:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await asked
        except json.JSONDecodeError:
            raise ConnectionError("no answer") from None
        if not isinstance(answer, dict):
            await asyncio.sleep(1.0)
            raise ConnectionError(f"status {answer}")
        if answer["retCode"] == 10006:
            await asyncio.sleep(1.0)
        if answer["retCode"] == 10002:
            told = await self.bot.wire.get("/v5/market/time", signed=False)
            self.ahead_ms = int(told["time"]) - self.bot.wire.exchange.venue.now_us() // 1000
        if answer["retCode"] and "list" not in answer["result"]:
            raise ConnectionError(str(answer["retCode"]))
        return answer

    @asynccontextmanager
    async def _socket(self, path: str, *topics: str, auth: bool) -> AsyncIterator[Wire]:
        async with self.bot.wire.socket(path, auth=auth) as wire:
            await wire.subscribe(*topics)
            yield wire

    async def _executions(self) -> None:
        while True:
            with suppress(*LOST):
                async with self._socket("private", "execution", "order", auth=True) as wire:
                    await self._heard(wire)
            await asyncio.sleep(0.5)

    async def _heard(self, wire: Wire) -> None:
        """Until it does not answer a ping within two seconds."""
        unanswered = 0
        while unanswered < 3:
            try:
                message = await wire.hear(1.0)
            except TimeoutError:
                unanswered += 1
                await wire.say(op="ping")
            else:
                unanswered = 0
                rows = message["data"] if message.get("topic") == "execution" else []
                for row in rows:
                    if row["execType"] == "Trade":
                        self.bot.take(row)

    async def _book(self) -> None:
        while True:
            with suppress(*LOST):
                async with self._socket("public/linear", TOPIC, auth=False) as wire:
                    await self._followed(wire)
            self.bot.book = None
            await asyncio.sleep(0.5)

    async def _followed(self, wire: Wire) -> None:
        """Keep the book until it falls silent, or its numbers leap."""
        sides: tuple[dict[float, float], dict[float, float]] = ({}, {})
        last = 0
        while True:
            message = await wire.hear(3.0)
            if message.get("topic") != TOPIC:
                continue
            data, whole = message["data"], message["type"] == "snapshot"
            if not whole and data["u"] != last + 1:
                return
            for side, rows in zip(sides, (data["b"], data["a"]), strict=True):
                if whole:
                    side.clear()
                side.update((float(price), float(size)) for price, size in rows)
                for price in [price for price, size in side.items() if not size]:
                    del side[price]
            last = data["u"]
            bids, asks = sorted(sides[0].items(), reverse=True), sorted(sides[1].items())
            self.bot.book = BookBelief(last, tuple(bids), tuple(asks))

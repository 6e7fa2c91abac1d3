"""Bots of a few lines on the loopback exchange, honest or with a bug, and how they are judged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from fault_schedules import S, schedule
from loopback import BTC, Bot, Wire, loopback, settings

from pytest_soak.exchange import virtual_time
from pytest_soak.exchange.beliefs.belief import Belief, BookBelief
from pytest_soak.exchange.faults.schedule import Schedule
from pytest_soak.exchange.faults.scheduled import Scheduled
from pytest_soak.exchange.invariants.measure import measure
from pytest_soak.exchange.invariants.result import Result
from pytest_soak.exchange.invariants.seen import seen
from pytest_soak.exchange.invariants.tolerances import Tolerances
from pytest_soak.exchange.record import Event, Fault, line

ALLOWED = Tolerances(settle_s=3.0)


@dataclass
class Mini:
    """A bot's view of itself, which `beliefs` are samples of."""

    wire: Bot
    honest: bool
    position: float = 0.0
    open: set[str] = field(default_factory=set)
    book: BookBelief | None = None
    beliefs: list[Belief] = field(default_factory=list)
    fills: dict[str, float] = field(default_factory=dict)

    async def watch(self) -> None:
        """Say each half second what it believes."""
        while True:
            books = {BTC: self.book} if self.book else {}
            positions, orders = {BTC: self.position}, frozenset(self.open)
            now_us = self.wire.exchange.venue.now_us()
            self.beliefs.append(Belief(now_us, positions, orders, books))
            await asyncio.sleep(0.5)

    async def until(self, seconds: float) -> None:
        """Wait until so many seconds after the loop's beginning."""
        await asyncio.sleep(max(0.0, seconds - asyncio.get_running_loop().time()))

    def take(self, row: dict[str, Any]) -> None:
        """Count an execution by its name, as one should."""
        quantity = float(row["execQty"])
        self.fills[row["execId"]] = quantity if row["side"] == "Buy" else -quantity
        self.position = sum(self.fills.values())

    async def reread(self) -> None:
        """Read all trades again."""
        answer = await self.wire.get("/v5/execution/list", category="linear", limit=100)
        for row in answer["result"]["list"]:
            if row["execType"] == "Trade":
                self.take(row)

    async def hear(self, wire: Wire, heard: Callable[[dict[str, Any]], None]) -> None:
        """Hear a socket until it is cut."""
        with suppress(ConnectionError, aiohttp.ClientError):
            while True:
                with suppress(TimeoutError):
                    heard(await wire.hear(1.0))


Script = Callable[[Mini], Awaitable[None]]


@dataclass(frozen=True)
class Judged:
    """What became of a bot: its invariants, the record, and its bytes."""

    results: dict[str, Result]
    events: list[Event]

    def value(self, name: str) -> float | None:
        return self.results[name].value

    @property
    def red(self) -> set[str]:
        """The invariants that are violated."""
        bad = {
            "position_gap_base",
            "unknown_open_orders",
            "believed_open_closed",
            "repeated_intents",
            "book_wrong_u",
            "requests_over_limit",
        }
        return {name for name in bad if self.results[name].value}

    @property
    def text(self) -> str:
        return "\n".join(map(line, self.events))


def judged(script: Script, *faults: str, honest: bool, seconds: float = 20.0, **how: Any) -> Judged:
    """Let a bot live for some seconds of virtual time with faults that are lines of YAML."""
    rows = schedule(*faults).model_copy(update={"tolerances": ALLOWED})
    return judged_in(script, rows, honest=honest, seconds=seconds, **how)


def judged_in(
    script: Script, faults: Schedule, *, honest: bool, seconds: float, **how: Any
) -> Judged:
    """Let a bot live for some seconds of virtual time, and judge it."""

    async def main() -> Judged:
        told: list[Fault] = []
        options = {"step_ms": 20.0, "record_books": True, **how}
        async with loopback(settings(**options), Scheduled(faults, told.append)) as wire:
            bot = Mini(wire, honest)
            start_us = wire.exchange.venue.now_us()
            await wire.get("/v5/account/info")
            await _live(bot, script, seconds)
            window = start_us, start_us + round(seconds * S)
            events = sorted([*wire.events, *told], key=lambda one: one.time_us)
            return Judged(measure(seen(events), bot.beliefs, window, faults.tolerances), events)

    return virtual_time.run(main())


async def _live(bot: Mini, script: Script, seconds: float) -> None:
    tasks = [asyncio.ensure_future(script(bot)), asyncio.ensure_future(bot.watch())]
    done, _ = await asyncio.wait(tasks, timeout=seconds)
    for task in tasks:
        task.cancel()
    for task in done:
        task.result()
    await asyncio.gather(*tasks, return_exceptions=True)

"""What all these bots share: what they are told, what they believe, when they end.

It needs the standard library alone: each runs in the environment of its client.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

KEY = os.environ["SOAK_EXCHANGE_KEY"]
SECRET = os.environ["SOAK_EXCHANGE_SECRET"]
SECONDS = float(os.environ.get("SOAK_SECONDS", "60"))
EVERY = float(os.environ.get("SOAK_EVERY", "2"))
"""Seconds from turn to turn."""
TURNS = int(os.environ.get("SOAK_TURNS", "0"))
"""How many turns there are instead of a time; 0 for a time."""
SYMBOL = "BTCUSDT"
UNIFIED = "BTC/USDT:USDT"
QUANTITY = 0.01
AWAY = 3.0
"""How far quotes are from the best price, in quote currency."""


Levels = Sequence[Sequence[float]]
"""Of price and size, best first."""
SHOWN = 10


class Belief:
    """What a bot holds to be so; a line of JSON at each `tell`."""

    def __init__(self) -> None:
        self._path = Path(os.environ["SOAK_BELIEFS"])
        self._fills: dict[str, float] = {}
        self._open: dict[str, str] = {}

    def fill(self, exec_id: str, side: str, quantity: float) -> None:
        """A trade, which may be told more than once."""
        self._fills[exec_id] = quantity if side.lower() == "buy" else -quantity

    def order(self, order_id: str, is_open: bool) -> None:
        """An order is open, or is no more."""
        if is_open:
            self._open[order_id] = order_id
        else:
            self._open.pop(order_id, None)

    def orders(self, order_ids: list[str]) -> None:
        """These are open, and no others."""
        self._open = dict(zip(order_ids, order_ids, strict=True))

    @property
    def position(self) -> float:
        """By its own fills, in base."""
        return sum(self._fills.values())

    def tell(
        self, bids: Levels = (), asks: Levels = (), u: int = 0, since: float | None = None
    ) -> None:
        """Write down what it is now, with the book as it is kept, if there is one.

        `since` is when it began to ask for it, by time.monotonic().
        """
        said: dict[str, Any] = {
            "time_us": time.time_ns() // 1000,
            "positions": {SYMBOL: round(self.position, 8)},
            "open_orders": sorted(self._open),
            "levels": [len(bids), len(asks)],
            "lag_s": 0.0 if since is None else time.monotonic() - since,
        }
        if bids and asks:
            said["books"] = {SYMBOL: {"u": u, "bids": bids[:SHOWN], "asks": asks[:SHOWN]}}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(said) + "\n")


def _is_over(number: int, start: float) -> bool:
    return number >= TURNS if TURNS else time.monotonic() > start + SECONDS


def turns() -> Iterator[int]:
    """Count from 0 until the time is over, with a pause after each."""
    start = time.monotonic()
    for number in count():
        if _is_over(number, start):
            return
        yield number
        time.sleep(EVERY)


async def paced() -> AsyncIterator[int]:
    """The same, and others run in the pauses."""
    start = time.monotonic()
    for number in count():
        if _is_over(number, start):
            return
        yield number
        await asyncio.sleep(EVERY)


ERRORS: defaultdict[str, int] = defaultdict(int)


def failed(error: BaseException) -> None:
    """Count an error of the client, and say it when it is new."""
    name = type(error).__name__
    ERRORS[name] += 1
    if ERRORS[name] <= 3:
        print(f"error: {name}: {str(error)[:300]}", flush=True)

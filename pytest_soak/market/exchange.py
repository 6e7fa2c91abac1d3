"""The market without a maker: a book and a venue that any agent can be stepped against.

    exchange = Exchange("calm", seed=42)
    order = exchange.submit("buy", price=exchange.book().bid, quantity=0.1)
    while exchange.advance_to_report(exchange.now_us + 1_000_000):
        print(exchange.take_events().reports)

Prices are in quote currency and multiples of TICK_QUOTE, quantities in base and multiples of
LOT_BASE, times in microseconds since the market opened. The agent's requests and the reports on
them take the venue's latency and queue at its gateway; the market's draws are those that a lane
with the same market, seed and length of iteration meets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.market import observe
from pytest_soak.market import venue as v
from pytest_soak.market.account import LOT_BASE, LOT_TICK_QUOTE, TICK_QUOTE
from pytest_soak.market.compile import load_sender
from pytest_soak.market.regimes import build_market
from pytest_soak.market.running import BURN_IN_US, SLICE_US, RunningMarket, join
from pytest_soak.market.state import NONE, SNAPSHOTS
from pytest_soak.market.tape import RUN, STOP_AT_EVENT, STOP_AT_REPORT, drain

SIDES = {"buy": 1, "sell": -1}
KINDS = {"post_only": v.PLACE, "limit": v.LIMIT, "ioc": v.TAKE}
"""How a submitted order may trade: never on arrival; on arrival and later; on arrival only."""


@dataclass(frozen=True)
class TopOfBook:
    """The best prices without the agent's own orders, as its market data stream shows them."""

    time_us: int  # of the snapshot at the venue
    bid: float
    ask: float
    mid: float
    depth: float  # base a side


@dataclass(frozen=True)
class Events:
    """What happened since events were last taken: one-dimensional arrays of these dtypes."""

    reports: NDArray[np.void]  # feeds.REPORT: what reached the agent
    fills: NDArray[np.void]  # columns.FILL: the agent's trades, at the time of the venue
    trades: NDArray[np.void]  # feeds.TRADE: everybody's, at the time of the venue
    tops: NDArray[np.void]  # feeds.TOP: each change of the top of the public book
    seconds: NDArray[np.void]  # feeds.SECOND: the mid, every second


class Exchange(RunningMarket):
    """One market, driven from outside; deterministic by (market, seed, settings) and requests.

    Raises ValueError for an unknown market or setting. `window_minutes` is the length of an
    iteration: at its end the next one's draws begin. Events are kept until they are taken; with
    `record` off, trades and tops of the book are not kept at all.
    """

    def __init__(
        self,
        market: str,
        seed: int,
        settings: Mapping[str, float] | None = None,
        window_minutes: float = 60.0,
        record: bool = True,
    ) -> None:
        super().__init__(build_market(market, settings or {}), seed)
        self._send = load_sender()
        self._window_us = round(window_minutes * 60e6)
        if self._window_us <= 0:
            raise ValueError(f"window_minutes={window_minutes:g}: expected more than 0")
        self._iteration = 0
        self._now = BURN_IN_US
        self._pieces: list[dict[str, Any]] = []
        self.tape["recording"] = record
        self._begin_next_window()

    @property
    def now_us(self) -> int:
        """The time at the venue and at the agent, whose clocks agree."""
        return self._now - BURN_IN_US

    @property
    def position(self) -> float:
        """The agent's position in base, as the venue knows it."""
        return float(self.world["account"]["position"]) * LOT_BASE

    @property
    def equity_quote(self) -> float:
        """Cash and position at the mid, less fees."""
        account = self.world["account"]
        held = int(account["cash"]) + int(account["position"]) * float(self.world["mid"])
        return held * LOT_TICK_QUOTE - float(account["fees_quote"])

    def book(self) -> TopOfBook:
        """The newest snapshot that the agent's stream has delivered."""
        venue = self.world["venue"]
        row = venue["snapshots"][int(venue["feed_number"]) & (SNAPSHOTS - 1)]
        return TopOfBook(
            time_us=int(row["time"]) - BURN_IN_US,
            bid=int(row["bid"]) * TICK_QUOTE,
            ask=int(row["ask"]) * TICK_QUOTE,
            mid=float(row["mid"]) * TICK_QUOTE,
            depth=float(row["depth"]) * LOT_BASE,
        )

    def advance(self, until_us: int) -> None:
        """Let everything happen that is due before `until_us`."""
        self._go(until_us, RUN)

    def advance_to_event(self, until_us: int) -> bool:
        """Let the next thing happen that is due before `until_us`; False where nothing is."""
        return self._go(until_us, STOP_AT_EVENT)

    def advance_to_report(self, until_us: int) -> bool:
        """Advance until a report reaches the agent; False where none does before `until_us`."""
        return self._go(until_us, STOP_AT_REPORT)

    def submit(self, side: str, price: float, quantity: float, kind: str = "post_only") -> int:
        """Send a new order and return its handle; `kind` is one of KINDS.

        Raises ValueError for a price or quantity between two ticks or lots, OverflowError where
        too many orders are open or under way.
        """
        if side not in SIDES:
            raise ValueError(f"side={side!r}: expected one of {', '.join(SIDES)}")
        if kind not in KINDS:
            raise ValueError(f"kind={kind!r}: expected one of {', '.join(KINDS)}")
        return self._request(KINDS[kind], SIDES[side], _ticks(price), _lots(quantity), NONE)

    def amend(self, order: int, price: float, quantity: float) -> None:
        """Ask for another price or remaining quantity of a resting order.

        It keeps its place in the queue only for less at the same price; one that would trade is
        refused and stays as it is.
        """
        self._request(v.AMEND, 0, _ticks(price), _lots(quantity), order)

    def cancel(self, order: int) -> None:
        """Ask for the end of a resting order."""
        self._request(v.CANCEL, 0, 0, 0, order)

    def take_events(self) -> Events:
        """Return what happened since the last call, as columns."""
        pieces, self._pieces = [*self._pieces, drain(self.tape)], []
        columns = join(pieces)
        return Events(
            reports=observe.reports(columns["reports"], -BURN_IN_US),
            fills=observe.fills(columns["fills"], columns["markouts"][:0], -BURN_IN_US),
            trades=observe.trades(columns["trades"], -BURN_IN_US),
            tops=observe.tops(columns["tops"], -BURN_IN_US),
            seconds=observe.seconds(columns["marks"], -BURN_IN_US),
        )

    def _request(self, kind: Any, side: int, price: int, lots: int, target: Any) -> int:
        return int(self._send(self.world, self._now, int(kind), side, price, lots, int(target)))

    def _begin_next_window(self) -> None:
        self._iteration += 1
        start = BURN_IN_US + (self._iteration - 1) * self._window_us
        self._window_end = start + self._window_us
        self.begin_window(self._iteration, start, self._window_end)
        self._advance(self.world, self.tape, start)

    def _go(self, until_us: int, stop: Any) -> bool:
        until = BURN_IN_US + until_us
        if stop == STOP_AT_REPORT and self.tape["reports_count"] > 0:
            self._pieces.append(drain(self.tape))
        self.tape["stop"] = stop
        while self._now < until:
            if self._now >= self._window_end:
                self._begin_next_window()
            goal = min(until, self._window_end, self._now + SLICE_US)
            done = self._advance(self.world, self.tape, goal)
            self._now = int(self.world["now"])
            if not done:
                self._pieces.append(drain(self.tape))
            elif self._now < goal:
                return True
        return False


def _ticks(price: float) -> int:
    return _multiple("price", price, TICK_QUOTE)


def _lots(quantity: float) -> int:
    lots = _multiple("quantity", quantity, LOT_BASE)
    if lots <= 0:
        raise ValueError(f"quantity={quantity:g}: expected more than 0")
    return lots


def _multiple(name: str, value: float, unit: float) -> int:
    count = round(value / unit) if math.isfinite(value) else 0
    if not abs(value / unit - count) < 1e-6:
        raise ValueError(f"{name}={value:g} is not a multiple of {unit:g}")
    return count

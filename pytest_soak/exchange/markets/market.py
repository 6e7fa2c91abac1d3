"""One symbol's market, which runs by the exchange's clock and takes the agent's requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from pytest_soak.config.sizes import BAND, REQUESTS
from pytest_soak.exchange.instruments import Traded
from pytest_soak.exchange.markets.bars import Bars
from pytest_soak.exchange.markets.books import Book, Books
from pytest_soak.exchange.markets.capture import capture
from pytest_soak.exchange.markets.told import NOTHING, PublicTrade, Step, Told
from pytest_soak.exchange.numbers import text
from pytest_soak.market.exchange import Exchange
from pytest_soak.market.feeds import REJECT_REASONS, REPORT_KINDS
from pytest_soak.market.running import BURN_IN_US

AT_THE_GATE = ("too_many_orders", "too_many_requests", "rate_limit")
"""Reasons of a request that never reached the book: known when it is sent."""
AT_ONCE_US = 200
"""How far the market goes to answer a request that nothing delays."""

SLICE_US = 10_000_000
"""How far a market goes at a time where nobody looks on."""
WANTED_US, UNWANTED_US = 2_000_000, 100_000
"""How long somebody is taken to look on, and how often a market moves where nobody does."""
MOST_TEXTS = 20_000
MOST_RECENT = 1000
"""Trades that can be asked for."""

Look = Callable[["SymbolMarket", Any], None]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request at the moment before the book has it, and who wants to look at it then."""

    at_us: int
    place: int
    look: Look


class SymbolMarket:
    """A market whose time is the exchange's; requests and reports are in ticks and lots."""

    def __init__(
        self,
        listed: Traded,
        exchange: Exchange,
        open_us: int,
        lag_us: Callable[[], int],
        *,
        delayed: bool,
    ) -> None:
        self.listed = listed
        self.exchange = exchange
        self.delayed = delayed
        self.lag_us = lag_us
        self._open_us = open_us
        self._arrivals: deque[Arrival] = deque()
        self._number = 1
        self._wanted_until_us = 0
        first = self.captured(open_us, self._number, None)
        self.books = Books(first, lag_us)
        self.last_price = (first.crowd_bid + first.crowd_ask) // 2
        self._prices: dict[int, str] = {}
        self._sizes: dict[int, str] = {}
        self.bars = Bars(self.last_price)
        self.recent: deque[PublicTrade] = deque(maxlen=MOST_RECENT)

    @property
    def now_us(self) -> int:
        """The market's time, as UTC."""
        return self._open_us + self.exchange.now_us

    def want(self, now_us: int) -> None:
        """Somebody looks on: for a while it is moved as often as any."""
        self._wanted_until_us = now_us + WANTED_US

    def is_due(self, now_us: int) -> bool:
        """Whether it is to be moved now: one at which nobody looks is moved now and then."""
        return now_us < self._wanted_until_us or now_us >= self.now_us + UNWANTED_US

    @property
    def mid(self) -> float:
        """Of the crowd's best prices, in ticks."""
        book = self.books.latest
        return 0.5 * (book.crowd_bid + book.crowd_ask)

    def captured(self, time_us: int, number: int, before: Book | None) -> Book:
        """The book as it is now."""
        return capture(self.exchange.world, time_us, number, before)

    def live_until(self, until_us: int) -> None:
        """Let time pass in which nobody asks for anything: what there is to be told of the past."""
        while self.now_us < until_us:
            self.step(min(until_us, self.now_us + SLICE_US))

    def step(self, until_us: int) -> Step:
        """Let everything happen that is due before `until_us`, and capture the book."""
        until = max(until_us - self._open_us, self.exchange.now_us)
        if until == self.exchange.now_us:
            return NOTHING
        while self._arrivals and self._arrivals[0].at_us < until:
            arrival = self._arrivals.popleft()
            self.exchange.advance(max(arrival.at_us, self.exchange.now_us))
            arrival.look(self, self.exchange.world["venue"]["requests"][arrival.place])
        self.exchange.advance(until)
        self._capture()
        return self._events()

    def submit(self, sign: int, price: int, lots: int, kind: str, look: Look | None = None) -> int:
        """Send a new order; return its handle."""
        side = "buy" if sign > 0 else "sell"
        handle = self.exchange.submit(side, self._quote(price), self._base(lots), kind)
        self._look_at(look)
        return handle

    def amend(self, handle: int, price: int, lots: int, look: Look) -> None:
        """Ask for another price or remaining quantity of a resting order."""
        self.exchange.amend(handle, self._quote(price), self._base(lots))
        self._look_at(look)

    def cancel(self, handle: int) -> None:
        """Ask for the end of a resting order."""
        self.exchange.cancel(handle)

    def refusal(self) -> str:
        """Why the gateway refused the request that was just sent; empty where it did not."""
        return REJECT_REASONS[int(self.exchange.world["venue"]["refused"])]

    def remaining(self, handle: int) -> int:
        """What is left of a resting order in the book, in lots; 0 where it rests no more."""
        world = self.exchange.world
        entries = world["venue"]["agent_orders"]
        entry = entries[handle % len(entries)]
        if int(entry["handle"]) != handle or int(entry["order"]) < 0:
            return 0
        return int(world["book"]["orders"][int(entry["order"])]["quantity"])

    def touch(self, sign: int) -> int:
        """The best price at which an order of that sign would trade."""
        book = self.books.latest
        side = book.asks if sign > 0 else book.bids
        return next(iter(side), self.last_price)

    def far(self, sign: int) -> int:
        """A price at which an immediate order takes whatever there is."""
        return max(1, round(self.mid) + sign * BAND)

    def within(self, sign: int, limit: int) -> int:
        """How many of the book's lots an order can take at `limit` or better, of others' alone."""
        world = self.exchange.world["book"]
        levels = world["levels"]
        theirs = levels["volume"] - levels["agent_volume"]
        prices = levels["price"]
        if sign > 0:
            meant = (prices <= limit) & (prices >= int(world["best_ask"]))
            there = int(world["ask_orders"]) > 0
        else:
            meant = (prices >= limit) & (prices <= int(world["best_bid"]))
            there = int(world["bid_orders"]) > 0
        return int(np.sum(theirs[meant & (theirs > 0)])) if there else 0

    def price_text(self, ticks: int) -> str:
        """A price on the wire."""
        return self._text(self._prices, ticks, self.listed.tick)

    def size_text(self, lots: int) -> str:
        """A quantity on the wire."""
        return self._text(self._sizes, lots, self.listed.lot)

    def turnover_text(self, product: int) -> str:
        """Ticks times lots on the wire, in quote."""
        return text(product * self.listed.tick * self.listed.lot)

    def _text(self, known: dict[int, str], count: int, step: Decimal) -> str:
        """The text of a count of steps, remembered: few of them are met again and again."""
        found = known.get(count)
        if found is None:
            if len(known) >= MOST_TEXTS:
                known.clear()
            found = known[count] = text(count * step)
        return found

    def _look_at(self, look: Look | None) -> None:
        venue = self.exchange.world["venue"]
        if look is None or int(venue["refused"]) != 0:
            return
        place = (int(venue["request_tail"]) - 1) & (REQUESTS - 1)
        at_us = int(venue["gateway_free_at"]) - BURN_IN_US
        self._arrivals.append(Arrival(at_us, place, look))

    def _capture(self) -> None:
        now = self.now_us
        self.books.add(self.captured(now, self._number + 1, self.books.latest))
        self._number = self.books.latest.number

    def _events(self) -> Step:
        events = self.exchange.take_events()
        told = tuple(self._told(row) for row in events.reports)
        trades = tuple(self._trade(row) for row in events.trades)
        for trade in trades:
            self.bars.add(trade)
        if trades:
            self.recent.extend(trades)
            self.last_price = trades[-1].price
        return Step(told, trades)

    def _told(self, row: Any) -> Told:
        return Told(
            time_us=self._open_us + int(row["time_us"]),
            at_us=self._open_us + int(row["sent_us"]),
            handle=int(row["order"]),
            kind=REPORT_KINDS[int(row["kind"])],
            is_answer=bool(row["is_answer"]),
            reason=REJECT_REASONS[int(row["reason"])],
            maker=bool(row["maker"]),
            price=round(float(row["price"]) / self.exchange.tick),
            lots=round(float(row["quantity"]) / self.exchange.lot),
        )

    def _trade(self, row: Any) -> PublicTrade:
        return PublicTrade(
            time_us=self._open_us + int(row["time_us"]),
            sign=int(row["side"]),
            price=round(float(row["price"]) / self.exchange.tick),
            lots=round(float(row["quantity"]) / self.exchange.lot),
        )

    def _quote(self, ticks: int) -> float:
        return ticks * self.exchange.tick

    def _base(self, lots: int) -> float:
        return lots * self.exchange.lot

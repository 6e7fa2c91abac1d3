"""The market without a maker: a book and a venue that any agent can be stepped against.

    exchange = Exchange("calm", seed=42)
    order = exchange.submit("buy", price=exchange.book().bid, quantity=40 * exchange.lot)
    while exchange.advance_to_report(exchange.now_us + 1_000_000):
        print(exchange.take_events().reports)

Prices are in quote currency and multiples of `tick`, quantities in base and multiples of `lot`,
times in microseconds since the market opened. The agent's requests and the reports on
them take the venue's latency and queue at its gateway; the market's draws are those that a lane
with the same market, seed and length of iteration meets.

The venue answers each request with a report, and a refusal says its reason: too many open orders,
requests under way or messages a minute, a price too far from the mid (see
`config.instruments.Venue`).
The cancel of an open order is never refused.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pytest_soak.config.scenarios import Scenario
from pytest_soak.config.sizes import SNAPSHOTS
from pytest_soak.market import feeds, observe
from pytest_soak.market.checkpoint import pack, pack_columns, unpack, unpack_columns
from pytest_soak.market.compile import load_sender
from pytest_soak.market.kernel import venue as v
from pytest_soak.market.kernel.account import MAKER
from pytest_soak.market.kernel.state import NONE
from pytest_soak.market.kernel.tape import (
    COLUMNS,
    REPORT_ROW,
    RUN,
    STOP_AT_EVENT,
    STOP_AT_REPORT,
    drain,
    restore_tape,
    saved_tape,
)
from pytest_soak.market.regimes import Market, build_market
from pytest_soak.market.running import BURN_IN_US, SLICE_US, RunningMarket, join
from pytest_soak.market.span import Span
from pytest_soak.number import number, whole
from pytest_soak.observation.columns import Observation
from pytest_soak.observation.tables import in_words

MOST_SEED = 2**63 - 1
MOST_US = 366 * 86_400_000_000
"""How far a call may let time go on: a year; more is a time in another unit."""

SIDES = {"buy": 1, "sell": -1}
KINDS = {"post_only": v.PLACE, "limit": v.LIMIT, "ioc": v.TAKE}
"""How a submitted order may trade: never on arrival; on arrival and later; on arrival only."""

_SAVED = ("counters", "top", "due", "held", "refused", *COLUMNS)


@dataclass(frozen=True)
class TopOfBook:
    """The best prices without the agent's own orders, as its market data stream shows them.

    Attributes:
        time_us: Of the snapshot at the venue.
        bid: The best bid, in quote currency.
        ask: The best ask.
        mid: Half way between them.
        depth: What is in the book, in base a side.
    """

    time_us: int
    bid: float
    ask: float
    mid: float
    depth: float


@dataclass(frozen=True)
class Events:
    """What happened since events were last taken: one-dimensional arrays of rows.

    Attributes:
        reports: REPORT rows: what reached the agent.
        fills: MARKED_FILL rows: the agent's trades of a second ago or earlier, at the venue's time.
        trades: TRADE rows: everybody's.
        tops: TOP rows: each change of the top of the public book.
        seconds: SECOND rows: the mid.
    """

    reports: NDArray[np.void]
    fills: NDArray[np.void]
    trades: NDArray[np.void]
    tops: NDArray[np.void]
    seconds: NDArray[np.void]


if Events.__doc__ is not None:  # there is none under `python -OO`
    Events.__doc__ = "\n\n".join([cleandoc(Events.__doc__), *map(in_words, feeds.EVERY)])


class Exchange(RunningMarket):
    """One market, driven from outside; deterministic by (market, seed, settings) and requests.

    `market` is a scenario or the name of a built-in one; ValueError for an unknown market or
    setting. `window_minutes` is the length of an
    iteration: at its end the next one's draws begin. Events are kept until they are taken; with
    `record` off, trades and tops of the book are not kept at all. `limit_per_minute` is how many
    messages the venue takes within 60 s, cancels among them, before it refuses orders and
    amendments; what it refuses does not count. "venue" is the scenario's, None is no limit.
    """

    def __init__(
        self,
        market: str | Scenario | Market,
        seed: int,
        settings: Mapping[str, float] | None = None,
        window_minutes: float = 60.0,
        record: bool = True,
        limit_per_minute: float | Literal["venue"] | None = "venue",
    ) -> None:
        built = market if isinstance(market, Market) else build_market(market, settings or {})
        super().__init__(built, _whole("seed", seed, 0, MOST_SEED))
        self._send = load_sender()
        self._units = self.units(-BURN_IN_US)
        self._window_us = round(_above_0("window_minutes", window_minutes) * 60e6)
        if limit_per_minute == "venue":
            limit_per_minute = float(self.world["venue"]["messages_per_minute"])
        if limit_per_minute is not None:
            limit = _above_0("limit_per_minute", limit_per_minute)
            self.world["venue"]["limit_per_minute"] = limit
        self._iteration = 0
        self._now = BURN_IN_US
        self._pieces: list[dict[str, Any]] = []
        self._held = self.tape["fills"][:0].copy()  # fills whose second has not passed
        self._refused: deque[NDArray[np.void]] = deque()  # reports on their way
        self._span: Span | None = None
        self.tape["recording"] = record
        self._begin_next_window()

    @property
    def tick(self) -> float:
        """The step of a price, in quote currency."""
        return self._units.tick_quote

    @property
    def lot(self) -> float:
        """The step of a quantity, in base."""
        return self._units.lot

    @property
    def now_us(self) -> int:
        """The time at the venue and at the agent, whose clocks agree."""
        return self._now - BURN_IN_US

    @property
    def position(self) -> float:
        """The agent's position in base, as the venue knows it."""
        return float(self.world["account"]["position"]) * self.lot

    @property
    def equity_quote(self) -> float:
        """Cash and position at the mid, less fees."""
        account, mid = self.world["account"], float(self.world["mid"])
        return float(self._units.equity(account, mid, self.held_base()))

    def book(self) -> TopOfBook:
        """The newest snapshot that the agent's stream has delivered."""
        venue = self.world["venue"]
        units = self._units
        row = venue["snapshots"][int(venue["feed_number"]) & (SNAPSHOTS - 1)]
        bid, ask, mid = units.prices(np.array([row["bid"], row["ask"], row["mid"]])).tolist()
        return TopOfBook(
            time_us=int(row["time"]) - BURN_IN_US,
            bid=bid,
            ask=ask,
            mid=mid,
            depth=float(row["depth"]) * units.lot,
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

        Raises ValueError for a price or quantity between two ticks or lots, or not above 0.
        """
        if side not in SIDES:
            raise ValueError(f"side={side!r}: expected one of {', '.join(SIDES)}")
        if kind not in KINDS:
            raise ValueError(f"kind={kind!r}: expected one of {', '.join(KINDS)}")
        return self._request(
            KINDS[kind], SIDES[side], self._ticks(price), self._lots(quantity), NONE
        )

    def amend(self, order: int, price: float, quantity: float) -> None:
        """Ask for another price or remaining quantity of a resting order.

        It keeps its place in the queue only for less at the same price; one that would trade is
        refused and stays as it is. Raises ValueError as `submit` does.
        """
        target = _whole("order", order, -MOST_SEED, MOST_SEED)
        self._request(v.AMEND, 0, self._ticks(price), self._lots(quantity), target)

    def cancel(self, order: int) -> None:
        """Ask for the end of a resting order."""
        self._request(v.CANCEL, 0, 0, 0, _whole("order", order, -MOST_SEED, MOST_SEED))

    def take_events(self) -> Events:
        """Return what happened since the last call, as columns.

        A fill is among them when its second has passed and `mid_1s` is known (its other later mids
        are NaN); the report on it
        reaches the agent before.
        """
        self._drain()
        columns, self._pieces = join(self._pieces), []
        fills, units = columns["fills"], self._units
        if len(self._held):
            fills = np.concatenate([self._held, fills])
        known = len(columns["markouts"])
        self._held = fills[known:]
        return Events(
            reports=observe.reports(_by_time(columns["reports"]), units),
            fills=observe.fills(fills[:known], columns["markouts"], units),
            trades=observe.trades(columns["trades"], units),
            tops=observe.tops(columns["tops"], units),
            seconds=observe.seconds(columns["marks"], units),
        )

    def begin_observation(self) -> None:
        """From here on keep what the agent does, for `end_observation`."""
        self._drain()
        self._span = Span(self.world, self.tape, self._now, self.held_base())

    def end_observation(self) -> Observation:
        """What the agent did since `begin_observation`, on the market's clock.

        What only the agent knows (pipeline ticks, intended and blocked changes, the time on which
        it wanted to quote) is left out; put it in with `dataclasses.replace`. `mid_1s` is NaN for
        the fills of the last second. Raises RuntimeError without a beginning.
        """
        if self._span is None:
            raise RuntimeError("no observation has begun: call begin_observation() first")
        self._drain()
        span, self._span = self._span, None
        return span.observation(self.world, self._now, self.held_base(), self._units)

    def checkpoint(self) -> bytes:
        """The whole state, with the events that have not been taken.

        Raises RuntimeError within an observation, which is no part of it.
        """
        if self._span is not None:
            raise RuntimeError("an observation is under way: call end_observation() first")
        self._drain()
        counters, top, due = saved_tape(self.tape)
        saved: dict[str, NDArray[Any]] = {
            "counters": np.array([self._iteration, self._window_us, *counters]),
            "top": top,
            "due": due,
            "held": self._held,
            "refused": np.array([*self._refused], REPORT_ROW),
            **join(self._pieces),
        }
        chance = np.float64(self._episode_chance).tobytes()
        world = pack(self.world)
        return len(world).to_bytes(8, "little") + chance + world + pack_columns(saved)

    def restore(self, data: bytes) -> None:
        """Continue bit for bit where `data` was taken, whatever this exchange was opened with.

        Raises ValueError where it is damaged, or another version of the market wrote it; the
        exchange is then what it was.
        """
        size = int.from_bytes(data[:8], "little")
        world = unpack(data[16 : 16 + size])
        saved = unpack_columns(data[16 + size :], _SAVED)
        self._episode_chance = float(np.frombuffer(data[8:16])[0])
        self.world = world
        self._units = self.units(-BURN_IN_US)
        self._iteration, self._window_us = (int(value) for value in saved["counters"][:2])
        restore_tape(self.tape, saved["counters"][2:], saved["top"], saved["due"])
        self._held, self._span = saved["held"], None
        self._refused = deque(saved["refused"])
        self._pieces = [{name: saved[name] for name in COLUMNS}]
        self._now = int(world["now"])
        self._window_end = int(world["window"]["end"])

    def _request(self, kind: Any, side: int, price: int, lots: int, target: Any) -> int:
        handle = int(
            self._send(self.world.base, self._now, int(kind), side, price, lots, int(target))
        )
        venue = self.world["venue"]
        if int(venue["refused"]) != v.NO_REASON:
            report = np.zeros((), REPORT_ROW)
            report["time"], report["sent"] = venue["refused_at"], self._now
            report["price"], report["quantity"], report["side"] = price, lots, side
            report["handle"] = target if handle == NONE else handle
            report["kind"], report["request"] = v.REJECTED, kind
            report["maker"], report["reason"] = MAKER, venue["refused"]
            self._refused.append(report)
        return handle

    def _ticks(self, price: float) -> int:
        return _multiple("price", price, self.tick)

    def _lots(self, quantity: float) -> int:
        return _multiple("quantity", quantity, self.lot)

    def _begin_next_window(self) -> None:
        self._iteration += 1
        start = BURN_IN_US + (self._iteration - 1) * self._window_us
        self._window_end = start + self._window_us
        self.begin_window(self._iteration, start, self._window_end)
        self.run_kernel(start)

    def _go(self, until_us: int, stop: Any) -> bool:
        latest = self.now_us + MOST_US
        until = BURN_IN_US + _whole("until_us", until_us, 0, latest)
        if stop == STOP_AT_REPORT and self.tape["reports_count"] > 0:
            self._drain()
        self.tape["stop"] = stop
        while self._now < until:
            if self._now >= self._window_end:
                self._begin_next_window()
            goal = min(until, self._window_end, self._now + SLICE_US)
            if self._refused:
                goal = min(goal, int(self._refused[0]["time"]))
            done = self.run_kernel(goal)
            self._now = int(self.world["now"])
            if not done:
                self._drain()
            elif self._now < goal or (self._now < until and self._tell_refusal() and stop != RUN):
                return True
        return False

    def _tell_refusal(self) -> bool:
        """Hand over a refusal that has reached the agent; False where none has."""
        if not self._refused or self._refused[0]["time"] > self._now:
            return False
        self._keep({"reports": self._refused.popleft()[None]})
        return True

    def _drain(self) -> None:
        self._keep(drain(self.tape))

    def _keep(self, piece: dict[str, Any]) -> None:
        if piece:
            self._pieces.append(piece)
        if self._span is not None:
            self._span.add(piece)


def _by_time(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Refusals reach the agent among the venue's reports."""
    return rows[np.argsort(rows["time"], kind="stable")] if len(rows) > 1 else rows


def _whole(name: str, value: object, low: int, high: int) -> int:
    count = whole(value)
    if count is None or not low <= count <= high:
        raise ValueError(f"{name}={value!r}: expected a whole number from {low} to {high}")
    return count


def _above_0(name: str, value: object) -> float:
    given = number(value)
    if given is None or not 0 < given < math.inf:
        raise ValueError(f"{name}={value!r}: expected a number above 0")
    return given


def _multiple(name: str, value: object, unit: float) -> int:
    given = number(value)
    count = round(given / unit) if given is not None and math.isfinite(given) else 0
    if given is None or not abs(given / unit - count) < 1e-6:
        raise ValueError(f"{name}={value!r} is not a multiple of {unit:g}")
    if count <= 0:
        raise ValueError(f"{name}={given:g}: expected more than 0")
    return count

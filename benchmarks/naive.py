"""A naive maker: one quote a side at a fixed distance from the mid, moved at once.

It looks each 250 ms, knows neither volatility nor queue nor flow, never takes, and stops quoting a
side while it holds as much that way as it may.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from benchmarks.lanes import HOUR_US
from pytest_soak.kpi.edge import summarize
from pytest_soak.market.exchange import Exchange
from pytest_soak.market.feeds import REPORT_KINDS

CYCLE_US = 250_000
FILLED = REPORT_KINDS.index("filled")
ENDS = (FILLED, REPORT_KINDS.index("rejected"), REPORT_KINDS.index("cancelled"))
SIDES = {"buy": 1, "sell": -1}


def wanted_ticks(mid: float, touch: int, half_bps: float, sign: int) -> int:
    """Where a side (+1 buys) is quoted, in ticks: `half_bps` from the mid, never through `touch`.

    `mid` is in ticks, `touch` the best price of the other side.
    """
    exact = mid * (1.0 - sign * half_bps * 1e-4)
    return min(math.floor(exact), touch - 1) if sign > 0 else max(math.ceil(exact), touch + 1)


@dataclass
class Naive:
    """It quotes `lots` a side, and stops a side at a position of `most_lots` that way."""

    exchange: Exchange
    half_bps: float
    lots: int
    most_lots: float
    position: int = 0  # lots, as far as it knows
    quotes: dict[int, tuple[int, int]] = field(default_factory=dict)  # sign: handle, ticks

    def step(self, until_us: int) -> None:
        """Wait until then, take in what happened, bring both quotes to where they should be."""
        heard = False
        while self.exchange.advance_to_report(until_us):
            heard = True
        if heard:
            self._hear()
        top, tick = self.exchange.book(), self.exchange.tick
        for side, sign in SIDES.items():
            touch = round((top.ask if sign > 0 else top.bid) / tick)
            self._quote(side, wanted_ticks(top.mid / tick, touch, self.half_bps, sign))

    def _hear(self) -> None:
        for report in self.exchange.take_events().reports:
            if report["kind"] == FILLED:
                filled = round(float(report["quantity"]) / self.exchange.lot)
                self.position += int(report["side"]) * filled
            if report["kind"] in ENDS:
                self._renew(int(report["order"]))

    def _renew(self, order: int) -> None:
        """Let go of a quote that was touched; what may be left of it is cancelled."""
        for sign, (handle, _) in list(self.quotes.items()):
            if handle == order:
                self._withdraw(sign)

    def _withdraw(self, sign: int) -> None:
        handle, _ = self.quotes.pop(sign)
        self.exchange.cancel(handle)

    def _quote(self, side: str, ticks: int) -> None:
        sign, exchange = SIDES[side], self.exchange
        price, quantity = ticks * exchange.tick, self.lots * exchange.lot
        resting = self.quotes.get(sign)
        if sign * self.position >= self.most_lots:
            if resting:
                self._withdraw(sign)
        elif resting is None:
            self.quotes[sign] = exchange.submit(side, price, quantity), ticks
        elif resting[1] != ticks:
            exchange.amend(resting[0], price, quantity)
            self.quotes[sign] = resting[0], ticks


def naive_hours(
    market: str, seed: int, hours: int, half_bps: float, lots: int, most_lots: float
) -> list[dict[str, float]]:
    """Its KPIs hour by hour; NaN where there is none."""
    exchange = Exchange(market, seed, record=False, limit_per_minute=None)
    maker = Naive(exchange, half_bps, lots, most_lots)
    found = []
    for hour in range(1, hours + 1):
        exchange.begin_observation()
        while exchange.now_us < hour * HOUR_US:
            maker.step(exchange.now_us + CYCLE_US)
        kpis = summarize(exchange.end_observation()).kpis
        found.append({name: math.nan if v is None else v for name, v in kpis.items()})
    return found

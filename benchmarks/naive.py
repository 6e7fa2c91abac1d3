"""A naive maker on the market: one quote a side at a fixed distance from the mid, moved at once.

It looks each 250 ms, knows neither volatility nor queue nor flow, and stops quoting a side at the
account's house limit of exposure, which holds for the reference maker too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.kpi.edge import summarize
from pytest_soak.market.exchange import Exchange, TopOfBook
from pytest_soak.market.feeds import REPORT_KINDS
from pytest_soak.market.kernel.design import Design

SC = 0.43
CYCLE_US = 250_000
HOUR_US = 3_600_000_000
FILLED = REPORT_KINDS.index("filled")
GONE = (REPORT_KINDS.index("rejected"), REPORT_KINDS.index("cancelled"))


@dataclass
class Naive:
    """What it quotes: `half_bps` from the mid, `quantity` base a side."""

    exchange: Exchange
    half_bps: float
    quantity: float
    most_base: float
    position: float = 0.0
    orders: dict[str, tuple[int, float]] = field(default_factory=dict)  # handle, price

    def step(self) -> None:
        """Take in what happened, then bring both quotes to where they should be."""
        for report in self.exchange.take_events().reports:
            if report["kind"] == FILLED:
                self.position += float(report["side"] * report["quantity"])
            if report["kind"] in (FILLED, *GONE):
                self._forget(int(report["order"]))
        top = self.exchange.book()
        for side, sign in (("buy", 1), ("sell", -1)):
            self._quote(side, sign, top)

    def _forget(self, order: int) -> None:
        for side, (handle, _) in list(self.orders.items()):
            if handle == order:
                self.exchange.cancel(order)
                del self.orders[side]

    def _quote(self, side: str, sign: int, top: TopOfBook) -> None:
        tick = self.exchange.tick
        exact = top.mid * (1.0 - sign * self.half_bps * 1e-4) / tick
        ticks = math.floor(exact) if sign > 0 else math.ceil(exact)
        near = round(top.ask / tick) - 1 if sign > 0 else round(top.bid / tick) + 1
        price = (min(ticks, near) if sign > 0 else max(ticks, near)) * tick
        resting = self.orders.get(side)
        if sign * self.position >= self.most_base:
            if resting:
                self.exchange.cancel(resting[0])
                del self.orders[side]
        elif resting is None:
            self.orders[side] = self.exchange.submit(side, price, self.quantity), price
        elif abs(resting[1] - price) > 0.5 * tick:
            self.exchange.amend(resting[0], price, self.quantity)
            self.orders[side] = resting[0], price


def naive_hours(half_bps: float, quantity: float, seed: int, hours: int) -> list[dict[str, float]]:
    """Its KPIs hour by hour on calm."""
    exchange = Exchange("calm", seed, record=False, limit_per_minute=None)
    most = Design().house_exposure_quote / BUILT_IN["calm"].instrument.price * SC
    maker = Naive(exchange, half_bps, quantity, most)
    found = []
    for hour in range(1, hours + 1):
        exchange.begin_observation()
        while exchange.now_us < hour * HOUR_US:
            exchange.advance(exchange.now_us + CYCLE_US)
            maker.step()
        kpis = summarize(exchange.end_observation()).kpis
        found.append({name: math.nan if v is None else v for name, v in kpis.items()})
    return found

"""For tests of the exchange: agents, and what one asks of it again and again."""

from __future__ import annotations

from typing import Any

from pytest_soak.config.instruments import Instrument
from pytest_soak.market.exchange import Events, Exchange
from pytest_soak.market.feeds import REJECT_REASONS, REPORT_KINDS
from pytest_soak.market.kernel.state import NONE

SECOND = 1_000_000
MINUTE = 60 * SECOND
TICK, LOT = Instrument().tick, Instrument().lot_base


def open_exchange(market: str = "calm", seed: int = 1) -> Exchange:
    return Exchange(market, seed)


def answer(exchange: Exchange) -> Any:
    """The report that answers the only request under way, and its kind by name."""
    while exchange.advance_to_report(exchange.now_us + 5 * SECOND):
        for report in exchange.take_events().reports:
            if report["is_answer"]:
                return report, REPORT_KINDS[report["kind"]]
    raise AssertionError("no answer came")


def rest(exchange: Exchange, quantity: float = 40 * LOT, behind: int = 4) -> int:
    """Rest a bid some ticks behind the touch; return its handle."""
    order = exchange.submit("buy", exchange.book().bid - behind * exchange.tick, quantity)
    assert answer(exchange)[1] == "accepted"
    return order


def queue(exchange: Exchange, order: int) -> tuple[int, Any]:
    """How many orders stand before one in its level, and the order."""
    entries = exchange.world["venue"]["agent_orders"]
    place = int(entries["order"][entries["handle"] == order][0])
    orders = exchange.world["book"]["orders"]
    before, at = 0, orders[place]["previous"]
    while at != NONE:
        before, at = before + 1, orders[at]["previous"]
    return before, orders[place]


class TinyMaker:
    """Keeps one order a side at the touch; amends it when the touch has moved."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.orders: dict[str, tuple[int, float]] = {}

    def step(self) -> None:
        for report in self.exchange.take_events().reports:
            gone = report["kind"] in (1, 2, 3)
            self.orders = {s: o for s, o in self.orders.items() if not gone or o[0] != report[2]}
        top = self.exchange.book()
        for side, price in (("buy", top.bid), ("sell", top.ask)):
            if side not in self.orders:
                order = self.exchange.submit(side, price, 20 * LOT)
                self.orders[side] = (order, price)
            elif self.orders[side][1] != price:
                self.exchange.amend(self.orders[side][0], price, 20 * LOT)
                self.orders[side] = (self.orders[side][0], price)


def events_until_quiet(exchange: Exchange) -> Events:
    """What happened until every request so far has its answer."""
    exchange.advance(exchange.now_us + 5 * SECOND)
    venue = exchange.world["venue"]
    while (venue["request_head"], venue["report_head"]) != (
        *(venue["request_tail"], venue["report_tail"]),
    ):
        exchange.advance(exchange.now_us + 5 * SECOND)
    return exchange.take_events()


def reports_until_quiet(exchange: Exchange) -> Any:
    """Every report on the requests so far."""
    return events_until_quiet(exchange).reports


def reasons(reports: Any) -> list[str]:
    """Why the venue refused, of each answer."""
    return [REJECT_REASONS[number] for number in reports["reason"][reports["is_answer"]]]


def far_bid(exchange: Exchange) -> float:
    """A price at which nothing trades within the test."""
    return exchange.book().bid - 400 * exchange.tick


class BlindMaker:
    """Puts an order a side at the touch and takes the last ones back, whatever has become of them.

    What it asks for does not depend on when events are taken.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.orders: list[int] = []

    def quote(self) -> None:
        top = self.exchange.book()
        for order in self.orders:
            self.exchange.cancel(order)
        self.orders = [
            self.exchange.submit(side, price, 20 * LOT)
            for side, price in (("buy", top.bid), ("sell", top.ask))
        ]

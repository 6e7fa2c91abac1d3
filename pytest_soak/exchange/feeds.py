"""What an exchange saw of one account, as the feeds that a bot would have written.

They are of one symbol: that of the account's first order, and until there is one the first that is
marked. A fee that was paid in base is told in quote at the price of its trade, and what it took is
added to the marks again, so that fills and marks are of one account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pytest_soak.canonical import compact
from pytest_soak.exchange.record import Event, Execution, Mark, OrderState, Request, Socket
from pytest_soak.observation.feed_files import DAY_US, FeedFile
from pytest_soak.storage.files import append_new

Row = tuple[str, dict[str, Any]]
SIDES = {"Buy": 1, "Sell": -1}
COUNTED = {"create": "sent", "amend": "sent", "cancel": "cancelled", "cancel-all": "cancelled"}
"""As what the feed of orders counts a request, by the last word of its endpoint."""


class AccountFeeds:
    """Takes events in their order; gives rows of feeds, each with the name of its feed.

    `elsewhere` counts the trades in other symbols, which no feed tells.
    """

    def __init__(self, account: str) -> None:
        self.symbol = ""
        self.elsewhere = 0
        self._account = account
        self._met = self._ordered = False
        self._fee_base = self._fee_paid = 0.0
        self._since: dict[str, int] = {}

    def rows(self, events: Iterable[Event]) -> Iterator[Row]:
        """What feeds have to say of `events`."""
        for event in events:
            if getattr(event, "account", None) == self._account:
                yield from self._of(event)

    def _of(self, event: Event) -> Iterator[Row]:
        match event:
            case Request() | Socket():
                self._met = True
                if isinstance(event, Request):
                    yield from _request(event)
            case OrderState():
                yield from self._order(event)
            case Execution():
                yield from self._fill(event)
            case Mark():
                yield from self._mark(event)

    def _order(self, order: OrderState) -> Iterator[Row]:
        if not self._trades_in(order.symbol):
            return
        if order.is_open:
            self._since.setdefault(order.order_id, order.time_us)
        elif (since := self._since.pop(order.order_id, None)) is not None:
            age = (order.time_us - since) / 1e3
            yield "orders", {"time_us": order.time_us, "age_ms": age}

    def _trades_in(self, symbol: str) -> bool:
        """Whether this is its symbol: that of its first order, or of the fill told before it."""
        if not self._ordered:
            self._ordered, self.symbol = True, symbol
        return symbol == self.symbol

    def _fill(self, fill: Execution) -> Iterator[Row]:
        if not self._trades_in(fill.symbol):
            self.elsewhere += 1
            return
        in_base = fill.symbol.startswith(fill.fee_currency)
        fee = fill.fee * fill.price if in_base else fill.fee
        if in_base:
            self._fee_base += fill.fee
            self._fee_paid += fee
        yield (
            "fills",
            {
                "time_us": fill.time_us,
                "side": SIDES[fill.side],
                "maker": fill.maker,
                "price": fill.price,
                "quantity": fill.quantity,
                "fee_quote": fee,
                "mid": fill.mid,
                "execution_id": fill.exec_id,
                "order_id": fill.order_id,
            },
        )

    def _mark(self, mark: Mark) -> Iterator[Row]:
        if not self.symbol:
            self.symbol = mark.symbol
        if not self._met or mark.symbol != self.symbol:
            return
        mid = (mark.bid + mark.ask) / 2
        yield (
            "marks",
            {
                "time_us": mark.time_us,
                "mid": mid,
                "inventory": mark.position + self._fee_base,
                "equity_quote": mark.equity_quote + self._fee_base * mid - self._fee_paid,
            },
        )


def _request(request: Request) -> Iterator[Row]:
    """An order message: how long its answer took, and what it asked for."""
    counted = COUNTED.get(request.endpoint.replace("/", ".").rsplit("order.", 1)[-1])
    if counted is None:
        return
    yield "orders", {"time_us": request.time_us, counted: 1}
    if request.answered and request.code == 0:
        done = request.time_us + request.took_us
        yield "acks", {"time_us": done, "latency_ms": request.took_us / 1e3}


def write(folder: Path, rows: Iterable[Row]) -> None:
    """Append rows to the feeds in `folder`, one file a feed and day; through no link."""
    lines: dict[str, list[str]] = {}
    for feed, row in rows:
        name = FeedFile(feed, row["time_us"] // DAY_US).name
        lines.setdefault(name, []).append(compact(row) + "\n")
    for name, texts in lines.items():
        append_new(folder / name, "".join(texts).encode())

"""The desk between accounts and markets: orders by their handles, requests under way."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from pytest_soak.exchange.codes import TOO_MANY, TOO_MANY_ORDERS, Refusal, RefusedError
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.ledger.executions import Filled
from pytest_soak.exchange.ledger.orders import Order
from pytest_soak.exchange.markets.market import AT_ONCE_US, SymbolMarket
from pytest_soak.exchange.trading.waiting import Waiting, What

Key = tuple[str, int]
MOST_STEPS = 50
"""Of a market that answers at once: a sweep reports on each order that it meets."""


@dataclass(frozen=True)
class Ears:
    """Who is told of what happens to an account's orders; of a fill with its time at the venue."""

    order: Callable[[Account, Order], None]
    fill: Callable[[Account, Filled, int], None]
    hold: Callable[[Account, int], None]


class Desk:
    """Orders by their handles, and the requests under way."""

    def __init__(
        self,
        markets: Mapping[str, SymbolMarket],
        now_us: Callable[[], int],
        ears: Ears,
        step: Callable[[SymbolMarket, int], None],
    ) -> None:
        self.markets = markets
        self.now_us = now_us
        self.ears = ears
        self.orders: dict[Key, tuple[Account, Order]] = {}
        self._waiting: defaultdict[Key, deque[Waiting]] = defaultdict(deque)
        self._step = step
        self._tokens = count(1)

    def catch_up(self, market: SymbolMarket) -> None:
        """Let a market reach the present."""
        now_us = self.now_us()
        market.want(now_us)
        self._step(market, now_us)

    def symbols(self) -> set[str]:
        """In what there are orders, or requests under way."""
        return {symbol for symbol, _ in (*self.orders, *self._waiting)}

    def new_token(self) -> int:
        """A number for an answer that is to go first."""
        return next(self._tokens)

    def ask(self, what: What, *, answered: bool = True) -> Waiting:
        """A request that is about to be sent; `answered` where somebody waits."""
        future: asyncio.Future[Refusal | None] | None = None
        if answered:
            future = asyncio.get_running_loop().create_future()
        return Waiting(what, self.new_token(), future)

    def await_answer(self, market: SymbolMarket, order: Order, waiting: Waiting) -> None:
        """A request was sent: expect its answer. RefusedError where the gateway did not take it."""
        refusal = market.refusal()
        if refusal == "too_many_orders":
            raise RefusedError(TOO_MANY_ORDERS.of(order.category))
        if refusal in ("too_many_requests", "rate_limit"):
            raise RefusedError(TOO_MANY)
        key = (order.symbol, order.handle)
        self._waiting[key].append(waiting)

    def at_once(self, market: SymbolMarket, waiting: Waiting) -> None:
        """Have the answer of a market without delays; requests under way elsewhere take theirs."""
        if market.delayed or waiting.future is None:
            return
        for _ in range(MOST_STEPS):
            if waiting.future.done():
                return
            self._step(market, market.now_us + AT_ONCE_US)

    def answered(self, key: Key) -> Waiting | None:
        """The request that an answer is to: they come in order."""
        queue = self._waiting.get(key)
        if not queue:
            return None
        waiting = queue.popleft()
        if not queue:
            del self._waiting[key]
        return waiting

    def is_asked(self, order: Order, *whats: What) -> bool:
        """Whether a request of such a kind is under way for an order."""
        queue = self._waiting.get((order.symbol, order.handle), ())
        return any(waiting.what in whats for waiting in queue)

    def is_waited_for(self, order: Order) -> bool:
        """Whether a request for an order is under way."""
        return (order.symbol, order.handle) in self._waiting

    def first_token(self, order: Order) -> int:
        """The number of the answer that is due first for an order; 0 where none is."""
        queue = self._waiting.get((order.symbol, order.handle))
        return queue[0].token if queue else 0

    def register(self, account: Account, order: Order, handle: int) -> None:
        """An order has its handle in the market."""
        self.orders.pop((order.symbol, order.handle), None)
        order.handle = handle
        self.orders[order.symbol, handle] = account, order

    def drop(self, order: Order) -> None:
        """Nothing more will be heard of an order."""
        self.orders.pop((order.symbol, order.handle), None)
        self._waiting.pop((order.symbol, order.handle), None)

    def marks(self) -> dict[str, Decimal]:
        """The price at which each symbol is valued: the mid, on a tick."""
        return {name: mark(market) for name, market in self.markets.items()}


def mark(market: SymbolMarket) -> Decimal:
    """The price at which a position is valued: the crowd's mid, on a tick."""
    return round(market.mid) * market.listed.tick


def lots(market: SymbolMarket, quantity: Decimal) -> int:
    """A quantity in lots."""
    return int(quantity / market.listed.lot)


def ticks(market: SymbolMarket, price: Decimal) -> int:
    """A price in ticks."""
    return int(price / market.listed.tick)

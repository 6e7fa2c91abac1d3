"""An account: its key, its coins, its orders and positions."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from pytest_soak.exchange.ledger.executions import Filled
from pytest_soak.exchange.ledger.orders import Order
from pytest_soak.exchange.ledger.positions import Position
from pytest_soak.exchange.numbers import ZERO

MOST_CLOSED = 20_000
"""Closed orders, and executions, that an account can still be asked about."""
USUAL_LEVERAGE = Decimal(10)
ONE_WAY, HEDGE = 0, 3


@dataclass(slots=True)
class Flow:
    """What came in and went out by trading one symbol, fees taken off: base, and cash in quote."""

    base: Decimal = ZERO
    cash: Decimal = ZERO


@dataclass
class Account:
    """All that the venue keeps of an account.

    Attributes:
        name: In the record.
        key: Of its requests; `secret` signs them.
        read_only: Whether the key may only look.
        coins: What it holds of each, in that coin.
        began: The same when it was opened.
        open: Orders that may still trade, by their names.
        closed: Those that may not, the latest last.
        links: Every `orderLinkId` that it ever gave, with the order's name.
        fills: Its executions, the latest last.
        positions: By symbol and index.
        leverage: By symbol.
        modes: By symbol: ONE_WAY or HEDGE.
        flows: By symbol.
    """

    name: str
    key: str
    secret: str
    uid: int
    coins: dict[str, Decimal]
    read_only: bool = False
    began: dict[str, Decimal] = field(default_factory=dict)
    open: dict[str, Order] = field(default_factory=dict)
    closed: OrderedDict[str, Order] = field(default_factory=OrderedDict)
    links: dict[str, str] = field(default_factory=dict)
    fills: deque[Filled] = field(default_factory=lambda: deque(maxlen=MOST_CLOSED))
    positions: dict[tuple[str, int], Position] = field(default_factory=dict)
    leverage: dict[str, Decimal] = field(
        default_factory=lambda: defaultdict(lambda: USUAL_LEVERAGE)
    )
    modes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    flows: dict[str, Flow] = field(default_factory=lambda: defaultdict(Flow))

    def __post_init__(self) -> None:
        self.began = dict(self.coins)

    def held(self, coin: str) -> Decimal:
        """The wallet's balance."""
        return self.coins.get(coin, ZERO)

    def add(self, coin: str, amount: Decimal) -> None:
        """Put so much of a coin in, or take it out."""
        self.coins[coin] = self.held(coin) + amount

    def position(self, symbol: str, index: int = 0) -> Position:
        """In one symbol, by the index of its mode."""
        return self.positions.get((symbol, index), Position())

    def net(self, symbol: str) -> Decimal:
        """In one symbol, long and short together, in base."""
        return sum((self.position(symbol, index).size for index in (0, 1, 2)), ZERO)

    def open_in(self, symbol: str) -> Iterator[Order]:
        """Its orders in a symbol that may still trade."""
        return (order for order in self.open.values() if order.symbol == symbol)

    def find(self, order_id: str, link_id: str) -> Order | None:
        """The order of either name, open or closed; of both where both are given."""
        name = order_id or self.links.get(link_id, "")
        order = self.open.get(name) or self.closed.get(name)
        if order is None or (link_id and order.link_id != link_id):
            return None
        return order

    def close(self, order: Order) -> None:
        """An order that may no longer trade."""
        self.open.pop(order.order_id, None)
        self.closed[order.order_id] = order
        while len(self.closed) > MOST_CLOSED:
            self.closed.popitem(last=False)

"""What an account can still spend: margin of linear positions and orders, coins locked by spot."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pytest_soak.exchange.instruments import Traded
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.ledger.orders import Order
from pytest_soak.exchange.numbers import ZERO

MAINTENANCE = Decimal("0.005")
"""Of a position's value: what it takes to keep it."""

Units = Mapping[str, Traded]
Marks = Mapping[str, Decimal]
"""The price at which each symbol is valued."""


def locked(account: Account, coin: str, units: Units) -> Decimal:
    """What its spot orders keep of a coin: buys their value, sells what they sell."""
    return sum(
        (_lock(order, units) for order in account.open.values() if _locks(order, coin, units)), ZERO
    )


def _locks(order: Order, coin: str, units: Units) -> bool:
    listed = units[order.symbol]
    return order.category == "spot" and coin == (listed.quote if order.sign > 0 else listed.base)


def _lock(order: Order, units: Units) -> Decimal:
    return order.leaves * (order.reserved_price if order.sign > 0 else 1)


def order_margin(account: Account, coin: str, units: Units) -> Decimal:
    """What linear orders that would open or add keep of their coin."""
    return sum(
        (
            order.leaves * order.reserved_price / account.leverage[order.symbol]
            for order in account.open.values()
            if order.category == "linear"
            and units[order.symbol].settle == coin
            and opens(account, order)
        ),
        ZERO,
    )


def opens(account: Account, order: Order) -> bool:
    """Whether an order may add to a position: one against a position at least as large does not."""
    if order.reduce_only:
        return False
    size = account.position(order.symbol, order.index).size
    return not (size * order.sign < 0 and abs(size) >= order.leaves)


def position_margin(account: Account, symbol: str, index: int, mark: Decimal) -> Decimal:
    """What a position keeps of its coin."""
    size = account.position(symbol, index).size
    return abs(size) * mark / account.leverage[symbol]


def positions_margin(account: Account, coin: str, units: Units, marks: Marks) -> Decimal:
    """What all positions keep of a coin."""
    return sum(
        (
            position_margin(account, symbol, index, marks[symbol])
            for symbol, index in account.positions
            if units[symbol].settle == coin
        ),
        ZERO,
    )


def unrealised(account: Account, coin: str, units: Units, marks: Marks) -> Decimal:
    """What all positions that settle in a coin would bring."""
    return sum(
        (
            position.profit(marks[symbol])
            for (symbol, _), position in account.positions.items()
            if units[symbol].settle == coin
        ),
        ZERO,
    )


def available(account: Account, coin: str, units: Units, marks: Marks) -> Decimal:
    """What new orders may take of a coin."""
    return (
        account.held(coin)
        + min(ZERO, unrealised(account, coin, units, marks))
        - locked(account, coin, units)
        - order_margin(account, coin, units)
        - positions_margin(account, coin, units, marks)
    )


def needed(account: Account, order: Order, listed: Traded) -> tuple[str, Decimal]:
    """Which coin an order takes, and how much of it."""
    if order.category == "spot":
        return (
            (listed.quote, order.leaves * order.reserved_price)
            if order.sign > 0
            else (listed.base, order.leaves)
        )
    if not opens(account, order):
        return listed.settle, ZERO
    value = order.leaves * order.reserved_price
    return listed.settle, value / account.leverage[order.symbol] + value * max(
        ZERO, listed.taker_fee
    )

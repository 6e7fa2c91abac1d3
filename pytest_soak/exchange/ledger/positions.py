"""A position and what a trade does to it: average entry, realised profit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from pytest_soak.exchange.numbers import ZERO


@dataclass(frozen=True, slots=True)
class Position:
    """What is held of a linear symbol: `size` in base, short < 0; `cost` what it was had for.

    `realised` is the profit of what was closed, less fees.
    """

    size: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    created_us: int = 0
    updated_us: int = 0
    sequence: int = 0

    @property
    def entry(self) -> Decimal:
        """The average price of entry, 0 without a position."""
        return self.cost / self.size if self.size else ZERO

    def profit(self, mark: Decimal) -> Decimal:
        """What it would bring at `mark`."""
        return self.size * mark - self.cost


@dataclass(frozen=True, slots=True)
class Change:
    """What a trade did: the position after it, what it closed in base, its profit in quote."""

    position: Position
    closed: Decimal
    profit: Decimal


def traded(position: Position, quantity: Decimal, price: Decimal) -> Change:
    """A position after a trade of `quantity`, in base and negative where it sold."""
    size, cost = position.size, position.cost
    closed, profit = ZERO, ZERO
    if size and (size > 0) != (quantity > 0):
        closed = min(abs(size), abs(quantity))
        part = cost if closed == abs(size) else cost * (closed / abs(size))
        signed = closed if size > 0 else -closed
        profit = signed * price - part
        size, cost, quantity = size - signed, cost - part, quantity + signed
    return Change(
        replace(position, size=size + quantity, cost=cost + quantity * price), closed, profit
    )

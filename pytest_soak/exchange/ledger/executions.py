"""A trade of an account, as the venue books it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pytest_soak.exchange.ledger.orders import Order
from pytest_soak.exchange.numbers import ZERO


@dataclass(frozen=True, slots=True)
class Filled:
    """One execution; `fee` is paid where positive, `closed` is what it took off a position."""

    exec_id: str
    order: Order
    time_us: int
    price: Decimal
    quantity: Decimal
    maker: bool
    fee: Decimal
    fee_rate: Decimal
    fee_coin: str
    leaves: Decimal
    sequence: int
    mark: Decimal
    closed: Decimal = ZERO
    realised: Decimal = ZERO

    @property
    def value(self) -> Decimal:
        """In quote."""
        return self.price * self.quantity

"""An order as the venue knows it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pytest_soak.exchange.numbers import ZERO, cut

Side = Literal["Buy", "Sell"]
Kind = Literal["Limit", "Market"]
TimeInForce = Literal["GTC", "IOC", "FOK", "PostOnly"]

SIGN: dict[Side, int] = {"Buy": 1, "Sell": -1}
SENT = "Created"
"""The status of an order that is on its way to the book: no answer of the venue shows it."""
OPEN = ("New", "PartiallyFilled")
NO_ERROR = "EC_NoError"
WOULD_TAKE = "EC_PostOnlyWillTakeLiquidity"
NOTHING_TO_FILL = "EC_NoImmediateQtyToFill"
NOT_WHOLE = "EC_NoEnoughQtyToFill"
BY_USER = "EC_PerCancelRequest"


@dataclass(slots=True, eq=False)
class Order:
    """What was asked for, and what has become of it.

    Attributes:
        price: Its limit, in quote; 0 of a market order.
        quantity: In base, in all.
        reserved_price: At what it was checked against the balance.
        filled: In base.
        value: What was filled, in quote.
        fees: Paid so far, in `fee_coin`.
        index: Of the position: 0 one-way, 1 long, 2 short.
        handle: The market's name of it.
        lots_in_book: What it is for in all, as the book has it.
        reason: The venue's `rejectReason`.
    """

    order_id: str
    link_id: str
    account: str
    category: str
    symbol: str
    side: Side
    kind: Kind
    time_in_force: TimeInForce
    price: Decimal
    quantity: Decimal
    reserved_price: Decimal
    created_us: int
    updated_us: int
    reduce_only: bool = False
    index: int = 0
    in_quote: bool = False
    handle: int = 0
    status: str = SENT
    filled: Decimal = ZERO
    value: Decimal = ZERO
    fees: Decimal = ZERO
    fee_coin: str = ""
    reason: str = NO_ERROR
    cancel_type: str = "UNKNOWN"
    last_price: Decimal = ZERO
    lots_in_book: int = 0

    @property
    def sign(self) -> int:
        """+1 buys, -1 sells."""
        return SIGN[self.side]

    @property
    def is_open(self) -> bool:
        """Whether it may still trade."""
        return self.status in OPEN or self.status == SENT

    @property
    def is_shown(self) -> bool:
        """Whether the venue has taken it up, or said why not."""
        return self.status != SENT

    @property
    def leaves(self) -> Decimal:
        """What may still be filled, in base."""
        return self.quantity - self.filled if self.is_open else ZERO

    @property
    def average(self) -> Decimal | None:
        """The price of what was filled; None of nothing."""
        return cut(self.value / self.filled) if self.filled else None

"""Requests that the market has not answered yet."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pytest_soak.exchange.codes import Refusal

What = Literal["create", "amend", "cancel", "cross", "replace", "recreate", "reduce"]
"""`cross` ends a post-only order that an amendment would have let trade; `replace` takes one out
so that `recreate` can send it again at a price at which it trades; `reduce` is the venue's own."""


@dataclass(slots=True)
class Waiting:
    """One request: what it is to do, and who waits for the answer, None where nobody does.

    `price` and `quantity` are what an amendment asks for, in all; `lots_before` are what the book
    had; `instead` is what a refusal is told as.
    """

    what: What
    token: int
    future: asyncio.Future[Refusal | None] | None = None
    price: Decimal = Decimal(0)
    quantity: Decimal = Decimal(0)
    lots_before: int = 0
    instead: Refusal | None = None

    def settle(self, refusal: Refusal | None = None) -> None:
        """The answer is known."""
        if self.future is not None and not self.future.done():
            self.future.set_result(self.instead if refusal and self.instead else refusal)

"""Inverse contracts as a linear account: N contracts at p are N x value / p base, bought for quote.

What such an account holds in base, valued at a mid, less what its contracts are in quote, is the
profit in base at that mid: side x N x value x (1 / p - 1 / mid) x mid, summed over its fills. Fees
are paid in base, and told in quote at the price of their fill.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_soak.market.kernel.account import MAKER
from pytest_soak.market.observe import Units


@dataclass(frozen=True)
class InverseUnits(Units):
    """`lot` is in contracts, and `lot_quote` what a lot is in quote."""

    lot_quote: float

    def base(self, lots: Any, ticks: Any) -> Any:
        """What lots are in base that were traded at such prices."""
        return lots * self.lot_quote / (ticks * self.tick_quote)

    def held(self, marks: Any, fills: Any, before: float) -> Any:
        """What the account holds in base at each mark; `before` all of them and of the fills.

        At the time of a mark the feed has filled what rests, and no order has taken yet.
        """
        moved = fills["side"] * self.base(fills["quantity"], fills["price"])
        held = np.concatenate([[0.0], np.cumsum(moved)]) + before
        order = 2 * fills["time"] + (fills["maker"] != MAKER)
        return held[np.searchsorted(order, 2 * marks["time"], "right")]

    def equity(self, account: Any, mid: Any, held: Any) -> Any:
        """Profit in base at the mid in ticks, less fees."""
        contracts = account["position"] * self.lot_quote
        return held * mid * self.tick_quote - contracts - account["fees_quote"]

"""A feed as the facts are measured on it, and how rows of the market become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.facts.series import Array


@dataclass(frozen=True)
class Orders:
    """Market orders, one element each, in order of time."""

    time_us: NDArray[np.int64]
    sign: Array  # +1 bought, -1 sold
    price: Array  # average, quote currency
    quantity: Array


@dataclass(frozen=True)
class Tops:
    """The top of the book from each of its changes on; one element each, in order of time."""

    time_us: NDArray[np.int64]
    bid: Array
    ask: Array
    depth_quote: Array  # of a side, on average

    @property
    def mid(self) -> Array:
        """The middle of bid and ask."""
        return 0.5 * (self.bid + self.ask)

    def mid_at(self, time_us: NDArray[np.int64]) -> Array:
        """The mid as it was just before each time; the first one before there was any."""
        place = np.searchsorted(self.time_us, time_us, side="left") - 1
        return self.mid[np.maximum(place, 0)]


@dataclass(frozen=True)
class LaneFeed:
    """One feed: what was traded, what was quoted, and the step of a price in quote currency."""

    orders: Orders
    tops: Tops
    tick: float


def market_orders(trades: NDArray[np.void]) -> Orders:
    """Trades (feeds.TRADE) of one side at one time as one order."""
    time, side = trades["time_us"], trades["side"].astype(float)
    first = np.r_[True, (np.diff(time) > 0) | (np.diff(side) != 0)][: len(time)]
    number = np.cumsum(first) - 1
    quantity = np.bincount(number, trades["quantity"]).astype(float)
    value = np.bincount(number, trades["quantity"] * trades["price"])
    return Orders(time[first], side[first], value / quantity, quantity)


def tops_of_book(rows: NDArray[np.void]) -> Tops:
    """Rows of feeds.TOP; while a side is empty, the last top with both holds."""
    full = rows[(rows["bid_quantity"] > 0) & (rows["ask_quantity"] > 0)]
    bid, ask = full["bid"], full["ask"]
    depth = 0.5 * (bid * full["bid_quantity"] + ask * full["ask_quantity"])
    return Tops(full["time_us"], bid, ask, depth)


def joined(pieces: list[tuple[Orders, Tops]], tick: float) -> LaneFeed:
    """Pieces of a feed that follow each other as one; no order may lie in two of them."""
    orders, tops = zip(*pieces, strict=True)
    return LaneFeed(
        Orders(*(_column(orders, name) for name in Orders.__dataclass_fields__)),
        Tops(*(_column(tops, name) for name in Tops.__dataclass_fields__)),
        tick,
    )


def _column(pieces: tuple[Orders | Tops, ...], name: str) -> NDArray[Any]:
    return np.concatenate([getattr(piece, name) for piece in pieces])

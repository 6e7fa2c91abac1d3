"""A feed of the built-in market as `measure` takes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pytest_soak.facts.measure import Orders, Tops


def market_orders(trades: NDArray[np.void]) -> Orders:
    """Trades (feeds.TRADE) of one side at one time as one order."""
    time, side = trades["time_us"], trades["side"].astype(float)
    first = np.r_[True, (np.diff(time) > 0) | (np.diff(side) != 0)][: len(time)]
    number = np.cumsum(first) - 1
    quantity = np.bincount(number, trades["quantity"]).astype(float)
    value = np.bincount(number, trades["quantity"] * trades["price"])
    return Orders(time[first], side[first], value / quantity, quantity)


def tops_of_book(rows: NDArray[np.void]) -> Tops:
    """Rows of feeds.TOP; those where a side is empty are left out."""
    full = rows[(rows["bid_quantity"] > 0) & (rows["ask_quantity"] > 0)]
    return Tops(full["time_us"], full["bid"], full["ask"])

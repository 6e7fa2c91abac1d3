"""A book as the market's own arrays hold it, made into what is shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_soak.exchange.markets.books import Book

MOST_LEVELS = 1000


def capture(world: Any, time_us: int, number: int, before: Book | None) -> Book:
    """The built-in market's book; the crowd's best as they were where a side has no crowd."""
    book = world["book"]
    levels = book["levels"]
    volume = levels["volume"]
    places = np.flatnonzero(volume)
    prices = levels["price"][places]
    order = np.argsort(prices)
    prices, lots = prices[order], volume[places][order]
    crowd = lots - levels["agent_volume"][places][order]
    first_ask = int(np.searchsorted(prices, _first_ask(book), side="left"))
    theirs = np.flatnonzero(crowd)
    middle = int(np.searchsorted(theirs, first_ask))
    return Book(
        time_us=time_us,
        number=number,
        bids=_levels(prices[:first_ask][::-1], lots[:first_ask][::-1]),
        asks=_levels(prices[first_ask:], lots[first_ask:]),
        crowd_bid=_best(prices, theirs[middle - 1 : middle], before.crowd_bid if before else 0),
        crowd_ask=_best(prices, theirs[middle : middle + 1], before.crowd_ask if before else 0),
    )


def _first_ask(book: Any) -> int:
    """From which price on levels are asks: bids and asks share one ring."""
    if int(book["ask_orders"]) > 0:
        return int(book["best_ask"])
    return int(book["best_bid"]) + 1 if int(book["bid_orders"]) > 0 else 0


def _levels(prices: Any, lots: Any) -> dict[int, int]:
    return dict(zip(prices[:MOST_LEVELS].tolist(), lots[:MOST_LEVELS].tolist(), strict=True))


def _best(prices: Any, places: Any, otherwise: int) -> int:
    return int(prices[places[0]]) if len(places) else otherwise

"""The built-in market, without a maker, as rows: every trade, and every level that changes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.config.instruments import decimals
from pytest_soak.config.scenarios import Scenario
from pytest_soak.market.exchange import Exchange
from pytest_soak.replay.rows import BOTH, BUY, CLEAR, DEPTH, SELL, SNAPSHOT, TRADE, Rows, empty

EPOCH_NS = 1_704_067_200_000_000_000
"""2024-01-01T00:00:00Z: where the market's clock begins."""
HOUR_US = 3_600_000_000
_TAKE_EVERY = 10_000


def exported(scenario: Scenario, seed: int, hours: float) -> Rows:
    """The rows of a market from its opening on, in order.

    Within an event the trades come first. The local clock is made up: each row is received the
    median lag of the venue's stream later.
    """
    exchange = Exchange(scenario, seed)
    book = _Book(exchange)
    pieces = [book.changes(0, SNAPSHOT)]
    end, events = round(hours * HOUR_US), 0
    while exchange.advance_to_event(end):
        events += 1
        found = book.changes(exchange.now_us, DEPTH)
        if len(found):
            pieces.append(found)
        if events % _TAKE_EVERY == 0:
            pieces.append(_trades(exchange))
    pieces.append(_trades(exchange))
    rows = np.concatenate(pieces)
    kind = (rows["ev"] & np.uint64(0xFF)) != TRADE
    rows = rows[np.lexsort((kind, rows["exch_ts"]))]
    lag = scenario.venue.market_data
    rows["exch_ts"] = EPOCH_NS + rows["exch_ts"] * 1000
    rows["local_ts"] = rows["exch_ts"] + round((lag.base_ms + lag.median_ms) * 1e6)
    return rows


class _Book:
    """The levels of a market as they were when they were last looked at."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._levels = exchange.world["book"]["levels"]
        self._known: NDArray[np.int64] = np.zeros(len(self._levels), np.int64)
        self._prices: NDArray[np.int64] = np.zeros(len(self._levels), np.int64)

    def changes(self, now_us: int, kind: int) -> Rows:
        """A row for each level that is another now; of a level that went, at its old price."""
        now = self._exchange.world["book"]["levels"]["volume"].copy()
        places = np.flatnonzero(now != self._known)
        if not len(places):
            return empty()
        levels: Any = self._exchange.world["book"]["levels"][places]
        moved = (levels["price"] != self._prices[places]) & (self._known[places] > 0)
        gone = self._rows(self._prices[places[moved]], np.zeros(int(moved.sum()), np.int64), kind)
        self._known = now
        self._prices[places] = levels["price"]
        rows = np.concatenate([gone, self._rows(levels["price"], now[places], kind)])
        rows["exch_ts"] = now_us
        if kind == SNAPSHOT:
            clear = empty(1)
            clear["ev"], clear["exch_ts"] = BOTH | CLEAR, now_us
            return np.concatenate([clear, rows])
        return rows

    def _rows(self, prices: NDArray[np.int64], lots: NDArray[np.int64], kind: int) -> Rows:
        """Bids are below the mid, asks above it."""
        rows = empty(len(prices))
        is_bid = prices < self._exchange.world["mid"]
        rows["ev"] = np.where(is_bid, BOTH | BUY | kind, BOTH | SELL | kind)
        rows["px"] = np.round(prices * self._exchange.tick, decimals(self._exchange.tick))
        rows["qty"] = lots * self._exchange.lot
        return rows


def _trades(exchange: Exchange) -> Rows:
    found = exchange.take_events().trades
    rows = empty(len(found))
    rows["ev"] = np.where(found["side"] > 0, BOTH | BUY | TRADE, BOTH | SELL | TRADE)
    rows["exch_ts"] = found["time_us"]
    rows["px"], rows["qty"] = found["price"], found["quantity"]
    return rows

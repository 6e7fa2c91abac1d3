"""The topic `publicTrade.SYMBOL`: everybody's trades, as late as the book."""

from __future__ import annotations

from collections import deque
from typing import Any

from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.markets.told import PublicTrade
from pytest_soak.exchange.wire.market import pushed_trade

MOST_AT_ONCE = 1024
"""Trades in a message."""


class TradeFeed:
    """One symbol's trades that are still to be told."""

    def __init__(self, market: SymbolMarket, topic: str) -> None:
        self.topic = topic
        self._market = market
        self._waiting: deque[tuple[int, PublicTrade]] = deque()
        self._due_us = 0
        self._sequence = 0

    def add(self, trades: tuple[PublicTrade, ...]) -> None:
        """Trades that have happened; they are told once their lag has passed."""
        for trade in trades:
            self._due_us = max(self._due_us, trade.time_us + self._market.lag_us())
            self._waiting.append((self._due_us, trade))

    def news(self, now_us: int, now_ms: int) -> dict[str, Any] | None:
        """What is to be told now; None for nothing."""
        rows: list[dict[str, Any]] = []
        while self._waiting and self._waiting[0][0] <= now_us and len(rows) < MOST_AT_ONCE:
            self._sequence += 1
            rows.append(pushed_trade(self._market, self._waiting.popleft()[1], self._sequence))
        if not rows:
            return None
        return {"topic": self.topic, "type": "snapshot", "ts": now_ms, "data": rows}

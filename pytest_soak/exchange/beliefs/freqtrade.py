"""Beliefs from freqtrade's database: its tables `trades` and `orders`, as of 2026.9."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from pytest_soak.exchange.beliefs.belief import Belief

LAG_S = 10.0
"""How old its database may be: it looks at its orders each 5 s, or what its configuration says."""
_PATIENCE_S = 0.5
_POSITIONS = """
    SELECT t.base_currency, t.stake_currency, t.pair, o.ft_order_side, SUM(COALESCE(o.filled, 0))
    FROM orders o JOIN trades t ON t.id = o.ft_trade_id
    GROUP BY t.base_currency, t.stake_currency, t.pair, o.ft_order_side
"""
_OPEN = "SELECT order_id FROM orders WHERE ft_is_open"


class FreqtradeDatabase:
    """Its position in a pair is the sum of what its orders say is filled.

    The file is opened to be read only. It may be written meanwhile: a read that finds it locked, or
    not there yet, sees nothing.
    """

    tells: tuple[str, ...] = ("positions", "open_orders")

    def __init__(self, path: Path) -> None:
        self._path = path
        self.trouble = ""

    def read(self, time_us: int) -> Sequence[Belief]:
        """What the database says now."""
        self.trouble = ""
        try:
            with closing(self._opened()) as database:
                database.execute("BEGIN")
                held, orders = _positions(database), _open(database)
                return (Belief(time_us, held, orders, lag_s=LAG_S),)
        except (sqlite3.Error, OSError, ValueError) as error:
            self.trouble = f"{self._path.name}: {error}"
            return ()

    def _opened(self) -> sqlite3.Connection:
        address = f"{self._path.absolute().as_uri()}?mode=ro"
        return sqlite3.connect(address, uri=True, timeout=_PATIENCE_S, isolation_level=None)


def _positions(database: sqlite3.Connection) -> dict[str, float]:
    positions: dict[str, float] = defaultdict(float)
    for base, stake, pair, side, filled in database.execute(_POSITIONS):
        positions[_symbol(base, stake, pair)] += filled if side == "buy" else -filled
    return dict(positions)


def _open(database: sqlite3.Connection) -> frozenset[str]:
    return frozenset(str(name) for (name,) in database.execute(_OPEN))


def _symbol(base: str | None, stake: str | None, pair: str) -> str:
    """The exchange's name of `BTC/USDT:USDT`."""
    return f"{base}{stake}" if base and stake else pair.partition(":")[0].replace("/", "")

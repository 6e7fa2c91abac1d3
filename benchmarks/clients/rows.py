"""Bugs of real clients that the exchange shows: red with the fault, green without."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.clients.recipes import HERE

SCHEDULES = HERE.parents[1] / "tests" / "exchange" / "schedules"


@dataclass(frozen=True)
class Row:
    """A bug, and what shows it.

    Attributes:
        number: Its number, and that of its schedule.
        client: Whose it is.
        says: What it is.
        reds: The KPIs one of which has to be above the number given.
        seconds: How long it takes to be seen.
        honest: The client whose run is to be green, where the bug needs no fault.
    """

    number: int
    client: str
    says: str
    reds: tuple[tuple[str, float], ...]
    seconds: float
    honest: str = ""

    @property
    def faults(self) -> Path:
        """The schedule."""
        return SCHEDULES / f"row{self.number}.yaml"


POSITION, TWICE = ("position_gap_base", 1e-9), ("repeated_intents", 0.0)
KNOWN, WRONG = ("unknown_open_orders", 0.0), ("book_wrong_u", 0.0)

ROWS = (
    Row(1, "freqtrade", "orders again while what it ordered fills", (POSITION, TWICE), 80.0),
    Row(2, "hummingbot", "never learns of fills whose messages were lost", (POSITION,), 100.0),
    Row(3, "hummingbot", "never takes a level out of its book", (WRONG,), 40.0, "ccxt_pro"),
    Row(11, "nautilus", "orders again what it calls rejected and is open", (TWICE, KNOWN), 50.0),
)
"""Those of ccxt and pybit are tests, `tests/exchange/test_real_clients.py`."""

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
        own: Variables that bring it about where no fault does.
        by_chance: Of how many runs it is told in how many it is seen, where that is by chance.
    """

    number: int
    client: str
    says: str
    reds: tuple[tuple[str, float], ...]
    seconds: float
    honest: str = ""
    own: tuple[tuple[str, str], ...] = ()
    by_chance: int = 0

    @property
    def faults(self) -> Path | str:
        """The schedule."""
        return "calm" if self.own else SCHEDULES / f"row{self.number}.yaml"


POSITION, TWICE = ("position_gap_base", 1e-9), ("repeated_intents", 0.0)
KNOWN, WRONG = ("unknown_open_orders", 0.0), ("book_wrong_u", 0.0)

ROWS = (
    Row(1, "freqtrade", "orders again while what it ordered fills", (POSITION, TWICE), 80.0),
    Row(2, "hummingbot", "never learns of fills in lost messages", (POSITION,), 100.0),
    Row(3, "hummingbot", "never takes a level out of its book", (WRONG,), 40.0, "ccxt_pro"),
    Row(11, "nautilus", "calls rejected what is open, and orders again", (TWICE, KNOWN), 50.0),
    Row(
        11,
        "nautilus",
        "tells no strategy of an order filled as it stops",
        (POSITION,),
        15.0,
        own=(("SOAK_STOPS", "ordering"),),
    ),
)
"""Those of ccxt and pybit are tests: see `tested`."""

BY_CHANCE = (
    Row(
        11,
        "nautilus",
        "tells no strategy of quotes that fill as it stops",
        (POSITION,),
        15.0,
        own=(("SOAK_STOPS", "quoting"),),
        by_chance=3,
    ),
)
"""Not judged: a quote is filled before its cancellation, or it is not."""

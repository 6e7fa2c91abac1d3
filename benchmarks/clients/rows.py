"""Bugs of real clients that the exchange shows: red with the fault, green without."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.clients.recipes import HERE

CALM = "calm"


@dataclass(frozen=True)
class Row:
    """A bug, and what shows it.

    Attributes:
        number: Its number; several may show the same.
        client: Whose it is.
        says: What it is.
        reds: The KPIs one of which has to be above the number given.
        own: Variables of the bot with which the bug is there; without, it is not.
        fault: Whether a schedule brings it about, `rows/NUMBER.yaml`; else it is always there.
        seconds: How long it takes to be seen.
        honest: The client whose run is to be green, if it is another one.
    """

    number: int
    client: str
    says: str
    reds: tuple[tuple[str, float], ...]
    own: tuple[tuple[str, str], ...] = ()
    fault: bool = True
    seconds: float = 60.0
    honest: str = ""

    @property
    def faults(self) -> Path | str:
        """The schedule."""
        return HERE / "rows" / f"{self.number}.yaml" if self.fault else CALM


POSITION = ("position_gap_base", 1e-9)
KNOWN, CLOSED = ("unknown_open_orders", 0.0), ("believed_open_closed", 0.0)
TWICE, WRONG = ("repeated_intents", 0.0), ("book_wrong_u", 0.0)
OLD = ("book_age_max_ms", 5_000.0)

ROWS = (
    Row(1, "freqtrade", "orders again while what it ordered fills", (POSITION, TWICE), seconds=75),
    Row(2, "hummingbot", "never learns of fills whose messages were lost", (POSITION,), seconds=90),
    Row(
        3,
        "hummingbot",
        "never takes a level out of its book",
        (WRONG,),
        fault=False,
        honest="ccxt_pro",
        seconds=40,
    ),
    Row(
        4,
        "pybit",
        "the first row of a book is not its best",
        (WRONG,),
        own=(("SOAK_AS_TOLD", "1"),),
        fault=False,
        seconds=40,
    ),
    Row(5, "pybit", "its books end at a delta that was lost", (OLD, WRONG), seconds=60),
    Row(
        7,
        "pybit",
        "force_retry orders twice",
        (TWICE, POSITION),
        own=(("SOAK_BY_HTTP", "1"),),
        seconds=60,
    ),
    Row(
        9,
        "ccxt_pro",
        "watch_bids_asks spoils the book beside it",
        (WRONG,),
        own=(("SOAK_BEST_TOO", "1"),),
        fault=False,
        seconds=40,
    ),
    Row(10, "ccxt_pro", "an order that filled is open again", (CLOSED,), seconds=50),
    Row(11, "nautilus", "calls orders rejected that are open", (KNOWN, CLOSED), seconds=50),
    Row(12, "ccxt_pro", "never learns of fills while its socket was cut", (POSITION,), seconds=60),
    Row(12, "pybit", "never learns of fills while its socket was cut", (POSITION,), seconds=60),
)

"""The one shape of a recorded feed: rows as hftbacktest has them, in nanoseconds.

`exch_ts` is the venue's clock, `local_ts` the recorder's. A row counts for the exchange side, for
the local side, or for both: those for the exchange are in the order of `exch_ts`, those for the
local side in the order of `local_ts`. `px` is in quote currency; `qty` as the venue counts it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ROW = np.dtype(
    [
        ("ev", "u8"),
        ("exch_ts", "i8"),
        ("local_ts", "i8"),
        ("px", "f8"),
        ("qty", "f8"),
        ("order_id", "u8"),
        ("ival", "i8"),
        ("fval", "f8"),
    ],
    align=True,
)
Rows = NDArray[np.void]

EXCHANGE, LOCAL, BUY, SELL = 1 << 31, 1 << 30, 1 << 29, 1 << 28
"""Bits of `ev`: for whom the row counts; the bid's side or a buyer who took, the ask's or a seller.
"""
BOTH = EXCHANGE | LOCAL
DEPTH, TRADE, CLEAR, SNAPSHOT, BEST = 1, 2, 3, 4, 5
"""Low bytes of `ev`: a level's new size, a trade, levels that go, a level of a whole book, a best
price. `CLEAR` without a side empties the book."""
GAP = 99
"""From here on the book is not known, until the next SNAPSHOT; hftbacktest passes it over."""
KIND = 0xFF

KIND_NAMES = {DEPTH: "depth", TRADE: "trade", CLEAR: "clear", SNAPSHOT: "snapshot", BEST: "best"}


def empty(count: int = 0) -> Rows:
    """That many rows of nothing."""
    return np.zeros(count, ROW)


def kinds(rows: Rows) -> NDArray[Any]:
    """The low byte of each row."""
    return rows["ev"] & np.uint64(KIND)


def has(rows: Rows, bits: int) -> NDArray[np.bool_]:
    """Which rows have all of these bits."""
    wanted = np.uint64(bits)
    found: NDArray[np.bool_] = (rows["ev"] & wanted) == wanted
    return found

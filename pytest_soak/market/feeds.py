"""What the built-in market tells an agent or a test, as columns."""

from __future__ import annotations

import numpy as np

TRADE = np.dtype(
    [
        ("time_us", "i8"),
        ("side", "i1"),  # of the order that came in: +1 bought, -1 sold
        ("price", "f8"),
        ("quantity", "f8"),
    ]
)
TOP = np.dtype(
    [
        ("time_us", "i8"),
        ("bid", "f8"),
        ("bid_quantity", "f8"),  # 0 where the side is empty; its price is then the last one
        ("ask", "f8"),
        ("ask_quantity", "f8"),
    ]
)
SECOND = np.dtype([("time_us", "i8"), ("mid", "f8")])
REPORT = np.dtype(
    [
        ("time_us", "i8"),  # of arrival at the agent
        ("sent_us", "i8"),  # of the request that it answers; a fill's own time at the venue
        ("order", "i8"),  # handle
        ("kind", "i1"),  # index into REPORT_KINDS
        ("is_answer", "?"),  # to a request, not an event of its own
        ("side", "i1"),
        ("maker", "?"),
        ("price", "f8"),
        ("quantity", "f8"),
    ]
)

REPORT_KINDS = ("accepted", "rejected", "cancelled", "filled")

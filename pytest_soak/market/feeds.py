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
        ("reason", "i1"),  # of a rejection: index into REJECT_REASONS
        ("side", "i1"),  # 0 where the venue does not know the order
        ("maker", "?"),
        ("price", "f8"),
        ("quantity", "f8"),
    ]
)

REPORT_KINDS = ("accepted", "rejected", "cancelled", "filled")
REJECT_REASONS = (
    "",
    "would_cross",  # a post-only order or an amendment that would have traded
    "nothing_traded",  # an immediate order that found nothing at its price
    "unknown_order",  # filled, cancelled or never there
    "price_out_of_range",
    "too_many_orders",
    "too_many_requests",  # the gateway's queue is full
    "rate_limit",
    "unavailable",  # the venue carries nothing out
)

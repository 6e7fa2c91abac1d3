"""What the built-in market tells an agent or a test, as columns."""

from __future__ import annotations

from pytest_soak.observation.tables import Column, Columns, rows_of

TRADES = rows_of(
    "TRADE",
    "everybody's trades",
    "of the trade at the venue",
    Column("side", "i1", "", "of the order that came in: +1 bought, -1 sold"),
    Column("price", "f8", "quote", "of a unit of base"),
    Column("quantity", "f8", "base", "traded, above 0"),
)
TOPS = rows_of(
    "TOP",
    "each change of the top of the public book",
    "of the change at the venue",
    Column("bid", "f8", "quote", "the best bid"),
    Column("bid_quantity", "f8", "base", "at it; 0: the side is empty, its price the last one"),
    Column("ask", "f8", "quote", "the best ask"),
    Column("ask_quantity", "f8", "base", "at it; 0: the side is empty, its price the last one"),
)
SECONDS = rows_of(
    "SECOND",
    "the mid, every second",
    "a whole second",
    Column("mid", "f8", "quote", "of the market"),
)
REPORTS = rows_of(
    "REPORT",
    "what the venue told the agent",
    "of arrival at the agent",
    Column("sent_us", "i8", "us", "of the request that it answers, or of the fill at the venue"),
    Column("order", "i8", "", "the handle of the order"),
    Column("kind", "i1", "", "its place in REPORT_KINDS"),
    Column("is_answer", "?", "", "true: to a request; false: an event of its own"),
    Column("reason", "i1", "", "of a rejection: its place in REJECT_REASONS"),
    Column("side", "i1", "", "+1 buy, -1 sell, 0: the venue does not know the order"),
    Column("maker", "?", "", "true: the order rested in the book"),
    Column("price", "f8", "quote", "of a unit of base"),
    Column("quantity", "f8", "base", "of the order, or filled"),
)
EVERY: tuple[Columns, ...] = (REPORTS, TRADES, TOPS, SECONDS)
"""The columns of each dtype that is told."""

TRADE, TOP, SECOND, REPORT = TRADES.dtype, TOPS.dtype, SECONDS.dtype, REPORTS.dtype

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

"""The KPIs of invariants, by who has to be seen for them."""

from __future__ import annotations

from collections.abc import Collection

BY_EXCHANGE = (
    "repeated_intents",
    "requests_over_limit",
    "unknown_endpoints",
    "signed_requests",
    "unanswered_requests",
    "buy_fills",
    "sell_fills",
)
"""What the exchange can tell alone, whatever is broken."""
WITH_FAULTS = ("quotes_again_s", "faults_met")
"""What there is only where faults are on the schedule."""
BY_POSITIONS = ("position_gap_base",)
BY_OPEN_ORDERS = ("unknown_open_orders", "believed_open_closed")
BY_BOOKS = ("book_age_p95_ms", "book_age_max_ms", "book_wrong_u", "crossed_book_s")
"""What there is only of a bot whose positions, open orders or books are seen."""
BY_BELIEF = {
    "positions": BY_POSITIONS,
    "open_orders": BY_OPEN_ORDERS,
    "books": BY_BOOKS,
}


def unseen(tells: Collection[str], *, faults: bool) -> dict[str, str]:
    """The KPIs that cannot be seen of a bot whose beliefs tell of `tells`, and why.

    `faults` is whether there are any on the schedule. For `tells` see `beliefs.source`.
    """
    nothing = "nothing tells what the bot believes; --soak-belief"
    why = "nothing tells its {}; --soak-belief" if tells else nothing
    lacking = {
        kpi: why.format(what.replace("_", " "))
        for what, kpis in BY_BELIEF.items()
        for kpi in kpis
        if what not in tells
    }
    calm = "no faults are on the schedule"
    return lacking | ({} if faults else dict.fromkeys(WITH_FAULTS, calm))

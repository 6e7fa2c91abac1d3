"""The KPIs of invariants, by who has to be seen for them."""

from __future__ import annotations

from collections.abc import Iterable

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


def visible(tells: Iterable[str], *, faults: bool) -> tuple[str, ...]:
    """The KPIs that can be seen of a bot whose beliefs tell of `tells`, see `beliefs.source`.

    `faults` is whether there are any on the schedule. A gate over others cannot judge it.
    """
    told = {*tells}
    believed = [name for what, names in BY_BELIEF.items() if what in told for name in names]
    return (*BY_EXCHANGE, *(WITH_FAULTS if faults else ()), *believed)

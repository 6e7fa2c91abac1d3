"""What nobody should have sent, told so that any file, page and terminal can take it."""

from __future__ import annotations

from pytest_soak.errors import escaped
from pytest_soak.exchange.record import Strange
from pytest_soak.exchange.venue import Venue

LONGEST = 200


def tell(venue: Venue, connection: int, what: str, detail: str) -> None:
    """Record it: its beginning, on one line, with what cannot be printed escaped."""
    if not venue.load.has_room("strange"):
        return
    text = escaped(detail[:LONGEST])[:LONGEST]
    venue.put(Strange(venue.now_us(), connection, what, text))

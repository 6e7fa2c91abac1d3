"""A short name for what a book shows, by which two of them are compared."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

LEVELS = 10
"""How many levels of each side count."""

Side = Sequence[Sequence[str | float]]
"""Levels of price and size, best first."""


def of(bids: Side, asks: Side) -> str:
    """The digest of the best levels; `1.50` and `1.5` are the same number."""
    sides = (tuple((float(p), float(q)) for p, q, *_ in side[:LEVELS]) for side in (bids, asks))
    return f"{crc32(repr(tuple(sides)).encode()):08x}"

"""What a bot believed at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class BookBelief:
    """A book as the bot has it: levels of price and size as it keeps them, best first.

    Attributes:
        u: The number of the last message that went into it; 0 where that is not known.
        bids: Levels of those who buy.
        asks: Levels of those who sell.
    """

    u: int
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Belief:
    """What was seen of a bot at once; None is what was not.

    Attributes:
        time_us: When, UTC.
        positions: Of each symbol its sum of fills, in base; a symbol that is not there is 0.
        open_orders: The venue's or the bot's own names of the orders that it believes open.
        books: By symbol.
        lag_s: How old positions and open orders may be in it, of a bot that looks now and then.
    """

    time_us: int
    positions: Mapping[str, float] | None = None
    open_orders: frozenset[str] | None = None
    books: Mapping[str, BookBelief] = field(default_factory=dict)
    lag_s: float = 0.0

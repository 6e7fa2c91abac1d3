"""What a market tells: answers to requests, fills, ends, everybody's trades."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """A report on one order, at the time at which it reached the exchange's edge.

    `at_us` is when it happened at the venue where it is a fill; `price` in ticks and `lots` are of
    the fill or the order.
    """

    time_us: int
    at_us: int
    handle: int
    kind: str
    is_answer: bool
    reason: str
    maker: bool
    price: int
    lots: int


@dataclass(frozen=True, slots=True)
class PublicTrade:
    """Somebody's trade: `sign` +1 bought, of the order that came in."""

    time_us: int
    sign: int
    price: int
    lots: int


@dataclass(frozen=True, slots=True)
class Step:
    """What happened in a step, in order."""

    told: tuple[Told, ...]
    trades: tuple[PublicTrade, ...]


NOTHING = Step((), ())

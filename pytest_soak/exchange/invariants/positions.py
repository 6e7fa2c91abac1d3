"""Does the bot have the position that it believes it has."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.invariants.quiet_beliefs import judged, since_us
from pytest_soak.exchange.invariants.result import Finding, Result, unseen
from pytest_soak.exchange.invariants.seen import Seen, Span
from pytest_soak.exchange.invariants.tolerances import Tolerances
from pytest_soak.exchange.record import Execution

_DIGITS = 9


@dataclass
class _Held:
    """What all accounts together held in a symbol: from each time on, from `low` to `high`.

    Both are the position; of spot `high` or `low` is the sum of the fills before fees that were
    taken in base, which some bots count and some do not.
    """

    times: list[int] = field(default_factory=list)
    ranges: list[tuple[float, float]] = field(default_factory=list)

    def distance(self, believed: float, start_us: int, end_us: int) -> float:
        """How far a belief is from what was held at some time of the span."""
        first = bisect_right(self.times, start_us) - 1
        last = bisect_right(self.times, end_us)
        held = self.ranges[max(first, 0) : last]
        if first < 0:
            held = [(0.0, 0.0), *held]
        return min(max(low - believed, believed - high, 0.0) for low, high in held)


def position_gap(
    seen: Seen, beliefs: Sequence[Belief], window: Span, tolerances: Tolerances
) -> Result:
    """The largest difference of a symbol's position and the bot's sum, in base.

    A belief is held against every position of the `grace_s` before it, and only in quiet times.
    """
    told, why = judged(
        seen, beliefs, window, tolerances, lambda b: b.positions is not None, "its positions"
    )
    if why:
        return unseen(why)
    held = _held(seen.executions)
    worst, at = 0.0, None
    for belief in told:
        for symbol in sorted({*held, *(belief.positions or {})}):
            believed = (belief.positions or {}).get(symbol, 0.0)
            start_us = since_us(belief, tolerances)
            gap = held[symbol].distance(believed, start_us, belief.time_us)
            if round(gap, _DIGITS) > worst:
                worst, at = round(gap, _DIGITS), _told(belief.time_us, symbol, believed, held)
    return Result(worst, "", (at,) if at else ())


def _told(time_us: int, symbol: str, believed: float, held: dict[str, _Held]) -> Finding:
    at = bisect_right(held[symbol].times, time_us)
    is_ = held[symbol].ranges[at - 1][0] if at else 0.0
    return Finding(time_us, f"{symbol}: the bot believes {believed:g}, the exchange has {is_:g}")


def _held(executions: Sequence[Execution]) -> dict[str, _Held]:
    held: dict[str, _Held] = defaultdict(_Held)
    positions: dict[tuple[str, str], float] = {}
    filled: dict[str, float] = defaultdict(float)
    for one in executions:
        positions[one.symbol, one.account] = one.position
        filled[one.symbol] += one.quantity if one.side == "Buy" else -one.quantity
        net = sum(p for (symbol, _), p in positions.items() if symbol == one.symbol)
        gross = filled[one.symbol] if one.category == "spot" else net
        held[one.symbol].times.append(one.time_us)
        held[one.symbol].ranges.append((min(net, gross), max(net, gross)))
    return held

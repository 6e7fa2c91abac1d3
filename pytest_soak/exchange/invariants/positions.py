"""Does the bot have the position that it believes it has."""

from __future__ import annotations

from bisect import bisect_right, insort
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
_NOISE = 1e-10
"""Of a position: what a sum of a million fills is wrong by."""


@dataclass
class _Held:
    """What all accounts together held in a symbol, from each time on.

    Of spot some bots take off the fees that were taken in base and some do not, and one that has
    begun with its balance takes off those until then: `sums` are without them, `fees` all that they
    have come to, in order of size. What lies between is wrong.
    """

    times: list[int] = field(default_factory=list)
    sums: list[float] = field(default_factory=list)
    fees: list[float] = field(default_factory=lambda: [0.0])

    def distance(self, believed: float, start_us: int, end_us: int) -> float:
        """How far a belief is from what was held at some time of the span."""
        first = bisect_right(self.times, start_us) - 1
        last = bisect_right(self.times, end_us)
        held = self.sums[max(first, 0) : last]
        if first < 0:
            held = [0.0, *held]
        return min(_gap(believed, one) for total in held for one in self._near(believed, total))

    def _near(self, believed: float, total: float) -> list[float]:
        """Of what a sum may be, less fees, what is next to a belief."""
        at = bisect_right(self.fees, total - believed)
        return [total - fee for fee in self.fees[max(at - 1, 0) : at + 1]]


def position_gap(
    seen: Seen, beliefs: Sequence[Belief], window: Span, tolerances: Tolerances
) -> Result:
    """The largest difference of a symbol's position and the bot's sum, in base.

    A belief is held against every position of the `grace_s` before it, and only in quiet times.
    """
    told = judged(
        seen, beliefs, window, tolerances, lambda b: b.positions is not None, "its positions"
    )
    if told.why:
        return unseen(told.why)
    held = _held(seen.executions)
    worst, at = 0.0, None
    for belief in told.beliefs:
        for symbol in sorted({*held, *(belief.positions or {})}):
            believed = (belief.positions or {}).get(symbol, 0.0)
            start_us = since_us(belief, tolerances)
            gap = held[symbol].distance(believed, start_us, belief.time_us)
            if gap > worst:
                worst, at = gap, _told(belief.time_us, symbol, believed, held)
    return told.result(Result(worst, "", (at,) if at else ()))


def _gap(believed: float, held: float) -> float:
    """Their difference; none where it is what adding floats up comes to."""
    gap = round(abs(believed - held), _DIGITS)
    return 0.0 if gap <= _NOISE * max(abs(believed), abs(held)) else gap


def _told(time_us: int, symbol: str, believed: float, held: dict[str, _Held]) -> Finding:
    at = bisect_right(held[symbol].times, time_us)
    is_ = held[symbol].sums[at - 1] if at else 0.0
    return Finding(time_us, f"{symbol}: the bot believes {believed:g}, the exchange has {is_:g}")


def _held(executions: Sequence[Execution]) -> dict[str, _Held]:
    held: dict[str, _Held] = defaultdict(_Held)
    positions: dict[tuple[str, str], float] = {}
    filled: dict[str, float] = defaultdict(float)
    for one in executions:
        positions[one.symbol, one.account] = one.position
        filled[one.symbol] += one.quantity if one.side == "Buy" else -one.quantity
        net = sum(p for (symbol, _), p in positions.items() if symbol == one.symbol)
        held[one.symbol].times.append(one.time_us)
        held[one.symbol].sums.append(filled[one.symbol] if one.category == "spot" else net)
        if one.category == "spot":
            insort(held[one.symbol].fees, filled[one.symbol] - net)
    return held

"""Does the bot have the position that it believes it has."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.invariants.lost_answers import LostAnswer, lost_answers
from pytest_soak.exchange.invariants.quiet_beliefs import judged, since_us
from pytest_soak.exchange.invariants.result import Finding, Result, unseen
from pytest_soak.exchange.invariants.seen import Seen, Span
from pytest_soak.exchange.invariants.tolerances import Tolerances
from pytest_soak.exchange.record import Execution
from pytest_soak.text import plural

_DIGITS = 9
_ACCURATE_US = 1_500_000
"""Beliefs are seen each second: when a gap began is known by so much."""


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
    told, why = judged(seen, beliefs, window, tolerances, _tells, "its positions")
    if why:
        return unseen(why)
    held = _held(seen.executions)
    worst, at = 0.0, None
    for belief in told:
        for symbol in sorted({*held, *(belief.positions or {})}):
            gap = _gap(belief, held[symbol], symbol, tolerances)
            if gap > worst:
                worst, at = gap, (belief, symbol)
    if at is None:
        return Result(0.0)
    return Result(worst, "", (_found(seen, beliefs, held, at, tolerances),))


def _tells(belief: Belief) -> bool:
    return belief.positions is not None


def _gap(belief: Belief, held: _Held, symbol: str, tolerances: Tolerances) -> float:
    believed = (belief.positions or {}).get(symbol, 0.0)
    gap = held.distance(believed, since_us(belief, tolerances), belief.time_us)
    return round(gap, _DIGITS)


def _found(
    seen: Seen,
    beliefs: Sequence[Belief],
    held: dict[str, _Held],
    at: tuple[Belief, str],
    tolerances: Tolerances,
) -> Finding:
    belief, symbol = at
    before = (one for one in reversed(beliefs) if _tells(one) and one.time_us < belief.time_us)
    gaps = ((one, _gap(one, held[symbol], symbol, tolerances)) for one in before)
    began_us = _began_us(belief, gaps, tolerances)
    believed = (belief.positions or {}).get(symbol, 0.0)
    place = bisect_right(held[symbol].times, belief.time_us)
    is_ = held[symbol].ranges[place - 1][0] if place else 0.0
    text = f"{symbol}: the bot believes {believed:g}, the exchange has {is_:g}"
    if price := next((one.price for one in reversed(seen.executions) if one.symbol == symbol), 0.0):
        text = f"{text} (worth {abs(is_ - believed) * price:,.2f} in quote)"
    side = "Buy" if is_ > believed else "Sell"
    lost = [
        one
        for one in _lost_since(seen, began_us, belief.time_us, tolerances)
        if one.filled and (one.symbol, one.side) == (symbol, side)
    ]
    if not lost or lost[0].time_us > began_us + _ACCURATE_US:
        return Finding(belief.time_us, text, began_us)
    more = f", and {plural(len(lost) - 1, 'more order')} like it" if lost[1:] else ""
    return Finding(belief.time_us, f"{text}; {lost[0].text}{more}", lost[0].time_us, lost[0].fault)


def _began_us(wrong: Belief, before: Iterable[tuple[Belief, float]], tolerances: Tolerances) -> int:
    """Since when there is a gap: before it the belief was right for longer than by chance.

    While a position moves, one that lags behind meets an older truth for as long as it may be old.
    """
    began, right = wrong, None
    for one, gap in before:
        if gap:
            began, right = one, None
            continue
        right = right or one
        if right.time_us - one.time_us > 2 * (one.time_us - since_us(one, tolerances)):
            break
    return since_us(began, tolerances)


def _lost_since(
    seen: Seen, began_us: int, until_us: int, tolerances: Tolerances
) -> list[LostAnswer]:
    """The orders whose answers were lost, from shortly before a gap began."""
    before_us = round((tolerances.give_up_s + tolerances.same_intent_s) * 1e6)
    return lost_answers(seen, (began_us - before_us, until_us), tolerances)


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

"""Does the bot have the position that it believes it has."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.invariants.lost_answers import LostAnswer, lost_answers
from pytest_soak.exchange.invariants.quiet_beliefs import judged, since_us
from pytest_soak.exchange.invariants.result import Finding, Result, unseen
from pytest_soak.exchange.invariants.seen import KEPT_US, Seen, Span, free_us
from pytest_soak.exchange.invariants.tolerances import Tolerances
from pytest_soak.exchange.record import Execution
from pytest_soak.text import plural

_DIGITS = 9
_ACCURATE_US = 1_500_000
"""Beliefs are seen each second: when a gap began is known by so much."""
_EDGE_US = 30_000_000
"""So near to the oldest belief that is kept, a gap may be older."""
_NOISE = 1e-10
"""Of a position: what a sum of a million fills is wrong by."""


@dataclass
class _Held:
    """What all accounts together held in a symbol, from each time on.

    Of spot some bots take off the fees that were taken in base and some do not, and one that has
    begun with its balance takes off those until then: `sums` are without them, `nets` are with all,
    `fees` is all that they have come to, in order of size. What lies between is wrong.
    """

    times: list[int] = field(default_factory=list)
    sums: list[float] = field(default_factory=list)
    nets: list[float] = field(default_factory=list)
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

    A belief is held against every position of the `grace_s` before it, in quiet times; in others
    too where it has been wrong for `wrong_s` in which no fault held. While a position moves, one
    that lags meets an older truth: a gap goes on over what is right for so short a time.
    """
    told = judged(seen, beliefs, window, tolerances, _tells, "its positions")
    if told.why and not any(map(_tells, beliefs)):
        return unseen(told.why)
    held, quiet = _held(seen.executions), {id(belief) for belief in told.beliefs}
    gaps = list(_gaps(seen, beliefs, held, window, tolerances))
    found = [gap for gap in gaps if id(gap.belief) in quiet or gap.free_us >= _wrong(tolerances)]
    if not found:
        return unseen(told.why) if told.why else told.result(Result(0.0))
    worst = max(found, key=lambda gap: gap.size)
    return Result(worst.size, "", (_told(seen, held, worst, tolerances),))


def _tells(belief: Belief) -> bool:
    return belief.positions is not None


def _wrong(tolerances: Tolerances) -> float:
    return tolerances.wrong_s * 1e6


@dataclass(frozen=True)
class _Gap:
    """A belief in a window that is wrong, since when, and how much of that no fault held.

    `is_old` is whether it may have begun before what is kept, so that nobody knows when.
    """

    belief: Belief
    symbol: str
    believed: float
    size: float
    began_us: int
    free_us: int
    is_old: bool


def _gaps(
    seen: Seen,
    beliefs: Sequence[Belief],
    held: dict[str, _Held],
    window: Span,
    tolerances: Tolerances,
) -> Iterator[_Gap]:
    """Those of each symbol, in order of time."""
    near = [b for b in beliefs if _tells(b) and window[0] - KEPT_US <= b.time_us < window[1]]
    faulty, kept_us = seen.faulty(window[1]), window[0] - KEPT_US + _EDGE_US
    for symbol in sorted({*held, *(name for b in near for name in b.positions or ())}):
        began_us, right_us = None, None
        for belief in near:
            believed = (belief.positions or {}).get(symbol, 0.0)
            since = since_us(belief, tolerances)
            size = held[symbol].distance(believed, since, belief.time_us)
            if not size:
                right_us = belief.time_us if right_us is None else right_us
                if belief.time_us - right_us > 2 * (belief.time_us - since):
                    began_us = None
                continue
            began_us, right_us = since if began_us is None else began_us, None
            if belief.time_us >= window[0]:
                free = free_us(faulty, began_us, belief.time_us)
                yield _Gap(belief, symbol, believed, size, began_us, free, began_us < kept_us)


def _told(seen: Seen, held: dict[str, _Held], gap: _Gap, tolerances: Tolerances) -> Finding:
    at_us, symbol = gap.belief.time_us, gap.symbol
    place = bisect_right(held[symbol].times, at_us)
    is_ = held[symbol].nets[place - 1] if place else 0.0
    text = f"{symbol}: the bot believes {gap.believed:g}, the exchange has {is_:g}"
    if price := next((one.price for one in reversed(seen.executions) if one.symbol == symbol), 0.0):
        text = f"{text} (worth {gap.size * price:,.2f} in quote)"
    if gap.is_old:
        return Finding(at_us, f"{text}, for {KEPT_US / 60e6:g} min and more")
    side = "Buy" if is_ > gap.believed else "Sell"
    lost = [
        one
        for one in _lost_since(seen, gap.began_us, at_us, tolerances)
        if one.filled and (one.symbol, one.side) == (symbol, side)
    ]
    if not lost or lost[0].time_us > gap.began_us + _ACCURATE_US:
        return Finding(at_us, text, gap.began_us)
    more = f", and {plural(len(lost) - 1, 'more order')} like it" if lost[1:] else ""
    return Finding(at_us, f"{text}; {lost[0].text}{more}", lost[0].time_us, lost[0].fault)


def _lost_since(
    seen: Seen, began_us: int, until_us: int, tolerances: Tolerances
) -> list[LostAnswer]:
    """The orders whose answers were lost, from shortly before a gap began."""
    before_us = round((tolerances.give_up_s + tolerances.same_intent_s) * 1e6)
    return lost_answers(seen, (began_us - before_us, until_us), tolerances)


def _gap(believed: float, held: float) -> float:
    """Their difference; none where it is what adding floats up comes to."""
    gap = round(abs(believed - held), _DIGITS)
    return 0.0 if gap <= _NOISE * max(abs(believed), abs(held)) else gap


def _held(executions: Sequence[Execution]) -> dict[str, _Held]:
    held: dict[str, _Held] = defaultdict(_Held)
    positions: dict[tuple[str, str], float] = {}
    filled: dict[str, float] = defaultdict(float)
    for one in executions:
        positions[one.symbol, one.account] = one.position
        filled[one.symbol] += one.quantity if one.side == "Buy" else -one.quantity
        net = sum(p for (symbol, _), p in positions.items() if symbol == one.symbol)
        held[one.symbol].times.append(one.time_us)
        held[one.symbol].nets.append(net)
        held[one.symbol].sums.append(filled[one.symbol] if one.category == "spot" else net)
        if one.category == "spot":
            insort(held[one.symbol].fees, filled[one.symbol] - net)
    return held

"""Does the bot know which of its orders are open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.invariants.quiet_beliefs import Judgeable, judged, since_us
from pytest_soak.exchange.invariants.result import Finding, Result, count, unseen
from pytest_soak.exchange.invariants.seen import Seen, Span
from pytest_soak.exchange.invariants.tolerances import Tolerances
from pytest_soak.exchange.record import OrderState


@dataclass
class _Life:
    """An order from its first state that may trade to its end, if it has one."""

    last: OrderState
    opened_us: int | None = None
    closed_us: int | None = None

    def was_open(self, start_us: int, end_us: int) -> bool:
        """Whether it could trade in the whole of a span."""
        return (
            self.opened_us is not None
            and self.opened_us <= start_us
            and (self.closed_us is None or self.closed_us > end_us)
        )


def unknown_open_orders(
    seen: Seen, beliefs: Sequence[Belief], window: Span, tolerances: Tolerances
) -> Result:
    """How many orders were open for `grace_s` and more while the bot did not know of them."""
    told = _judged(seen, beliefs, window, tolerances)
    if told.why:
        return unseen(told.why)
    lives = {
        name: life
        for name, life in _lives(seen.orders).items()
        if life.closed_us is None or life.closed_us > window[0]
    }
    found: dict[str, Finding] = {}
    for belief in told.beliefs:
        for name, life in lives.items():
            known = belief.open_orders or frozenset()
            if not known.isdisjoint({name, life.last.link_id}):
                continue
            if life.was_open(since_us(belief, tolerances), belief.time_us):
                text = f"{_said(life)}: open, unknown"
                found.setdefault(name, Finding(belief.time_us, text, life.opened_us))
    return told.result(count(list(found.values())))


def believed_open_closed(
    seen: Seen, beliefs: Sequence[Belief], window: Span, tolerances: Tolerances
) -> Result:
    """How many orders the bot believed open `grace_s` and more after their end.

    Or for so long without there being such an order.
    """
    told = _judged(seen, beliefs, window, tolerances)
    if told.why:
        return unseen(told.why)
    lives = _by_every_name(_lives(seen.orders).values())
    since = _believed_since(beliefs)
    found: dict[str, Finding] = {}
    for belief in told.beliefs:
        before_us = since_us(belief, tolerances)
        for name in belief.open_orders or ():
            life = lives.get(name)
            ended_us = since[name] if life is None else life.closed_us
            if ended_us is not None and ended_us <= before_us:
                is_ = "no such order" if life is None else f"{_said(life)}: {life.last.status}"
                text = f"believed open: {name}, {is_}"
                found.setdefault(name, Finding(belief.time_us, text, ended_us))
    return told.result(count(list(found.values())))


def _judged(
    seen: Seen, beliefs: Sequence[Belief], window: Span, tolerances: Tolerances
) -> Judgeable:
    what = "the orders that it believes open"
    return judged(seen, beliefs, window, tolerances, lambda b: b.open_orders is not None, what)


def _lives(states: Iterable[OrderState]) -> dict[str, _Life]:
    lives: dict[str, _Life] = {}
    for state in states:
        life = lives.setdefault(state.order_id, _Life(state))
        life.last = state
        if state.is_open:
            life.opened_us = state.time_us if life.opened_us is None else life.opened_us
        else:
            life.closed_us = state.time_us if life.closed_us is None else life.closed_us
    return lives


def _by_every_name(lives: Iterable[_Life]) -> dict[str, _Life]:
    return {name: life for life in lives for name in (life.last.order_id, life.last.link_id)}


def _believed_since(beliefs: Sequence[Belief]) -> dict[str, int]:
    since: dict[str, int] = {}
    for belief in beliefs:
        for name in belief.open_orders or ():
            since.setdefault(name, belief.time_us)
    return since


def _said(life: _Life) -> str:
    last = life.last
    return f"{last.symbol} {last.side} {last.quantity:g} at {last.price:g} ({last.order_id})"

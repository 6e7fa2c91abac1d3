"""Orders that were made while the bot was told something else, and what it did next."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_soak.exchange.invariants.intents import NO_ANSWER, cancels, looks, names_again
from pytest_soak.exchange.invariants.seen import Seen, Span
from pytest_soak.exchange.invariants.tolerances import Tolerances
from pytest_soak.exchange.operation import CREATES, operation
from pytest_soak.exchange.record import Execution, Request


@dataclass(frozen=True)
class LostAnswer:
    """An order that was made, the answer to which never came as it was.

    Attributes:
        time_us: When it was sent.
        fault: What kept the answer back.
        symbol: Of the order.
        side: "Buy" or "Sell".
        order_id: The venue's name of it.
        filled: How much of it has traded, in base; 0 is none.
        is_blind: Whether the bot ordered on the same side again before it had asked or cancelled.
        text: All that in words.
    """

    time_us: int
    fault: str
    symbol: str
    side: str
    order_id: str
    filled: float
    is_blind: bool
    text: str


def lost_answers(seen: Seen, window: Span, tolerances: Tolerances) -> list[LostAnswer]:
    """Those of the orders that were sent in `window`, in order of time."""
    requests = sorted(seen.requests, key=lambda r: r.time_us)
    times = [request.time_us for request in requests]
    filled: dict[str, list[Execution]] = defaultdict(list)
    for one in seen.executions:
        filled[one.order_id].append(one)
    patience_us = round((tolerances.same_intent_s + tolerances.give_up_s) * 1e6)
    return [
        _lost(first, filled[_name(first)], [*_within(requests, times, first, patience_us)])
        for first in requests
        if window[0] <= first.time_us < window[1] and _is_lost(first)
    ]


def _name(request: Request) -> str:
    return str((request.order or {}).get("order_id"))


def _is_lost(request: Request) -> bool:
    made = request.code == 0 and operation(request.endpoint) in CREATES and request.order
    return bool(made) and not request.answered


def _within(
    requests: Sequence[Request], times: Sequence[int], first: Request, patience_us: int
) -> Sequence[Request]:
    """What its account asked after the answer should have come, as long as it still matters."""
    told_us = first.time_us + first.took_us
    place = bisect_left(times, told_us)
    until = bisect_left(times, told_us + patience_us)
    return [r for r in requests[place:until] if r.account == first.account]


def _lost(first: Request, fills: Sequence[Execution], later: Sequence[Request]) -> LostAnswer:
    order = first.order or {}
    filled = sum(one.quantity for one in fills)
    paid = sum(one.quantity * one.price for one in fills)
    what, is_blind = _did_next(first, later)
    told = f"answered {first.http}" if first.http >= NO_ANSWER else "not answered"
    traded = f"filled {filled:g} for {paid:,.2f}" if filled else "not filled"
    text = f"{said(first)} was taken and {told}; {traded}; {what}"
    return LostAnswer(
        first.time_us,
        first.fault,
        str(order.get("symbol")),
        str(order.get("side")),
        _name(first),
        filled,
        is_blind,
        text,
    )


def _did_next(first: Request, later: Sequence[Request]) -> tuple[str, bool]:
    """What the bot did about it, and whether that was to order again without a look."""
    for one in later:
        after = f"{(one.time_us - first.time_us) / 1e6:.1f} s later the bot"
        if names_again(one, first):
            return f"{after} sent its name again, which is refused", False
        if cancels(one, first):
            return f"{after} cancelled it", False
        if looks(one, first):
            return f"{after} asked what there is", False
        if _is_another(one, first):
            return f"{after}, having asked nothing, sent {said(one)} too", True
    return "the bot asked nothing of it", False


def _is_another(one: Request, first: Request) -> bool:
    """Whether an order of the same side was made."""
    made = one.code == 0 and operation(one.endpoint) in CREATES
    order, before = one.order or {}, first.order or {}
    return made and all(order.get(key) == before.get(key) for key in ("symbol", "side"))


def said(request: Request) -> str:
    """An order in words: Buy 0.01 BTCUSDT at 60000 (its name)."""
    order = request.order or {}
    price = f" at {order['price']:g}" if order.get("price") else ""
    quantity = float(order.get("quantity") or 0.0)
    what = f"{order.get('side')} {quantity:g} {order.get('symbol')}{price}"
    return f"{what} ({order.get('order_id')})"

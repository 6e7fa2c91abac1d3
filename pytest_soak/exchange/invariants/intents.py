"""Does one intent make one order, also when the answer to it never came."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_soak.exchange.invariants.result import Finding, Result, count
from pytest_soak.exchange.invariants.seen import Seen, Span, is_in
from pytest_soak.exchange.invariants.tolerances import Tolerances
from pytest_soak.exchange.operation import CANCELS, CREATES, operation
from pytest_soak.exchange.record import OrderState, Pushed, Request

_WHAT = ("symbol", "side", "price", "quantity")
_OF_ORDERS = ("order", "execution")
_LOOKS = ("order/realtime", "order/history", "execution/list", "position/list")
_NAMED_TWICE = (110072, 170141)
"""The codes of an order whose name is taken."""
NO_ANSWER = 400
"""An HTTP status from here on, or 0, is not an answer that says that an order was made."""


def repeated_intents(seen: Seen, window: Span, tolerances: Tolerances) -> Result:
    """How many orders were made a second time after the first seemed to fail, but had not.

    Both were accepted, of one account, with the same symbol, side, price and quantity; no answer to
    the first had come when the second was sent, at most `same_intent_s` after an error, `give_up_s`
    more where none came. Not counted: the first was over by then, and the bot had cancelled it, or
    had been told by a socket, or had asked for orders, trades or positions since its end. Nor
    where the name of the first was refused as one that is there already. An order is repeated once:
    what comes after is another intent, or the repetition of the second.
    """
    creates = [r for r in seen.requests if r.code == 0 and operation(r.endpoint) in CREATES]
    creates = sorted((r for r in creates if r.order), key=lambda r: r.time_us)
    found, repeated = [], set[int]()
    for place, second in enumerate(creates):
        at = _first_of(creates, place, repeated, tolerances)
        if at is None or not _is_a_fault(seen, creates[at], second):
            continue
        repeated.add(at)
        if is_in(second.settled_us, [window]):
            first = creates[at]
            text = _told(first, second)
            found.append(Finding(second.time_us, text, first.time_us, first.fault))
    return count(found)


def _first_of(
    creates: Sequence[Request], place: int, repeated: set[int], allowed: Tolerances
) -> int | None:
    """The last of the orders before the one at `place` whose repetition it is."""
    second = creates[place]
    longest_us = round((allowed.same_intent_s + allowed.give_up_s) * 1e6)
    for at in range(place - 1, -1, -1):
        first = creates[at]
        if second.time_us - first.time_us > longest_us:
            return None
        if at in repeated or not _is_same(first, second):
            continue
        if _seems_failed(first, second, allowed):
            return at
    return None


def _is_same(first: Request, second: Request) -> bool:
    one, other = first.order or {}, second.order or {}
    return (
        first.account == second.account
        and all(one.get(key) == other.get(key) for key in _WHAT)
        and one.get("order_id") != other.get("order_id")
    )


def _seems_failed(first: Request, second: Request, allowed: Tolerances) -> bool:
    told_us = first.time_us + first.took_us
    if first.answered:
        return bool(first.fault) and second.time_us < told_us
    waited_us = second.time_us - told_us
    patience_s = allowed.same_intent_s + (0.0 if first.http >= NO_ANSWER else allowed.give_up_s)
    return waited_us <= patience_s * 1e6


def _is_a_fault(seen: Seen, first: Request, second: Request) -> bool:
    order = (first.order or {}).get("order_id")
    since = [r for r in seen.requests if first.time_us <= r.time_us <= second.time_us]
    if any(cancels(r, first) or names_again(r, first) for r in since):
        return False
    before = [s for s in seen.orders if s.order_id == order and s.time_us <= second.time_us]
    if not before or before[-1].is_open:
        return True
    return not _has_ended(before[-1], seen, first, second)


def names_again(request: Request, first: Request) -> bool:
    """Whether a request was refused since the first has its name: the bot knows then."""
    one, other = first.order or {}, request.order or {}
    same = bool(one.get("link_id")) and one.get("link_id") == other.get("link_id")
    return same and request.account == first.account and request.code in _NAMED_TWICE


def cancels(request: Request, first: Request) -> bool:
    """Whether a request has ended the order, or all of them or of its symbol."""
    what = operation(request.endpoint)
    if what not in CANCELS or request.code or request.account != first.account:
        return False
    one, other = first.order or {}, request.order or {}
    named = any(one.get(key) and one.get(key) == other.get(key) for key in ("order_id", "link_id"))
    every = what == "order/cancel-all" and other.get("symbol") in (None, "", one.get("symbol"))
    return request.time_us >= first.time_us and (named or every)


def _has_ended(state: OrderState, seen: Seen, first: Request, second: Request) -> bool:
    """Whether the bot knows that the first is over."""
    if state.status != "Filled":
        return True
    if any(looks(r, first) and state.time_us < r.time_us < second.time_us for r in seen.requests):
        return True
    sockets = {s.connection for s in seen.sockets if s.account == first.account}
    return any(
        _tells(p, sockets) and first.time_us < p.time_us <= second.time_us for p in seen.pushed
    )


def looks(request: Request, first: Request) -> bool:
    """Whether a request has asked for what there is, and was told."""
    looks = operation(request.endpoint) in _LOOKS and request.account == first.account
    return looks and request.answered and request.code == 0


def _tells(pushed: Pushed, sockets: set[int]) -> bool:
    return bool(
        pushed.connection in sockets and pushed.topic.split(".")[0] in _OF_ORDERS and pushed.sent
    )


def _told(first: Request, second: Request) -> str:
    one, other = first.order or {}, second.order or {}
    later_s = (second.time_us - first.time_us) / 1e6
    price = one.get("price") or "market"
    return (
        f"{one.get('symbol')} {one.get('side')} {one.get('quantity')} at {price}: "
        f"{one.get('order_id')} was accepted, and {later_s:.1f} s later {other.get('order_id')} too"
    )

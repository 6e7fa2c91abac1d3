"""What is sent in place of a message that a fault meets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pytest_soak.exchange.faults.choosing import is_meant_push, is_met, rows_of
from pytest_soak.exchange.faults.kinds import GAP
from pytest_soak.exchange.faults.timeline import Spell
from pytest_soak.exchange.interference import Delivery, Push

_DAWDLE = 1000
"""Of what is late at a fault's end, one thousandth of its lateness is kept: the order stays."""


def _as_late(spell: Spell, time_us: int) -> float:
    """How late a message is, so that none overtakes another, not at the fault's end either."""
    left_us = spell.end_us - time_us
    return min(spell.row.seconds or 0.0, (left_us - left_us / _DAWDLE) / 1e6)


def _late(spell: Spell, push: Push, _: float) -> Sequence[Delivery]:
    return (Delivery(push.message, _as_late(spell, push.time_us)),)


def _lost(_: Spell, __: Push, ___: float) -> Sequence[Delivery]:
    return ()


def _twice(_: Spell, push: Push, __: float) -> Sequence[Delivery]:
    return (Delivery(push.message), Delivery(push.message))


def _overtaken(spell: Spell, push: Push, _: float) -> Sequence[Delivery]:
    return (Delivery(push.message, spell.row.seconds or 0.0),)


def _with_funding(spell: Spell, push: Push, position: float) -> Sequence[Delivery]:
    return (Delivery(push.message), Delivery(_funding(push.message, position, spell.nth)))


def _funding(message: dict[str, Any], position: float, nth: int) -> dict[str, Any]:
    """The message as one of funding: of the size of the position, of no order."""
    row = dict(message["data"][-1])
    size = f"{abs(position):.12f}".rstrip("0").rstrip(".") if position else row.get("execQty")
    row |= {
        "execType": "Funding",
        "execId": f"funding-{nth}-{row.get('execId', '')}",
        "orderId": "",
        "orderLinkId": "",
        "side": "Sell" if position < 0 else "Buy",
        "execQty": size,
        "orderQty": "0",
        "leavesQty": "0",
        "closedSize": "0",
        "orderType": "UNKNOWN",
        "isMaker": False,
    }
    return {**message, "id": f"{message.get('id', '')}-funding-{nth}", "data": [row]}


_DEEDS: dict[str, Callable[[Spell, Push, float], Sequence[Delivery]]] = {
    "delay_messages": _late,
    "stale_book": _late,
    "lose_messages": _lost,
    "gapped_book": _lost,
    "swallow_deltas": _lost,
    "repeat_messages": _twice,
    "swap_messages": _overtaken,
    "funding": _with_funding,
}
_MOST = {"funding": 1, "gapped_book": GAP}


def _is_delta(_: Spell, push: Push) -> bool:
    return push.message.get("type") == "delta"


def _is_first_of_an_order(spell: Spell, push: Push) -> bool:
    orders = {str(row.get("orderId", "")) for row in rows_of(push)} - {""}
    new = {(push.connection, push.topic, order) for order in orders} - spell.orders
    spell.orders |= new
    return bool(new)


def _is_of_a_contract(_: Spell, push: Push) -> bool:
    return any(row.get("category", "linear") != "spot" for row in rows_of(push)[-1:])


_ONLY: dict[str, Callable[[Spell, Push], bool]] = {
    "gapped_book": _is_delta,
    "swallow_deltas": _is_delta,
    "swap_messages": _is_first_of_an_order,
    "funding": _is_of_a_contract,
}


def deliveries(spell: Spell, push: Push, seed: int, position: float) -> Sequence[Delivery] | None:
    """What is sent in place of a message; None where the fault does not meet it.

    `position` is what was last pushed of the position in what the message is about.
    """
    kind = spell.row.kind
    if kind not in _DEEDS or not is_meant_push(spell, push):
        return None
    if kind in _ONLY and not _ONLY[kind](spell, push):
        return None
    by = f"{push.connection} {push.topic}" if kind == "gapped_book" else ""
    if not is_met(spell, seed, by, _MOST.get(kind)):
        return None
    return _DEEDS[kind](spell, push, position)

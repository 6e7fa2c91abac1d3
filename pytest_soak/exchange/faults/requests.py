"""What becomes of a request that a fault meets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytest_soak.exchange.faults.choosing import is_meant, is_met
from pytest_soak.exchange.faults.timeline import Spell
from pytest_soak.exchange.interference import AS_IT_IS, Call, Treatment

TOO_MANY, UNAVAILABLE = 10006, 10016


def _rate_limit(spell: Spell) -> Treatment:
    return Treatment(refuse=TOO_MANY, http=429 if spell.row.answer == "http" else 0)


def _maintenance(spell: Spell) -> Treatment:
    return Treatment(refuse=UNAVAILABLE, http=0 if spell.row.answer == "code" else 503)


def _hold(spell: Spell) -> Treatment:
    return Treatment(hold_s=spell.row.seconds or 0.0)


_TREATMENTS: dict[str, Callable[[Spell], Treatment]] = {
    "rate_limit": _rate_limit,
    "gateway_error": lambda _: Treatment(http=502),
    "never_answer": lambda _: Treatment(silent=True),
    "late_answer": lambda spell: Treatment(late_s=spell.row.seconds or 0.0),
    "hold_requests": _hold,
    "late_cancels": _hold,
}


def treatment(spell: Spell, call: Call, seed: int) -> Treatment | None:
    """What the fault does to a request; None where it does not meet it."""
    kind = spell.row.kind
    if kind == "maintenance":
        return _maintenance(spell)
    if kind not in _TREATMENTS or not is_meant(spell, call) or not is_met(spell, seed):
        return None
    return _TREATMENTS[kind](spell)


def both(one: Treatment, other: Treatment) -> Treatment:
    """What becomes of a request that two faults meet: all of it; of two answers the first."""
    if one == AS_IT_IS:
        return other
    return replace(
        one,
        fault=f"{one.fault}+{other.fault}",
        hold_s=one.hold_s + other.hold_s,
        refuse=one.refuse or other.refuse,
        http=one.http or other.http,
        silent=one.silent or other.silent,
        late_s=one.late_s + other.late_s,
    )

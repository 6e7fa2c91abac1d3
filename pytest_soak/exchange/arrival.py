"""Why a bot that was waited for has not come: what its exchange saw of it instead."""

from __future__ import annotations

from collections import Counter

from pytest_soak.exchange.codes import KEY_INVALID, SIGNATURE, WRONG_TIME
from pytest_soak.exchange.invariants.seen import Seen
from pytest_soak.exchange.jail.outside import Outside
from pytest_soak.text import plural

_WHY = {
    KEY_INVALID.code: "with a key that is not SOAK_EXCHANGE_KEY",
    SIGNATURE: "signed with another secret than SOAK_EXCHANGE_SECRET",
    WRONG_TIME: "with a time stamp that is off",
}
_UNSIGNED = "without a key"


def seen_instead(seen: Seen, outside: Outside) -> str:
    """What was asked, but not with the bot's key, and how often it tried to get out."""
    why = Counter(_WHY.get(one.code, _UNSIGNED) for one in seen.requests if not one.account)
    asked = ", ".join(f"{count} {what}" for what, count in why.most_common())
    said = f"{plural(why.total(), 'request')} of it, {asked}" if why else "no request of it"
    tried = plural(outside.refused, "attempt")
    were = "was" if outside.refused == 1 else "were"
    out = f"; {tried} to reach something else {were} refused" if outside.refused else ""
    return f"the exchange had {said}{out}"

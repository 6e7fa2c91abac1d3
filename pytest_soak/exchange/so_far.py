"""What an exchange has been asked by now, for who waits for a bot that does not come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pytest_soak.errors import one_line
from pytest_soak.exchange.codes import KEY_INVALID, SIGNATURE, WRONG_TIME
from pytest_soak.exchange.invariants.seen import Seen
from pytest_soak.exchange.jail.outside import Outside

MOST = 4
_WHY = {
    KEY_INVALID.code: ", a key that is not SOAK_EXCHANGE_KEY",
    SIGNATURE: ", signed with another secret than SOAK_EXCHANGE_SECRET",
    WRONG_TIME: ", a time stamp that is off",
}


def asked_so_far(seen: Seen, outside: Outside) -> str:
    """Requests, sockets and what nobody should send, each with how often; then what it tried."""
    asked = Counter(f"{request.endpoint}{_refused(request.code)}" for request in seen.requests)
    asked.update(f"socket {one.path}" for one in seen.sockets if one.what == "opened")
    asked.update(f"{one.what} {one.detail}" for one in seen.strange)
    said = f"it has asked the exchange: {_told(asked)}" if asked else "it has asked nothing"
    if outside.tried:
        return f"{said}; it tried to reach {_listed(outside.tried)}"
    refused = f"{outside.refused} attempts to reach what is outside" if outside.refused else ""
    return "; ".join(filter(None, (said, refused)))


def _refused(code: int) -> str:
    return f" -> {code}{_WHY.get(code, '')}" if code else ""


def _told(asked: Counter[str]) -> str:
    return _listed(f"{one_line(what)} ({count})" for what, count in asked.most_common())


def _listed(names: Iterable[str]) -> str:
    kept: Sequence[str] = [one_line(name) for name in names]
    more = f" and {len(kept) - MOST} more" if len(kept) > MOST else ""
    return f"{', '.join(kept[:MOST])}{more}"

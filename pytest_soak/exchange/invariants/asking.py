"""How the bot asks: too often, for what there is not, at all."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_soak.exchange.invariants.result import Finding, Result, count
from pytest_soak.exchange.invariants.seen import Seen, Span, is_in
from pytest_soak.exchange.invariants.tolerances import Tolerances
from pytest_soak.exchange.operation import operation
from pytest_soak.exchange.record import Request

TOO_MANY, TOO_MANY_HTTP, SHUT_OUT = 10006, 429, 403
_EVERYTHING = "", "anything over HTTP"
"""What a machine that is shut out must not ask for, whoever signs it."""
_UNKNOWN = ("endpoint", "operation", "topic")


def requests_over_limit(seen: Seen, window: Span, tolerances: Tolerances) -> Result:
    """How many requests were sent though the answer to one of their kind had said: too many.

    Of the same account and operation, after that answer and before `limit_s` were over, or before
    the time that it named where the record has it. Where the answer was status 403, which shuts the
    machine out, of anything that is asked over HTTP.
    """
    found = []
    told: dict[tuple[str, str], tuple[int, int]] = {}
    for request in sorted(seen.requests, key=lambda r: r.time_us):
        kinds = _kinds(request)
        for kind in kinds:
            since_us, until_us = told.get(kind, (0, 0))
            if since_us < request.time_us < until_us and is_in(request.settled_us, [window]):
                found.append(Finding(request.time_us, f"{kind[1]}: asked again while it must not"))
                break
        if _says_too_many(request) and kinds:
            told[kinds[0]] = _forbidden(request, tolerances)
    return count(found)


def _kinds(request: Request) -> list[tuple[str, str]]:
    """What an answer may forbid of which this is one; what this answer forbids first."""
    own = [(request.account, operation(request.endpoint))] if request.account else []
    return [_EVERYTHING, *own] if request.http == SHUT_OUT else [*own, *_over_http(request)]


def _over_http(request: Request) -> list[tuple[str, str]]:
    return [_EVERYTHING] if request.via == "rest" else []


def _says_too_many(request: Request) -> bool:
    refused = request.http in (TOO_MANY_HTTP, SHUT_OUT)
    return refused or (request.answered and request.code == TOO_MANY)


def _forbidden(request: Request, tolerances: Tolerances) -> Span:
    since_us = request.time_us + request.took_us
    return since_us, request.reset_us or since_us + round(tolerances.limit_s * 1e6)


def unknown_endpoints(seen: Seen, window: Span) -> Result:
    """How many endpoints, operations and topics it asked for that there are not."""
    return count(
        [
            Finding(strange.time_us, f"{strange.what}: {strange.detail}")
            for strange in seen.strange
            if strange.what in _UNKNOWN and window[0] <= strange.time_us < window[1]
        ]
    )


def signed_requests(seen: Seen, window: Span) -> Result:
    """How many requests were signed with a key."""
    return Result(float(len(_of(seen.requests, window))))


def unanswered_requests(seen: Seen, window: Span) -> Result:
    """How many signed requests had their effect without being told so; by faults alone."""
    asked = _of(seen.requests, window)
    return Result(float(sum(r.code == 0 and not r.answered for r in asked)))


def _of(requests: Sequence[Request], window: Span) -> list[Request]:
    return [r for r in requests if r.account and is_in(r.settled_us, [window])]

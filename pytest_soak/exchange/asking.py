"""A request on its way through the exchange, over HTTP or a socket: held, refused, carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_soak.errors import escaped
from pytest_soak.exchange.codes import SERVER, TOO_MANY, RefusedError
from pytest_soak.exchange.interference import Call, Treatment
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.operation import CHANGES, operation
from pytest_soak.exchange.record import Request
from pytest_soak.exchange.rest.endpoint import Args, Endpoint, Reply
from pytest_soak.exchange.rest.limits import Left, Limits
from pytest_soak.exchange.venue import Venue

FAULT_TEXT = "refused by the exchange"
LONGEST_NAME = 64


@dataclass(frozen=True)
class Outcome:
    """What a request came to, and how its answer is to be treated."""

    reply: Reply
    treatment: Treatment
    left: Left | None

    @property
    def is_sent(self) -> bool:
        """Whether the true answer is sent, and at once."""
        how = self.treatment
        return not (how.http or how.silent or how.late_s)


@dataclass(frozen=True)
class Asked:
    """A request whose signature is checked."""

    call: Call
    endpoint: Endpoint
    account: Account | None
    args: Args
    still_good: Callable[[], None] = lambda: None
    """Raises RefusedError where its time stamp has become too old on the way."""


def call_of(
    time_us: int, connection: int, account: Account | None, via: str, name: str, args: Args
) -> Call:
    """What a fault may look at."""
    return Call(
        time_us=time_us,
        connection=connection,
        account=account.name if account else "",
        via=via,
        endpoint=name,
        symbol=_name(args, "symbol"),
        order_id=_name(args, "orderId"),
        link_id=_name(args, "orderLinkId"),
    )


def _name(args: Args, key: str) -> str:
    """A name that a request gives: no longer than names are, and such as can be written down."""
    return escaped(str(args.get(key) or "")[:LONGEST_NAME])


async def ask(venue: Venue, limits: Limits, asked: Asked) -> Outcome:
    """Carry out a request; what it came to is known then, and its answer is still to be sent."""
    how = venue.interference.treat(asked.call)
    if how.hold_s > 0:
        await asyncio.sleep(how.hold_s)
        try:
            asked.still_good()
        except RefusedError as late:
            return Outcome(Reply(code=late.refusal.code, text=late.refusal.text), how, None)
    if how.refuse:
        return _refused(venue, limits, asked, how)
    left = None
    if asked.account is not None:
        is_within, left = _counted(venue, limits, asked, asked.account)
        if not is_within:
            return Outcome(Reply(code=TOO_MANY.code, text=TOO_MANY.text), how, left)
    reply = await _carried_out(venue, asked)
    return Outcome(reply, how, left)


def _counted(venue: Venue, limits: Limits, asked: Asked, account: Account) -> tuple[bool, Left]:
    """Counted by the venue's own time, and told by the time that it shows."""
    now_ms = venue.now_us() // 1000
    within, left = limits.of_account(account.key, asked.call.endpoint, _limit(asked), now_ms)
    return within, replace(left, reset_ms=left.reset_ms + venue.shown_ms() - now_ms)


def _refused(venue: Venue, limits: Limits, asked: Asked, how: Treatment) -> Outcome:
    """As the venue's own refusals are: one of too many says when the limit is lifted."""
    if how.refuse != TOO_MANY.code or asked.account is None:
        return Outcome(Reply(code=how.refuse, text=FAULT_TEXT), how, None)
    _, left = _counted(venue, limits, asked, asked.account)
    return Outcome(Reply(code=TOO_MANY.code, text=TOO_MANY.text), how, replace(left, left=0))


async def _carried_out(venue: Venue, asked: Asked) -> Reply:
    endpoint, account = asked.endpoint, asked.account
    try:
        if endpoint.public is not None:
            return endpoint.public(venue, asked.args)
        assert endpoint.private is not None
        assert account is not None
        return await endpoint.private(venue, account, asked.args)
    except RefusedError as refused:
        return Reply(code=refused.refusal.code, text=refused.refusal.text)
    except OverflowError:  # the market's own arrays are full
        return Reply(code=SERVER.code, text=SERVER.text)


def _limit(asked: Asked) -> int:
    is_spot = asked.args.get("category") == "spot"
    return asked.endpoint.spot_limit if is_spot else asked.endpoint.limit


def record(venue: Venue, call: Call, outcome: Outcome, http: int) -> None:
    """Write down what a request came to; `http` is the status that is sent, 0 of a socket.

    Of those that are refused no more than are worth it; the others are counted.
    """
    how, reply = outcome.treatment, outcome.reply
    if reply.code and not venue.load.has_room("refused"):
        return
    venue.put(
        Request(
            time_us=call.time_us,
            connection=call.connection,
            account=call.account,
            via=call.via,
            endpoint=call.endpoint,
            code=reply.code,
            http=0 if how.silent else http,
            took_us=venue.now_us() - call.time_us,
            answered=not (how.http or how.silent),
            fault=how.fault,
            reset_us=_reset_us(venue, outcome),
            order=reply.order if reply.order is not None else meant(call),
        )
    )


def _reset_us(venue: Venue, outcome: Outcome) -> int:
    left = outcome.left
    if left is None or outcome.reply.code != TOO_MANY.code or outcome.treatment.http:
        return 0
    return (venue.now_us() // 1000 + left.reset_ms - venue.shown_ms()) * 1000


def meant(call: Call) -> Mapping[str, Any] | None:
    """The order that a request named, or the symbol, where it made none."""
    if not (call.order_id or call.link_id or (call.symbol and operation(call.endpoint) in CHANGES)):
        return None
    return {"symbol": call.symbol, "order_id": call.order_id, "link_id": call.link_id}


def release(venue: Venue, account: Account | None, reply: Reply) -> None:
    """The answer is written, or will not be: what waited for it goes on."""
    if account is not None:
        for token in reply.tokens:
            venue.private.release(account.key, token)

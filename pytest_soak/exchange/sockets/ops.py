"""What a client may say over a socket: auth, ping, subscribe, unsubscribe, orders."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from pytest_soak.exchange import asking, strange
from pytest_soak.exchange.codes import KEY_INVALID, RefusedError
from pytest_soak.exchange.interference import AS_IT_IS, Call
from pytest_soak.exchange.rest import orders
from pytest_soak.exchange.rest.auth import check_time, is_number, is_signed
from pytest_soak.exchange.rest.endpoint import Endpoint, Reply
from pytest_soak.exchange.rest.limits import Limits
from pytest_soak.exchange.sockets.connection import Connection
from pytest_soak.exchange.sockets.hub import PRIVATE, TRADE, Hub
from pytest_soak.exchange.sockets.private import may_have
from pytest_soak.exchange.sockets.public import PublicFeeds
from pytest_soak.exchange.venue import Venue

TRADES = {
    "order.create": Endpoint(private=orders.order_create, limit=10, spot_limit=20),
    "order.amend": Endpoint(private=orders.order_amend, limit=10, spot_limit=20),
    "order.cancel": Endpoint(private=orders.order_cancel, limit=10, spot_limit=20),
}
MOST_TOPICS = 500
"""Topics of one socket."""
Message = Mapping[str, Any]


class Operations:
    """Carries out what sockets say, in the order in which it came."""

    def __init__(self, venue: Venue, hub: Hub, feeds: PublicFeeds, limits: Limits) -> None:
        self._venue = venue
        self._hub = hub
        self._feeds = feeds
        self._limits = limits
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, connection: Connection, message: Message) -> None:
        """One message."""
        is_order = connection.path == TRADE and str(message.get("op")) in TRADES
        now_us = self._venue.now_us()
        if not is_order and not self._venue.interference.answers(connection.number, now_us):
            return
        match message.get("op"):
            case "ping":
                self._ping(connection, message)
            case "auth" if connection.path in (PRIVATE, TRADE):
                self._auth(connection, message)
            case "subscribe" if connection.path != TRADE:
                self._subscribe(connection, message)
            case "unsubscribe" if connection.path != TRADE:
                self._unsubscribe(connection, message)
            case str(op) if connection.path == TRADE and op in TRADES:
                self._trade(connection, op, message)
            case other:
                self.strange(connection, "operation", f"{connection.path} {other}")
                self._answer(connection, message, False, f"unknown op {str(other)[:40]}")

    def strange(self, connection: Connection, what: str, detail: str) -> None:
        """Record what nobody should have sent."""
        strange.tell(self._venue, connection.number, what, detail)

    def _ping(self, connection: Connection, message: Message) -> None:
        stamp = str(self._venue.shown_ms())
        answer: dict[str, Any]
        if connection.path == TRADE:
            answer = {"retCode": 0, "retMsg": "OK", "op": "pong", "data": [stamp]}
            answer["connId"] = connection.conn_id
        elif connection.path == PRIVATE:
            answer = {"op": "pong", "args": [stamp], "conn_id": connection.conn_id}
        else:
            answer = {"success": True, "ret_msg": "pong", "conn_id": connection.conn_id}
            answer["op"] = "ping"
        connection.say({**_echoed(message), **answer})

    def _auth(self, connection: Connection, message: Message) -> None:
        args = message.get("args")
        problem = ""
        code = 0
        account = None
        if not isinstance(args, list) or len(args) < 3:
            code, problem = 10001, "Params Error"
        else:
            account = self._venue.accounts.get(str(args[0]))
            expires = str(args[1])
            if account is None:
                code, problem = KEY_INVALID.code, KEY_INVALID.text
            elif not is_signed(account, f"GET/realtime{expires}", str(args[2])):
                code, problem = 10004, "Error sign, please check your signature generation."
                self.strange(connection, "signature", f"{connection.path} auth")
            elif not is_number(expires) or int(expires) <= self._venue.shown_ms():
                code, problem = 10002, "The request time exceeds the time window range."
        if problem:
            self._hub.note(connection, "refused", f"auth: {code} {problem}")
        else:
            connection.account = account
            self._hub.note(connection, "authenticated")
        self._answer(connection, message, not problem, problem, code)

    def _answer(
        self,
        connection: Connection,
        message: Message,
        good: bool,
        text: str = "",
        code: int = 10001,
    ) -> None:
        """The answer to an operation other than an order, as the socket has it."""
        op = message.get("op")
        if connection.path == TRADE:
            answer = {
                "retCode": 0 if good else code,
                "retMsg": "OK" if good else text,
                "op": op,
                "connId": connection.conn_id,
            }
        else:
            answer = {"success": good, "ret_msg": text, "op": op, "conn_id": connection.conn_id}
        connection.say({**_echoed(message), **answer})

    def _subscribe(self, connection: Connection, message: Message) -> None:
        topics = _topics(message)
        if connection.path == PRIVATE and connection.account is None:
            self._hub.note(connection, "refused", f"not authorized: {', '.join(topics)}"[:200])
            self._answer(connection, message, False, "Request not authorized")
            return
        unknown = [topic for topic in topics if not self._knows(connection, topic)]
        if unknown or not topics or len(connection.topics) + len(topics) > MOST_TOPICS:
            for topic in unknown:
                self.strange(connection, "topic", f"{connection.path} {topic}")
            text = f"error:handler not found,topic:{','.join(unknown)}"[:200]
            self._hub.note(connection, "refused", text)
            self._answer(connection, message, False, text)
            return
        self._hub.note(connection, "subscribed", ", ".join(topics)[:200])
        self._answer(connection, message, True)
        for topic in topics:
            if connection.path == PRIVATE:
                self._hub.subscribe(connection, topic)
            elif topic not in connection.topics:
                connection.topics.add(topic)
                self._feeds.join(connection, topic)

    def _knows(self, connection: Connection, topic: str) -> bool:
        if connection.path == PRIVATE:
            return may_have(connection, topic)
        return self._feeds.knows(connection.path, topic)

    def _unsubscribe(self, connection: Connection, message: Message) -> None:
        for topic in _topics(message):
            self._hub.unsubscribe(connection, topic)
        self._answer(connection, message, True)

    def _trade(self, connection: Connection, op: str, message: Message) -> None:
        """Orders are carried out beside each other, begun in the order in which they came."""
        came_us = self._venue.now_us()
        task = asyncio.ensure_future(self._order(connection, op, message, came_us))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _order(self, connection: Connection, op: str, message: Message, came_us: int) -> None:
        given = message.get("args")
        args = given[0] if isinstance(given, list) and given else None
        account = connection.account
        is_good = isinstance(args, dict)
        fields = args if isinstance(args, dict) else {}
        call = asking.call_of(came_us, connection.number, account, "ws", op, fields)
        if account is None or not is_good:
            code = 10003 if account is None else 10001
            text = "not authenticated" if account is None else "params error: args"
            outcome = asking.Outcome(Reply(code=code, text=text), AS_IT_IS, None)
        elif (late := self._too_late(message)) is not None:
            outcome = asking.Outcome(late, AS_IT_IS, None)
        else:
            still_good = partial(self._check_time, message)
            asked = asking.Asked(call, TRADES[op], account, fields, still_good)
            outcome = await asking.ask(self._venue, self._limits, asked)
        await self._settle(connection, op, message, call, outcome)

    def _too_late(self, message: Message) -> Reply | None:
        """A request of another time is refused, where it says its time."""
        try:
            self._check_time(message)
        except RefusedError as refused:
            return Reply(code=refused.refusal.code, text=refused.refusal.text)
        return None

    def _check_time(self, message: Message) -> None:
        header = message.get("header")
        if isinstance(header, dict) and "X-BAPI-TIMESTAMP" in header:
            window = str(header.get("X-BAPI-RECV-WINDOW", ""))
            check_time(str(header["X-BAPI-TIMESTAMP"]), window, self._venue.shown_ms())

    async def _settle(
        self,
        connection: Connection,
        op: str,
        message: Message,
        call: Call,
        outcome: asking.Outcome,
    ) -> None:
        how, reply = outcome.treatment, outcome.reply
        asking.record(self._venue, call, outcome, 0)
        if not outcome.is_sent:
            asking.release(self._venue, connection.account, reply)
        if how.silent or how.http:
            return
        if how.late_s > 0:
            await asyncio.sleep(how.late_s)
        left = outcome.left.headers() if outcome.left else {}
        connection.say(
            {
                "reqId": message.get("reqId", ""),
                "retCode": reply.code,
                "retMsg": reply.text,
                "op": op,
                "data": reply.result,
                "retExtInfo": reply.more,
                "header": {**left, "Timenow": str(self._venue.shown_ms())},
                "connId": connection.conn_id,
            }
        )
        asking.release(self._venue, connection.account, reply)


def _echoed(message: Message) -> dict[str, Any]:
    """The client's own name of a request, in its own type."""
    return {name: message[name] for name in ("req_id", "reqId") if name in message}


def _topics(message: Message) -> list[str]:
    args = message.get("args")
    return [one for one in args if isinstance(one, str)] if isinstance(args, list) else []

"""What an exchange saw and did: events, each a line of JSON in the order in which they happened.

Times are UTC in microseconds on the exchange's own clock, prices in quote currency, quantities in
base. What a verdict says of a bot rests on these lines alone, and on what the bot itself believes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from pytest_soak.canonical import compact


@dataclass(frozen=True)
class Request:
    """A request, when its answer was settled.

    Attributes:
        time_us: When it came in.
        connection: The number of its connection.
        account: Whose key signed it; empty where none did.
        via: "rest" or "ws".
        endpoint: `POST /v5/order/create`, or an operation of a socket, `order.create`.
        code: The retCode of the answer, also where the answer was kept back; 0 is accepted.
        http: The HTTP status of the answer that was sent; 0 of a socket, or where none was.
        took_us: From the request to its answer, or to what was settled in place of one.
        answered: Whether the true answer was sent.
        fault: The fault that changed the answer or held it; empty without one.
        reset_us: When the limit that refused it is lifted, as the answer said; 0 where it did not.
        order: The order that was made or meant: symbol, side, price, quantity, order_id, link_id.
    """

    time_us: int
    connection: int
    account: str
    via: str
    endpoint: str
    code: int
    http: int
    took_us: int
    answered: bool = True
    fault: str = ""
    reset_us: int = 0
    order: Mapping[str, Any] | None = None

    @property
    def settled_us(self) -> int:
        """When it was recorded: its window is that of this time, which has it in its record."""
        return self.time_us + self.took_us


@dataclass(frozen=True)
class OrderState:
    """An order as it is from `time_us` on.

    Attributes:
        time_us: When it became so at the venue.
        account: Whose it is.
        category: "linear" or "spot".
        symbol: What it trades.
        order_id: The venue's name of it.
        link_id: The bot's name of it; may be empty.
        side: "Buy" or "Sell".
        kind: "Limit" or "Market".
        time_in_force: "GTC", "IOC", "FOK" or "PostOnly".
        price: Its limit; 0 of a market order.
        quantity: What was asked for in all.
        filled: How much of it has traded.
        status: As the wire names it: New, PartiallyFilled, Filled, Cancelled, Rejected, ...
        reason: Why it was rejected or cancelled; empty where there is nothing to say.
    """

    time_us: int
    account: str
    category: str
    symbol: str
    order_id: str
    link_id: str
    side: str
    kind: str
    time_in_force: str
    price: float
    quantity: float
    filled: float
    status: str
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it may still trade."""
        return self.status in OPEN


OPEN = ("New", "PartiallyFilled", "Untriggered")
"""The statuses of an order that may still trade."""


@dataclass(frozen=True)
class Execution:
    """A trade of an account.

    Attributes:
        time_us: At the venue.
        account: Whose it is.
        category: "linear" or "spot".
        symbol: What was traded.
        exec_id: Unique for ever.
        order_id: Of which order.
        link_id: The bot's name of it; may be empty.
        side: "Buy" or "Sell".
        price: In quote currency.
        quantity: In base.
        maker: Whether the order rested.
        fee: Positive is paid, in `fee_currency`.
        fee_currency: A coin.
        mid: Of the book without the account's own orders, just before the trade.
        position: The account's position in the symbol after it, in base; of spot the holding
            less what the account began with.
    """

    time_us: int
    account: str
    category: str
    symbol: str
    exec_id: str
    order_id: str
    link_id: str
    side: str
    price: float
    quantity: float
    maker: bool
    fee: float
    fee_currency: str
    mid: float
    position: float


@dataclass(frozen=True)
class Mark:
    """An account in a symbol, once a second.

    Attributes:
        time_us: At the venue.
        account: Whose.
        symbol: In what.
        bid: The best of the book without the account's own orders.
        ask: The same.
        position: In base.
        equity_quote: What cash and position in the symbol have gained at the mid, less fees.
        open_orders: How many may still trade.
    """

    time_us: int
    account: str
    symbol: str
    bid: float
    ask: float
    position: float
    equity_quote: float
    open_orders: int


@dataclass(frozen=True)
class Socket:
    """A connection of a socket began, was authenticated, or ended.

    Attributes:
        time_us: When.
        connection: Its number, unique in the record.
        path: `/v5/private` and the like.
        account: Whose key authenticated it; empty before or without that.
        what: "opened", "authenticated", "subscribed", "refused" (of a subscription or
            authentication), "closed" (by the bot), "dropped" (by a fault), "slow" (dropped, its
            queue was full), "ended" (the exchange stopped).
        detail: The topics subscribed, the reason of a refusal.
    """

    time_us: int
    connection: int
    path: str
    account: str
    what: str
    detail: str = ""


@dataclass(frozen=True)
class Pushed:
    """What one topic sent over one connection in a second.

    Attributes:
        time_us: The end of the second.
        connection: Over which.
        topic: As subscribed.
        sent: Messages that were sent.
        kept: Messages that a fault kept back or lost.
        last_u: Of a book, the `u` of the last message that was sent; 0 else.
    """

    time_us: int
    connection: int
    topic: str
    sent: int
    kept: int = 0
    last_u: int = 0


@dataclass(frozen=True)
class Books:
    """What a topic of a book showed in a second: written where the bot's own book is known.

    Attributes:
        time_us: The end of the second.
        topic: As subscribed, `orderbook.50.BTCUSDT`.
        states: Of each message its time in microseconds, its `u`, and the `digest.of` its book;
            none of a second in which nothing changed.
    """

    time_us: int
    topic: str
    states: Sequence[tuple[int, int, str]]


@dataclass(frozen=True)
class Fault:
    """A fault began, ended, or hit something.

    Attributes:
        time_us: When.
        name: Which of the schedule's.
        kind: What it does, see `faults.kinds`.
        what: "began", "ended" or "hit"; of many hits the first are told one by one.
        detail: What was hit.
        hits: How many there were, as it ended.
    """

    time_us: int
    name: str
    kind: str
    what: str
    detail: str = ""
    hits: int = 0


@dataclass(frozen=True)
class Strange:
    """What nobody should have sent: an unknown endpoint, garbage, a bad signature.

    Attributes:
        time_us: When.
        connection: Over which.
        what: "endpoint", "topic", "operation", "garbage", "signature", "account", "host".
        detail: What it was, cut to 200 characters.
    """

    time_us: int
    connection: int
    what: str
    detail: str


@dataclass(frozen=True)
class Busy:
    """A second in which more was asked than is recorded, or in which the exchange was late.

    Attributes:
        time_us: The end of the second.
        late_ms: How much later than they were to the markets moved, at worst; 0 of no matter.
        refused: How many refused requests are not in the record.
        strange: How many things that nobody should have sent are not.
    """

    time_us: int
    late_ms: int
    refused: int = 0
    strange: int = 0


Event = Request | OrderState | Execution | Mark | Socket | Pushed | Books | Fault | Strange | Busy

KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (Request, OrderState, Execution, Mark, Socket, Pushed, Books, Fault, Strange, Busy)
}


def line(event: Event) -> str:
    """An event as a line of JSON, without its end."""
    return compact({"event": type(event).__name__, **asdict(event)})


def read(data: Mapping[str, Any]) -> Event:
    """The event that a line says; ValueError for what is none."""
    kind = KINDS.get(str(data.get("event")))
    if kind is None:
        raise ValueError(f"event={data.get('event')!r}: expected one of {', '.join(KINDS)}")
    known = {field.name for field in fields(kind)}
    try:
        return kind(**{name: value for name, value in data.items() if name in known})
    except TypeError as error:
        raise ValueError(f"event={kind.__name__}: {error}") from None

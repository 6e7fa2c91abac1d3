"""Records of an exchange for tests: events in a line each, times in seconds."""

from __future__ import annotations

from typing import Any

from pytest_soak.exchange.beliefs.belief import Belief, BookBelief
from pytest_soak.exchange.invariants.measure import measure
from pytest_soak.exchange.invariants.result import Result
from pytest_soak.exchange.invariants.seen import Span, seen
from pytest_soak.exchange.invariants.tolerances import Tolerances
from pytest_soak.exchange.record import (
    Books,
    Event,
    Execution,
    Fault,
    OrderState,
    Pushed,
    Request,
    Socket,
)

S = 1_000_000
ACCOUNT, SYMBOL = "mm", "BTCUSDT"


def at(seconds: float) -> int:
    """Microseconds."""
    return round(seconds * S)


def create(
    seconds: float, order_id: str, price: float = 100.0, *, size: float = 1.0, **given: Any
) -> Request:
    """A create that was accepted."""
    what = {"symbol": SYMBOL, "side": "Buy", "price": price, "quantity": size}
    fields = {"code": 0, "http": 200, "took_us": 1000, "order": {**what, "order_id": order_id}}
    return asked(seconds, "POST /v5/order/create", **(fields | given))


def asked(seconds: float, endpoint: str, **given: Any) -> Request:
    """A signed request."""
    fields: dict[str, Any] = {"code": 0, "http": 200, "took_us": 1000, "account": ACCOUNT}
    return Request(at(seconds), 1, endpoint=endpoint, **({"via": "rest"} | fields | given))


def state(
    seconds: float, order_id: str, status: str, link_id: str = "", **given: Any
) -> OrderState:
    """An order as it is from then on."""
    fields: dict[str, Any] = {"side": "Buy", "price": 100.0, "quantity": 1.0, "filled": 0.0}
    fields |= {"kind": "Limit", "time_in_force": "GTC", "symbol": SYMBOL, "category": "linear"}
    known = {"account": ACCOUNT, "order_id": order_id, "link_id": link_id, "status": status}
    return OrderState(at(seconds), **(fields | known | given))


def fill(seconds: float, quantity: float, position: float, **given: Any) -> Execution:
    """An execution, a buy where the quantity is positive."""
    fields: dict[str, Any] = {"category": "linear", "symbol": SYMBOL, "exec_id": f"e{seconds}"}
    fields |= {"order_id": "o", "link_id": "", "price": 100.0, "maker": True, "fee": 0.0}
    fields |= {"fee_currency": "USDT", "mid": 100.0, "position": position, "account": ACCOUNT}
    side = "Buy" if quantity > 0 else "Sell"
    return Execution(at(seconds), side=side, quantity=abs(quantity), **(fields | given))


def fault(start: float, end: float | None, name: str = "f", kind: str = "drop") -> list[Event]:
    """A fault from its beginning to its end, if that has come."""
    events: list[Event] = [Fault(at(start), name, kind, "began")]
    return events if end is None else [*events, Fault(at(end), name, kind, "ended")]


def private_socket(seconds: float, connection: int = 7) -> Socket:
    """A socket of the account."""
    return Socket(at(seconds), connection, "/v5/private", ACCOUNT, "authenticated")


def pushed(seconds: float, topic: str = "execution", sent: int = 1) -> Pushed:
    """What a topic sent in the second before."""
    return Pushed(at(seconds), 7, topic, sent)


def shown(topic: str, *states: tuple[float, int, str], until: float = 100) -> Books:
    """What a book showed at some seconds, and that it showed nothing else until then."""
    return Books(at(until), topic, [(at(s), u, d) for s, u, d in states])


def believes(seconds: float, position: float | None = None, **given: Any) -> Belief:
    """What the bot believes then."""
    positions = None if position is None else {SYMBOL: position}
    return Belief(at(seconds), **({"positions": positions} | given))


def book(u: int, *, bid: float = 99.0, ask: float = 101.0) -> BookBelief:
    """A book of a level each side."""
    return BookBelief(u, ((bid, 1.0),), ((ask, 1.0),))


def invariants(
    events: list[Any], beliefs: list[Belief] | None = None, window: Span = (0, 100), **allowed: Any
) -> dict[str, Result]:
    """Every invariant of a window in seconds, of which one belief is enough."""
    span = window[0] * S, window[1] * S
    tolerances = Tolerances(**{"unseen_s": 1000.0, **allowed})
    return measure(seen(events), beliefs or [], span, tolerances)

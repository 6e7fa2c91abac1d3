"""Where a fault may step in: what the exchange asks, each time, of whoever is to interfere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Call:
    """A request whose signature has been checked: see `record.Request` for the names."""

    time_us: int
    connection: int
    account: str
    via: str
    endpoint: str
    symbol: str = ""
    order_id: str = ""
    link_id: str = ""


@dataclass(frozen=True)
class Treatment:
    """What becomes of a request.

    Attributes:
        fault: The name of the fault that says so.
        hold_s: How long it waits before the exchange looks at it: at its time stamp too, which may
            be too old by then (10002).
        refuse: A retCode with which it is refused, and so has no effect; 0 is not.
        http: The HTTP status that is sent in place of the answer (429, 502, 503); 0 is the answer's
            own. Beside `refuse` the request has no effect, else it has had its effect. Over a
            socket the answer is kept back.
        silent: It has its effect and is never answered.
        late_s: How long the answer waits once it is known.
    """

    fault: str = ""
    hold_s: float = 0.0
    refuse: int = 0
    http: int = 0
    silent: bool = False
    late_s: float = 0.0


AS_IT_IS = Treatment()


@dataclass(frozen=True)
class Push:
    """A message on its way to one socket.

    Attributes:
        time_us: When it is due.
        connection: To which.
        path: The socket's path.
        topic: `orderbook.50.BTCUSDT`, `order`, `execution` and the like.
        account: Of the socket.
        message: The whole of it.
    """

    time_us: int
    connection: int
    path: str
    topic: str
    account: str
    message: dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """A message that is sent, `late_s` after it was due."""

    message: dict[str, Any]
    late_s: float = 0.0


@dataclass(frozen=True)
class Cut:
    """A socket that is to be cut: `private`, `public`, `trade` or `all`; by abort, not by close."""

    fault: str
    which: str
    mid_frame: bool = False


class Interference(Protocol):
    """Asked by the exchange, on its own loop; answers at once and does nothing itself."""

    def treat(self, call: Call) -> Treatment:
        """What becomes of a request."""

    def deliver(self, push: Push) -> Sequence[Delivery]:
        """What is sent in place of a message: nothing, itself, more than one, later, others."""

    def accepts(self, path: str, connection: int, time_us: int) -> bool:
        """Whether a new socket is let in."""

    def answers(self, connection: int, time_us: int) -> bool:
        """Whether a socket answers but for orders, see `treat`; pings of the protocol it does."""

    def book_time_us(self, time_us: int) -> int:
        """As of when books are shown over REST, earlier where stale; pushes are `deliver`'s."""

    def shown_open_s(self, time_us: int) -> float:
        """For how long after its cancellation `order/realtime` still shows an order as it was."""

    def skew_ms(self, time_us: int) -> int:
        """How far the clock that is shown and signatures are held to is off."""

    def cuts(self, time_us: int) -> Sequence[Cut]:
        """The sockets to be cut now; each is told once."""

    def next_us(self, time_us: int) -> int | None:
        """When to ask for cuts again, also where the bot asks for nothing; None is never."""


class Untouched:
    """Nothing is interfered with."""

    def treat(self, call: Call) -> Treatment:
        """As it is."""
        return AS_IT_IS

    def deliver(self, push: Push) -> Sequence[Delivery]:
        """As it is."""
        return (Delivery(push.message),)

    def accepts(self, path: str, connection: int, time_us: int) -> bool:
        """Always."""
        return True

    def answers(self, connection: int, time_us: int) -> bool:
        """Always."""
        return True

    def book_time_us(self, time_us: int) -> int:
        """As they are now."""
        return time_us

    def shown_open_s(self, time_us: int) -> float:
        """Not at all."""
        return 0.0

    def skew_ms(self, time_us: int) -> int:
        """Not at all."""
        return 0

    def cuts(self, time_us: int) -> Sequence[Cut]:
        """None."""
        return ()

    def next_us(self, time_us: int) -> int | None:
        """Never."""
        return None

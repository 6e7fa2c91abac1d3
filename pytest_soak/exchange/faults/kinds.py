"""The table of faults: what each kind does, and which keys of a schedule's row it takes."""

from __future__ import annotations

from typing import NamedTuple

from pytest_soak.exchange.operation import CANCELS, CHANGES, CREATES

SOCKETS = ("private", "public", "trade", "all")
ORDERS = ("order", "order.*")
EXECUTIONS = ("execution", "execution.*")
PRIVATE_TOPICS = (*ORDERS, *EXECUTIONS, "position", "position.*", "wallet")
BOOKS = ("orderbook.*",)

_CALL = ("endpoints", "symbols", "accounts", "share", "times", "waits")
_PUSH = ("topics", "symbols", "accounts", "share", "times")


class Kind(NamedTuple):
    """What a kind of fault does.

    Attributes:
        meaning: In a line.
        keys: What a row of it may say beside name, kind, `at`, `every`, `for` and `jitter`.
        needs: Those of them that it must say.
        lasts: Whether it holds `for` a while; else it happens once.
        endpoints: The requests that it is about where a row says nothing of them.
        topics: The messages that it is about where a row says nothing of them.
    """

    meaning: str
    keys: tuple[str, ...]
    needs: tuple[str, ...] = ()
    lasts: bool = True
    endpoints: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


FAULTS: dict[str, Kind] = {
    "drop": Kind(
        "cuts sockets, with `mid_frame` in the midst of a message; a new one is let in",
        ("sockets", "mid_frame"),
        needs=("sockets",),
        lasts=False,
    ),
    "silence": Kind(
        "sockets that are open say nothing more, for ever; pings of the protocol are answered, and "
        "so are new sockets",
        ("sockets",),
        needs=("sockets",),
        lasts=False,
    ),
    "refuse_sockets": Kind("lets no new socket in", ("sockets",), needs=("sockets",)),
    "delay_messages": Kind(
        "messages come `seconds` late, in their order",
        (*_PUSH, "seconds"),
        needs=("seconds",),
        topics=PRIVATE_TOPICS,
    ),
    "lose_messages": Kind("messages never come", _PUSH, topics=PRIVATE_TOPICS),
    "repeat_messages": Kind("messages come twice", _PUSH, topics=PRIVATE_TOPICS),
    "swap_messages": Kind(
        "the first message about an order comes `seconds` late, so that later ones overtake it",
        (*_PUSH, "seconds"),
        needs=("seconds",),
        topics=(*ORDERS, *EXECUTIONS),
    ),
    "funding": Kind(
        "an execution message is followed by one of execType Funding with the size of the position",
        ("topics", "symbols", "accounts", "times"),
        topics=EXECUTIONS,
    ),
    "rate_limit": Kind(
        "requests are refused with 10006, with `answer: http` by status 429",
        (*_CALL, "answer"),
        endpoints=CHANGES,
    ),
    "gateway_error": Kind(
        "requests have their effect, and the answer is status 502", _CALL, endpoints=CREATES
    ),
    "never_answer": Kind(
        "requests have their effect and no answer ever comes", _CALL, endpoints=CREATES
    ),
    "late_answer": Kind(
        "answers come `seconds` late, so that the first fill overtakes them",
        (*_CALL, "seconds"),
        needs=("seconds",),
        endpoints=CREATES,
    ),
    "hold_requests": Kind(
        "requests wait `seconds` on their way, longer than their time stamp may be old or not",
        (*_CALL, "seconds"),
        needs=("seconds",),
        endpoints=CHANGES,
    ),
    "late_cancels": Kind(
        "cancels wait `seconds` on their way; what fills meanwhile is refused with 110001",
        (*_CALL, "seconds"),
        needs=("seconds",),
        endpoints=CANCELS,
    ),
    "stale_orders": Kind(
        "order/realtime shows a cancelled order as it was, until `seconds` after its end",
        ("seconds",),
        needs=("seconds",),
    ),
    "stale_book": Kind(
        "books are those of `seconds` ago, over sockets and REST",
        ("seconds",),
        needs=("seconds",),
        topics=BOOKS,
    ),
    "gapped_book": Kind(
        "of each book and socket `times` deltas in a row are lost: `u` leaps",
        ("topics", "symbols", "times"),
        topics=BOOKS,
    ),
    "swallow_deltas": Kind(
        "single deltas of books are lost",
        ("topics", "symbols", "share", "times"),
        topics=BOOKS,
    ),
    "clock_skew": Kind("the exchange's clock is `ms` ahead", ("ms",), needs=("ms",)),
    "maintenance": Kind(
        "sockets are cut and let in no more; requests are refused by status 503, with "
        "`answer: code` with 10016",
        ("answer",),
    ),
}
"""Every kind of fault by its name."""

GAP = 5
"""How many deltas a `gapped_book` loses where a row does not say."""

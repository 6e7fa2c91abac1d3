"""The state of a replay as one numpy record."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_soak.market.kernel.jit import number, numbers
from pytest_soak.market.kernel.state import REQUEST

PLACES = 1 << 16  # of levels a side, a power of two
FULL = PLACES * 3 // 4
OWN = 4096  # own orders that may rest at a time

NO_BID = number(np.iinfo(np.int64).min)
NO_ASK = number(np.iinfo(np.int64).max)
FREE = number(0)

RISK_AVERSE, POWER, LOGARITHM = numbers(3)
"""Queue models: places change by trades alone, or by probability when sizes shrink too."""

SIDE = np.dtype(
    [
        ("ticks", "i8", (PLACES,)),  # 0 where there is nothing
        ("sizes", "f8", (PLACES,)),
        ("best", "i8"),
        ("end", "i8"),  # no level is beyond it, seen from the best
        ("used", "i8"),
    ],
    align=True,
)
ORDER = np.dtype(
    [
        ("id", "i8"),
        ("side", "i8"),
        ("tick", "i8"),
        ("size", "f8"),
        ("ahead", "f8"),
        ("traded", "f8"),  # at its price since the size of the level changed
        ("time", "i8"),  # since when it rests
    ],
    align=True,
)
FEED = np.dtype(
    [
        ("tick", "f8"),
        ("lot", "f8"),
        ("queue", "i8"),
        ("power", "f8"),
        ("bids", SIDE),
        ("asks", SIDE),
        ("known", "i8"),  # 0 from a gap to the next snapshot
        ("orders", ORDER, (OWN,)),  # the first `open` of them rest
        ("open", "i8"),
        ("low", "i8"),  # the ticks between which own orders rest
        ("high", "i8"),
        ("filled", ORDER, (OWN,)),  # by the row that was taken last
        ("fills", "i8"),
    ],
    align=True,
)


WAY = np.dtype([("median_us", "f8"), ("log_sd", "f8"), ("set", "i8")], align=True)
"""What a kind of request takes to the book; as the venue has it where it is not set."""

MEASURED = np.dtype(
    [("sent", "i8"), ("arrived", "i8"), ("there", "i8"), ("back", "i8")], align=True
)
"""A measured request: the world's times, and latencies; `there` is negative of one that was lost,
of which the agent learnt after that long."""

UNDER_WAY = 1024  # requests on their way to the book

REPLAY = np.dtype(
    [
        ("feed", FEED),  # as the exchange has it
        ("seen", FEED),  # as the agent has it
        ("origin", "i8"),  # in nanoseconds: where the world's time is 0
        ("first", "i8"),  # number of the first row that is handed over
        ("at_exchange", "i8"),  # number of the next row
        ("at_local", "i8"),
        ("ended", "i8"),  # no row comes after those that are handed over
        ("lag_us", "i8"),  # of the newest row that the agent has
        ("sign", "f8"),  # mean of the takers', as the agent has it
        ("taken", "f8"),  # lots, by everybody's takers, as the agent has it
        ("depth", "f8"),  # lots a side near the best prices, as the agent has it
        ("place", WAY),
        ("amend", WAY),
        ("cancel", WAY),
        ("requests", REQUEST, (UNDER_WAY,)),  # side 0 and kind NO_REQUEST: free
        ("number", "i8"),  # of requests
        ("lot_quote", "f8"),  # a lot of an inverse contract in quote; 0: what is traded is linear
        ("held", "f8"),  # in base, by an account of inverse contracts
    ],
    align=True,
)
NO_REQUEST = number(-1)


def empty_replay(tick: float, lot: float, queue: int, power: float, lot_quote: float = 0.0) -> Any:
    """A replay before its first row: one record of dtype REPLAY."""
    replay = np.zeros(1, REPLAY)[0]
    replay["feed"] = empty_feed(tick, lot, queue, power)
    replay["seen"] = empty_feed(tick, lot)
    replay["requests"]["kind"] = NO_REQUEST
    replay["lot_quote"] = lot_quote
    return replay


def empty_feed(tick: float, lot: float, queue: int = 0, power: float = 3.0) -> Any:
    """A feed before its first row: one record of dtype FEED."""
    feed = np.zeros(1, FEED)[0]
    feed["tick"], feed["lot"], feed["queue"], feed["power"] = tick, lot, queue, power
    feed["bids"]["best"], feed["bids"]["end"] = NO_BID, NO_ASK
    feed["asks"]["best"], feed["asks"]["end"] = NO_ASK, NO_BID
    feed["known"] = 1
    feed["low"], feed["high"] = NO_ASK, NO_BID
    return feed

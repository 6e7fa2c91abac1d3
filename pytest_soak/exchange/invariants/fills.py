"""How often the bot traded, each way."""

from __future__ import annotations

from pytest_soak.exchange.invariants.result import Result
from pytest_soak.exchange.invariants.seen import Seen, Span


def fills(seen: Seen, window: Span, side: str) -> Result:
    """How many executions of a side, "Buy" or "Sell"."""
    inside = (one for one in seen.executions if window[0] <= one.time_us < window[1])
    return Result(float(sum(one.side == side for one in inside)))


def faults_met(seen: Seen, window: Span) -> Result:
    """How many faults ended in the window that had met something, or cut it."""
    over = (f for f in seen.faults if f.what == "ended" and window[0] <= f.time_us < window[1])
    return Result(float(sum(bool(fault.hits) or fault.kind == "drop" for fault in over)))

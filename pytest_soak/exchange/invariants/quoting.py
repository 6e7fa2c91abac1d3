"""When does the bot quote again after a fault."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise

from pytest_soak.exchange.invariants.result import Finding, Result, unseen
from pytest_soak.exchange.invariants.seen import Seen, Span, free_us
from pytest_soak.exchange.invariants.tolerances import Tolerances
from pytest_soak.exchange.operation import AMENDS, CREATES, operation
from pytest_soak.text import plural


def quotes_again_s(seen: Seen, window: Span, tolerances: Tolerances) -> Result:
    """The longest time from the end of a fault to the next order that was made or amended.

    Time in which another fault holds does not count. A bot that has not quoted when the window ends
    is given the time until then, and goes on being counted in the next window. A slow one is late
    by no more than what is beyond the longest other pause that it makes.
    """
    changes = sorted(
        r.time_us
        for r in seen.requests
        if r.code == 0 and r.time_us < window[1] and operation(r.endpoint) in (*CREATES, *AMENDS)
    )
    if len(changes) < tolerances.few_quotes:
        made = plural(len(changes), "order")
        return unseen(f"it made or changed {made}: too few to tell when it is late")
    pauses = [later - before for before, later in pairwise(changes)]
    is_slow = sum(pauses) / len(pauses) > tolerances.slow_s * 1e6
    faulty = seen.faulty(window[1])
    ends = [end_us for _, end_us in faulty if end_us < window[1]]
    worst, at = None, None
    for end_us in ends:
        place = bisect_left(changes, end_us)
        again_us = changes[place] if place < len(changes) else window[1]
        if again_us < window[0]:
            continue
        usual_us = max(pauses[: max(0, place - 1)] + pauses[place:]) if is_slow else 0
        took_us = max(0, free_us(faulty, end_us, again_us) - usual_us)
        if worst is None or took_us > worst:
            more = f", beyond its pause of {usual_us / 1e6:.0f} s" if usual_us else ""
            text = f"no order for {took_us / 1e6:.1f} s after it{more}"
            worst, at = took_us, Finding(end_us, text)
    if worst is None:
        return unseen("no fault ended")
    return Result(worst / 1e6, "", (at,) if at else ())

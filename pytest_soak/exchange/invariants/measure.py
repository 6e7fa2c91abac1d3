"""All invariants of a window at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.invariants.asking import (
    requests_over_limit,
    signed_requests,
    unanswered_requests,
    unknown_endpoints,
)
from pytest_soak.exchange.invariants.books import book_ages_ms, book_wrong_u, crossed_book_s
from pytest_soak.exchange.invariants.fills import faults_met, fills
from pytest_soak.exchange.invariants.intents import repeated_intents
from pytest_soak.exchange.invariants.open_orders import believed_open_closed, unknown_open_orders
from pytest_soak.exchange.invariants.positions import position_gap
from pytest_soak.exchange.invariants.quoting import quotes_again_s
from pytest_soak.exchange.invariants.result import Result, unseen
from pytest_soak.exchange.invariants.seen import Seen, Span
from pytest_soak.exchange.invariants.tolerances import Tolerances


def measure(
    seen: Seen, beliefs: Sequence[Belief], window: Span, tolerances: Tolerances
) -> dict[str, Result]:
    """Every invariant of the events and beliefs of `window`, by the name of its KPI.

    `seen` begins with the lane, in order of time, and so do `beliefs`, in any order: what was
    before the window decides too. `window` is from a time to before another, UTC in microseconds.
    """
    until = sorted((b for b in beliefs if b.time_us < window[1]), key=lambda b: b.time_us)
    return {
        "repeated_intents": repeated_intents(seen, window, tolerances),
        "requests_over_limit": requests_over_limit(seen, window, tolerances),
        "unknown_endpoints": unknown_endpoints(seen, window),
        "signed_requests": signed_requests(seen, window),
        "unanswered_requests": unanswered_requests(seen, window),
        "buy_fills": fills(seen, window, "Buy"),
        "sell_fills": fills(seen, window, "Sell"),
        "faults_met": faults_met(seen, window),
        "quotes_again_s": quotes_again_s(seen, window, tolerances),
        "position_gap_base": position_gap(seen, until, window, tolerances),
        "unknown_open_orders": unknown_open_orders(seen, until, window, tolerances),
        "believed_open_closed": believed_open_closed(seen, until, window, tolerances),
        **_ages(seen, until, window, tolerances),
        "book_wrong_u": book_wrong_u(seen, until, window, tolerances),
        "crossed_book_s": crossed_book_s(until, window),
    }


def _ages(
    seen: Seen, beliefs: Sequence[Belief], window: Span, tolerances: Tolerances
) -> dict[str, Result]:
    ages, why = book_ages_ms(seen, beliefs, window, tolerances)
    if why:
        return {"book_age_p95_ms": unseen(why), "book_age_max_ms": unseen(why)}
    return {
        "book_age_p95_ms": Result(float(np.percentile(ages, 95))),
        "book_age_max_ms": Result(max(ages)),
    }

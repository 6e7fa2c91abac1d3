"""The maker's circuit breaker: open while the venue refuses, it lets a request through at times."""

from __future__ import annotations

from pytest_soak.market.kernel import venue as v
from pytest_soak.market.kernel.jit import Record, kernel_function
from pytest_soak.market.kernel.tape import put_breaker_change

REFUSALS = 3  # in a row, which open it
PAUSE_US = 5_000_000  # from a refusal to the next attempt


@kernel_function
def lets_through(maker: Record, time: int) -> bool:
    """Whether the maker may send: the breaker is closed, or it is time to try again."""
    return bool(maker.breaker_open == 0 or time >= maker.tries_again_at)


@kernel_function
def on_answer(maker: Record, tape: Record, time: int, row: Record) -> None:
    """Learn whether the venue is there: what it carries out closes the breaker."""
    if row.reason == v.UNAVAILABLE:
        maker.refusals += 1
        maker.tries_again_at = time + PAUSE_US
        if maker.refusals == REFUSALS:
            maker.breaker_open = 1
            put_breaker_change(tape, time)
    elif row.kind != v.REJECTED:
        maker.refusals = 0
        if maker.breaker_open != 0:
            maker.breaker_open = 0
            put_breaker_change(tape, time)

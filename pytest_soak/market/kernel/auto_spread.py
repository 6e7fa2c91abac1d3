"""A half spread that follows what the maker has seen lately, beside what it saw in the last hour.

Off by default (`auto_spread.enabled`). A weight says by which share the half spread widens where
its condition is twice what it was.
"""

from __future__ import annotations

import math

from pytest_soak.market.kernel import guards
from pytest_soak.market.kernel.jit import Record, kernel_function

FAST_S = 300.0
SLOW_S = 3600.0
LEAST, MOST = 0.5, 2.0
"""Of the half spread without it."""

_FAST_STEP = 1.0 - math.exp(-1.0 / FAST_S)
_SLOW_STEP = 1.0 - math.exp(-1.0 / SLOW_S)


@kernel_function
def on_second(maker: Record) -> None:
    """Take the last second into the averages; they are plain means until they are that long."""
    maker.seconds += 1
    mean_step = 1.0 / maker.seconds
    spent = maker.cycle_fetch_us + maker.cycle_compute_us + maker.cycle_wait_us
    _average(maker.volatility, guards.volatility_bps(maker), mean_step)
    _average(maker.volume, maker.second_volume, mean_step)
    _average(maker.latency, spent, mean_step)
    maker.second_volume = 0.0


@kernel_function
def _average(condition: Record, value: float, mean_step: float) -> None:
    condition.fast += max(_FAST_STEP, mean_step) * (value - condition.fast)
    condition.slow += max(_SLOW_STEP, mean_step) * (value - condition.slow)


@kernel_function
def factor(maker: Record) -> float:
    """Return what the half spread is multiplied by."""
    flags = maker.flags
    widened = (
        1.0
        + flags.auto_spread_volatility_weight * _excess(maker.volatility)
        + flags.auto_spread_volume_weight * _excess(maker.volume)
        + flags.auto_spread_latency_weight * _excess(maker.latency)
    )
    return max(LEAST, min(MOST, widened))


@kernel_function
def _excess(condition: Record) -> float:
    """Return by which share the last minutes exceed the last hour."""
    return condition.fast / condition.slow - 1.0 if condition.slow > 0.0 else 0.0

"""A venue's own delays, or none; draws of how late its market data is."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from random import Random
from typing import Literal

from pytest_soak.config.instruments import Latency, Venue
from pytest_soak.exchange.ids import derived

Delays = Literal["venue", "none"]
_NONE = Latency.model_construct(base_ms=0.0, median_ms=0.0, log_sd=0.0)


def without_delays(venue: Venue) -> Venue:
    """A venue that answers at once."""
    ways = ("to_gateway", "from_gateway", "service", "market_data")
    return venue.model_copy(update=dict.fromkeys(ways, _NONE))


def lags(latency: Latency, seed: int) -> Callable[[], int]:
    """Draws of how late market data is, in microseconds."""
    if latency.median_ms == 0:
        return lambda: 0
    random = Random(derived(seed, "lag"))
    median = log(latency.median_ms * 1e3)
    base = round(latency.base_ms * 1e3)
    return lambda: base + round(random.lognormvariate(median, latency.log_sd))

"""The metrics of a soak, each defined once: exporters give these names, alert rules use them."""

from __future__ import annotations

from typing import Literal, NamedTuple

LABELS = ("lane", "profile", "scenario")
"""What every series of a soak is labelled with."""

Kind = Literal["counter", "gauge", "histogram"]


class Metric(NamedTuple):
    """A metric of events: `table` is that of an Observation which it follows from."""

    name: str
    kind: Kind
    table: str
    meaning: str


TICKS = Metric("soak_ticks_total", "counter", "ticks", "turns of the bot's loop")
MISSES = Metric("soak_deadline_misses_total", "counter", "ticks", "ticks that missed the deadline")
HITS = Metric("soak_md_cache_hits_total", "counter", "ticks", "market data found in the cache")
TICK_MS = Metric("soak_tick_total_ms", "histogram", "ticks", "milliseconds of a tick")
FETCH_MS = Metric("soak_fetch_md_ms", "histogram", "ticks", "milliseconds to fetch market data")
ACK_MS = Metric("soak_ack_latency_ms", "histogram", "acks", "milliseconds to an acknowledgement")
VOLUME = Metric("soak_volume_quote_total", "counter", "fills", "notional of all fills")
TAKEN = Metric("soak_taker_volume_quote_total", "counter", "fills", "notional of taker fills")
ERRORS = Metric("soak_errors_total", "counter", "errors", "errors that the bot reported")
BREAKER = Metric("soak_breaker_open", "gauge", "breaker", "1 while the circuit breaker is open")
RSS = Metric("soak_rss_mb", "gauge", "resources", "resident memory in MB")
CPU = Metric("soak_cpu_pct", "gauge", "resources", "CPU time in per cent of one core")
FDS = Metric("soak_open_fds", "gauge", "resources", "open file descriptors")
THREADS = Metric("soak_threads", "gauge", "resources", "threads")

EVENTS = (
    TICKS,
    MISSES,
    HITS,
    TICK_MS,
    FETCH_MS,
    ACK_MS,
    VOLUME,
    TAKEN,
    ERRORS,
    BREAKER,
    RSS,
    CPU,
    FDS,
    THREADS,
)
"""All metrics of events."""

BUCKETS_MS = (1, 2, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 80, 100, 120, 150, 180, 200, 250)
"""Upper bounds of a histogram's buckets, in milliseconds, up to a quarter of a second."""
SLOW_MS = (300, 400, 500, 750, 1000, 2000, 5000)
"""The bounds above."""


def kpi_gauge(kpi: str) -> str:
    """The gauge of a KPI, whose value is that of the newest iteration."""
    return f"soak_{kpi}"

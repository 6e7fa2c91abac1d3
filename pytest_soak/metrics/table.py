"""The metrics of a soak, each defined once: exporters give these names, alert rules use them."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pytest_soak.kpi.definitions import KNOWN

LABELS = ("lane", "profile", "scenario")
"""What every series of a lane is labelled with; `scenario` is the market."""

Kind = Literal["counter", "gauge", "histogram"]


class Metric(NamedTuple):
    """A metric: `table` is that of an Observation which it follows from, empty for any other.

    `labels` are its own, beside those of its lane; what is of the run has no lane's.
    """

    name: str
    kind: Kind
    table: str
    meaning: str
    labels: tuple[str, ...] = ()


TICKS = Metric("soak_ticks_total", "counter", "ticks", "turns of the bot's loop")
MISSES = Metric("soak_deadline_misses_total", "counter", "ticks", "ticks that missed the deadline")
HITS = Metric("soak_md_cache_hits_total", "counter", "ticks", "market data found in the cache")
TICK_MS = Metric("soak_tick_total_ms", "histogram", "ticks", "milliseconds of a tick")
FETCH_MS = Metric("soak_fetch_md_ms", "histogram", "ticks", "milliseconds to fetch market data")
ACK_MS = Metric("soak_ack_latency_ms", "histogram", "acks", "milliseconds to an acknowledgement")
VOLUME = Metric("soak_traded_quote_total", "counter", "fills", "notional of all fills")
TAKEN = Metric("soak_taken_quote_total", "counter", "fills", "notional of taker fills")
FILLS = Metric("soak_fills_total", "counter", "fills", "fills", ("liquidity",))
BLOCKS = Metric(
    "soak_blocks_total", "counter", "blocks", "quote changes that were stopped", ("reason",)
)
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
    FILLS,
    BLOCKS,
    ERRORS,
    BREAKER,
    RSS,
    CPU,
    FDS,
    THREADS,
)
"""All metrics of events."""


def _gauge(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(name, "gauge", "", meaning, labels)


PLANNED = _gauge("soak_iterations_planned", "iterations that the lane is to run")
DONE = _gauge("soak_iterations_done", "iterations that are over")
ITERATION = _gauge("soak_iteration", "the iteration under way, or the last one")
SECONDS = _gauge("soak_iteration_seconds", "how long the newest window took, in seconds")
GRADED = Metric(
    "soak_iterations_total", "counter", "", "iterations that are over, by verdict", ("verdict",)
)
VERDICT = _gauge("soak_verdict", "1 for the verdict on the newest iteration, else 0", "verdict")
LANE_VERDICT = _gauge("soak_lane_verdict", "1 for the verdict on a lane that is over", "verdict")
PHASE = _gauge("soak_phase", "1 for the phase of the newest iteration, else 0", "phase")
PARAMETER = _gauge("soak_parameter", "a parameter in force in the newest iteration", "parameter")
OWN_KPI = _gauge("soak_own_kpi", "a KPI that only the bot knows, of the newest iteration", "kpi")
PENDING = _gauge(
    "soak_criterion_pending_seconds", "how long a criterion's limit has held, else 0", "criterion"
)
LASTS = _gauge("soak_criterion_for_seconds", "how long it must hold until it acts", "criterion")
WARNED = _gauge("soak_criterion_warned", "1 while a stop criterion warns, else 0", "criterion")
STOPPED = _gauge("soak_criterion_stopped", "1 once it has stopped the lane, else 0", "criterion")

LANES_OWN = (
    PLANNED,
    DONE,
    ITERATION,
    SECONDS,
    GRADED,
    VERDICT,
    LANE_VERDICT,
    PHASE,
    PARAMETER,
    PENDING,
    LASTS,
    WARNED,
    STOPPED,
    OWN_KPI,
)
"""All metrics of how a lane goes, beside those of KPIs that have a definition."""

INFO = _gauge("soak_run_info", "1; what is soaked, and how it is judged", "version", "target")
RUN_PLANNED = _gauge("soak_run_iterations_planned", "iterations that all lanes are to run")
RUN_DONE = _gauge("soak_run_iterations_done", "iterations of all lanes that are over")
LANES = _gauge("soak_run_lanes", "lanes of the run")
LANES_OVER = _gauge("soak_run_lanes_over", "lanes that are over and judged")
LANES_ASIDE = _gauge("soak_run_lanes_aside", "lanes that have no series of their own")

OF_RUN = (INFO, RUN_PLANNED, RUN_DONE, LANES, LANES_OVER, LANES_ASIDE)
"""All metrics of the run; they have no label of a lane."""

BUCKETS_MS = (1, 2, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 80, 100, 120, 150, 180, 200, 250)
"""Upper bounds of a histogram's buckets, in milliseconds, up to a quarter of a second."""
SLOW_MS = (300, 400, 500, 750, 1000, 2000, 5000)
"""The bounds above."""


BOUNDS_MS = (*BUCKETS_MS, *SLOW_MS)


def kpi_gauge(kpi: str) -> str:
    """The gauge of a KPI, whose value is that of the newest iteration."""
    return f"soak_{kpi}"


KPIS = {name: _gauge(kpi_gauge(name), kpi.meaning) for name, kpi in KNOWN.items()}
"""The metric of each KPI that has a definition; where there is no value there is no series."""

ALL = (*EVENTS, *LANES_OWN, *KPIS.values(), *OF_RUN)
"""Everything that can be scraped."""


def labels_of(metric: Metric) -> tuple[str, ...]:
    """Every label of a metric's series, in order."""
    return metric.labels if metric in OF_RUN else (*LABELS, *metric.labels)

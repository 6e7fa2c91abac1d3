"""The KPI table: the one definition of each KPI's name, valid range and meaning."""

from __future__ import annotations

import math
from typing import NamedTuple


class Kpi(NamedTuple):
    """A KPI of one iteration; the unit is the suffix of its name, `better` the wished direction.

    `missing` is why there is none, where there is none. One that is `so_far` is of all of the lane
    until the iteration's end, so that the last one tells of those before.
    """

    name: str
    better: str
    meaning: str
    missing: str
    low: float = -math.inf
    high: float = math.inf
    so_far: bool = False


def _ratio(name: str, better: str, meaning: str, missing: str) -> Kpi:
    return Kpi(name, better, meaning, missing, 0.0, 1.0)


def _share(name: str, better: str, meaning: str, missing: str) -> Kpi:
    return Kpi(name, better, meaning, missing, 0.0, 100.0)


def _size(name: str, better: str, meaning: str, missing: str) -> Kpi:
    return Kpi(name, better, meaning, missing, 0.0)


_FILLS = "no fills"
_MARKED = "no maker fill with a mid one second later"
_INTENDED = "no intended quote changes"
_TICKS = "no pipeline ticks"
_NEVER = "not measured"

KPIS: dict[str, Kpi] = {
    kpi.name: kpi
    for kpi in (
        Kpi("net_bps", "up", "gross + fees + slippage + inventory, of volume", _FILLS),
        Kpi("gross_bps", "up", "maker fills against the mid just before them", _FILLS),
        Kpi("fees_eff_bps", "up", "fees as charged; a cost is negative", _FILLS),
        Kpi(
            "slippage_bps",
            "up",
            "taker fills against their decision mid; a cost is negative",
            _FILLS,
        ),
        Kpi("inventory_bps", "up", "the rest of the PnL: mid moves against the position", _FILLS),
        Kpi(
            "adverse_bps",
            "down",
            "1-s markout of maker fills against us; not a term of net",
            _MARKED,
        ),
        Kpi("adverse_bps_p95", "down", "95th percentile of that markout, a fill", _MARKED),
        Kpi(
            "pickoff_bps",
            "down",
            "how far the mid came against maker fills in the second before them",
            "no maker fill with a mid one second before",
        ),
        Kpi(
            "slippage_bps_p95",
            "down",
            "95th percentile of the cost of a taker fill",
            "no taker fills",
        ),
        Kpi("net_quote", "up", "PnL of the iteration, in quote currency", _NEVER),
        _size("volume_quote", "up", "traded notional", _NEVER),
        _size("num_fills", "up", "fills, maker and taker", _NEVER),
        _ratio("maker_taker_ratio", "up", "maker share of the volume", _FILLS),
        _ratio(
            "risk_ratio",
            "down",
            "share of intended quote changes the risk guard stopped",
            _INTENDED,
        ),
        _ratio(
            "risk_time_share",
            "down",
            "share of side-time the risk guard blocked",
            "the bot never wanted to quote",
        ),
        _share("inventory_pct", "down", "intended changes the bot's own limits stopped", _INTENDED),
        _share("min_interval_pct", "down", "intended changes that came too soon", _INTENDED),
        _share(
            "concurrency_pct",
            "down",
            "intended changes that found every request slot taken",
            _INTENDED,
        ),
        _share("throttle_pct", "down", "intended changes the rate bucket stopped", _INTENDED),
        _size("cancel_ratio", "down", "cancels an order sent", "no orders sent"),
        _size(
            "order_age_p95_ms",
            "down",
            "age of an order when it left the book",
            "no order left the book",
        ),
        _size("p95_latency_ms", "down", "order sent to acknowledged", "no acknowledged orders"),
        _size("ws_lag_p95_ms", "down", "market data event to its arrival", "no market data events"),
        _ratio("md_cache_hit_ratio", "up", "fetches served by the market-data cache", _TICKS),
        _size("fetch_md_p95_ms", "down", "time to fetch market data", _TICKS),
        _size("tick_total_p95_ms", "down", "time of a whole pipeline tick", _TICKS),
        _ratio("deadline_miss_ratio", "down", "pipeline ticks past their deadline", _TICKS),
        _size(
            "max_drawdown_quote",
            "down",
            "largest fall of the equity from its peak",
            "the account was never marked",
        ),
    )
}

_PROCESS = "the bot is no process of its own"

PROCESS_KPIS: dict[str, Kpi] = {
    kpi.name: kpi
    for kpi in (
        _size("log_errors", "down", "lines of output that look like errors", "no error pattern"),
        _size("restarts", "down", "times that the bot had to be started anew", _PROCESS),
        _size("feed_errors", "down", "lines of feeds that cannot be read", _PROCESS),
        _size("feed_late", "down", "lines of feeds that came too late to count", _PROCESS),
        Kpi(
            "clock_skew_ms",
            "down",
            "how far the bot's clock is ahead of ours; behind (it, or its writing) is negative",
            "no line of a feed",
        ),
    )
}
"""The KPIs of a bot in a process of its own, of which that is known."""

_USED = "no resources"
_GROWN = "resources of less than two hours"

RESOURCE_KPIS: dict[str, Kpi] = {
    kpi.name: kpi
    for kpi in (
        _size("rss_mb_max", "down", "largest resident memory", _USED),
        Kpi(
            "rss_growth_mb_per_h",
            "down",
            "growth of the resident memory over the lane so far; 0 where none is sure",
            _GROWN,
            so_far=True,
        ),
        _size("cpu_pct_p95", "down", "95th percentile of the share of one processor", _USED),
        _size("open_fds_max", "down", "most open files, sockets and pipes", _USED),
        Kpi(
            "fds_growth_per_h",
            "down",
            "growth of the number of open files over the lane so far; 0 where none is sure",
            _GROWN,
            so_far=True,
        ),
        _size("threads_max", "down", "most threads", _USED),
    )
}
"""The KPIs of a target of which it is known what it uses: one in a process of its own."""

_UNSEEN = "what the bot believes was not seen while no fault held"
_EXCHANGE = "no exchange"

EXCHANGE_KPIS: dict[str, Kpi] = {
    kpi.name: kpi
    for kpi in (
        _size(
            "position_gap_base",
            "down",
            "largest difference of a position and the bot's sum of its fills",
            _UNSEEN,
        ),
        _size("unknown_open_orders", "down", "open orders that the bot does not know of", _UNSEEN),
        _size(
            "believed_open_closed",
            "down",
            "orders that the bot believes open, and which are not",
            _UNSEEN,
        ),
        _size(
            "repeated_intents",
            "down",
            "orders made a second time after the first seemed to fail, but had not",
            _EXCHANGE,
        ),
        _size(
            "book_age_p95_ms",
            "down",
            "95th percentile of how long ago the bot's book was the exchange's last",
            _UNSEEN,
        ),
        _size("book_age_max_ms", "down", "the oldest of them", _UNSEEN),
        _size(
            "book_wrong_u",
            "down",
            "books of the bot that are not the exchange's at the same `u`",
            _UNSEEN,
        ),
        _size(
            "crossed_book_s",
            "down",
            "seconds in which a book of the bot had its bid at its ask or above",
            "nothing was seen of its books",
        ),
        _size(
            "requests_over_limit",
            "down",
            "requests that were sent though the exchange had said: too many",
            _EXCHANGE,
        ),
        _size(
            "quotes_again_s",
            "down",
            "longest time without faults from the end of one to the next order",
            "no fault ended, or the bot made too few orders to tell when it is late",
        ),
        _size(
            "unknown_endpoints",
            "down",
            "requests for endpoints, operations and topics that the exchange has not",
            _EXCHANGE,
        ),
        _size("signed_requests", "up", "requests that were signed with a key", _EXCHANGE),
        _size(
            "unanswered_requests",
            "down",
            "signed requests that had their effect and, by a fault, were not told so",
            _EXCHANGE,
        ),
        _size("buy_fills", "up", "executions of buys", _EXCHANGE),
        _size("sell_fills", "up", "executions of sells", _EXCHANGE),
        _size("faults_met", "up", "faults that ended and had met something", _EXCHANGE),
        Kpi(
            "isolation",
            "up",
            "what keeps the bot on this machine: 2 a namespace, 1 the import shim, 0 nothing",
            _EXCHANGE,
            0.0,
            2.0,
        ),
    )
}
"""The KPIs of a bot on an exchange on this machine: `exchange.invariants`."""

KNOWN = KPIS | PROCESS_KPIS | RESOURCE_KPIS | EXCHANGE_KPIS
"""Every KPI that has a definition."""

COMPONENTS = {
    "gross_bps": "gross",
    "fees_eff_bps": "fees",
    "slippage_bps": "slippage",
    "inventory_bps": "inventory",
}
"""What `net_bps` is the sum of, each with its short name."""
VOLUME = "volume_quote"
OF_VOLUME = (*COMPONENTS, "net_bps", "maker_taker_ratio")
"""KPIs of an amount divided by the volume."""
COSTS = ("fees_eff_bps", "slippage_bps", "inventory_bps", "adverse_bps")
DRIVER_SHARE = 0.20


class Headline(NamedTuple):
    """A KPI that every overview shows: in tables under `label`, in a marker line as `tag`=...

    `form` and `tagged` are how its value is written there; one without a tag is only in tables.
    """

    name: str
    label: str
    form: str
    tag: str = ""
    tagged: str = ""


HEADLINES = (
    Headline("net_bps", "net_bps", "{:.2f}", "net", "{:.3g}"),
    Headline("net_quote", "net_quote", "{:.0f}"),
    Headline("risk_ratio", "risk", "{:.2f}", "risk", "{:.1%}"),
    Headline("maker_taker_ratio", "maker/taker", "{:.2f}", "maker_taker", "{:.2f}"),
    Headline("p95_latency_ms", "latency", "{:.0f}", "latency", "{:.0f}ms"),
)

SHORT = {
    "net_bps": "net_bps",
    "risk_ratio": "risk",
    "maker_taker_ratio": "mk/tk",
    "p95_latency_ms": "p95 ms",
    "adverse_bps_p95": "adv95",
    "net_quote": "PnL",
    "num_fills": "fills",
    "volume_quote": "volume",
    "drawdown_ratio": "drawdown",
    "max_drawdown_quote": "max dd",
    "deadline_miss_ratio": "missed",
    "md_cache_hit_ratio": "hits",
    "tick_total_p95_ms": "tick ms",
    "position_gap_base": "pos gap",
    "repeated_intents": "twice",
    "unknown_open_orders": "unknown",
    "believed_open_closed": "ghosts",
    "requests_over_limit": "limit",
    "quotes_again_s": "again s",
    "book_wrong_u": "book",
}
"""Headings of columns that must be narrow, in the order in which they are wanted."""

_WANTED = {name: place for place, name in enumerate(SHORT)}


def kpi_order(name: str) -> int:
    """A key to order KPIs by: those with a short heading first, the others as they came."""
    return _WANTED.get(name, len(_WANTED))

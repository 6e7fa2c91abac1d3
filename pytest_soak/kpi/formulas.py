"""How each KPI is reckoned, in a line, and of how many of what it must rest on at least."""

from __future__ import annotations

from typing import NamedTuple

_WEIGHT = "/ volume x 10,000"
_MOST = "largest value of a row"


class Formula(NamedTuple):
    """A formula over the columns of an Observation; `floor` is the least that there must be."""

    text: str
    floor: str


def _share(reason: str, factor: str = "") -> Formula:
    return Formula(f"{factor}blocks with `{reason}` / `intended_changes`", "1 intended change")


_BELIEF = "1 belief in quiet times"


def _p95(column: str, floor: str) -> Formula:
    return Formula(f"95th percentile of {column}", floor)


FORMULAS: dict[str, Formula] = {
    "net_bps": Formula("`gross_bps` + `fees_eff_bps` + `slippage_bps` + `inventory_bps`", "1 fill"),
    "gross_bps": Formula(
        f"(sum over makers of side x quantity x (mid - price)) {_WEIGHT}", "1 fill"
    ),
    "fees_eff_bps": Formula(f"- sum of fee_quote {_WEIGHT}", "1 fill"),
    "slippage_bps": Formula(
        f"(sum over takers of side x quantity x (mid - price)) {_WEIGHT}", "1 fill"
    ),
    "inventory_bps": Formula(
        "(sum of side x quantity x (mid_end - mid) + inventory_start x (mid_end - mid_start)) "
        f"{_WEIGHT}",
        "1 fill",
    ),
    "adverse_bps": Formula(
        "mean over makers, by notional, of - side x (mid_1s - mid) / mid x 10,000",
        "1 maker fill with mid_1s",
    ),
    "adverse_bps_p95": _p95(
        "- side x (mid_1s - mid) / mid x 10,000 of makers", "1 maker fill with mid_1s"
    ),
    "pickoff_bps": Formula(
        "mean over makers, by notional, of side x (mid_1s_before - mid) / mid x 10,000",
        "1 maker fill with mid_1s_before",
    ),
    "slippage_bps_p95": _p95("side x (price - mid) / mid x 10,000 of takers", "1 taker fill"),
    "net_quote": Formula("gross + fees + slippage + inventory, in quote", "none: 0 without fills"),
    "volume_quote": Formula("sum of price x quantity", "none: 0 without fills"),
    "num_fills": Formula("count of fills", "none: 0 without fills"),
    "maker_taker_ratio": Formula("volume of makers / volume", "1 fill"),
    "risk_ratio": _share("risk"),
    "risk_time_share": Formula("`side_time_risk_blocked_us` / `side_time_us`", "1 us of side-time"),
    "inventory_pct": _share("inventory", "100 x "),
    "min_interval_pct": _share("min_interval", "100 x "),
    "concurrency_pct": _share("concurrency", "100 x "),
    "throttle_pct": _share("throttle", "100 x "),
    "cancel_ratio": Formula("`cancels_sent` / `orders_sent`", "1 order sent"),
    "order_age_p95_ms": _p95("`order_age_ms`", "1 order that left the book"),
    "p95_latency_ms": _p95("latency_ms of `acks`", "1 acknowledgement"),
    "ws_lag_p95_ms": _p95("`ws_lag_ms`", "1 market data event"),
    "md_cache_hit_ratio": Formula("share of ticks with cache_hit", "1 tick"),
    "fetch_md_p95_ms": _p95("fetch_md_ms of `ticks`", "1 tick"),
    "tick_total_p95_ms": _p95("total_ms of `ticks`", "1 tick"),
    "deadline_miss_ratio": Formula("share of ticks with deadline_miss", "1 tick"),
    "max_drawdown_quote": Formula(
        "largest of (highest equity_quote so far - equity_quote) over `marks`",
        "a mark in each 1 % of the window, or each 2 s where that is longer",
    ),
    "log_errors": Formula("count of lines that fit `error_pattern`", "an error pattern"),
    "restarts": Formula("count of starts after the first", "none"),
    "feed_errors": Formula("count of lines of feeds that cannot be read", "none"),
    "feed_late": Formula("count of lines that came when their window was closed", "none"),
    "clock_skew_ms": Formula("largest of time_us of a line - our clock at its reading", "1 line"),
    "rss_mb_max": Formula(f"{_MOST}: rss_mb", "1 row of resources"),
    "rss_growth_mb_per_h": Formula(
        "robust slope of the lows of rss_mb over the lane so far", "2 hours of one process"
    ),
    "cpu_pct_p95": _p95("cpu_pct", "1 row of resources"),
    "open_fds_max": Formula(f"{_MOST}: open_fds", "1 row of resources"),
    "fds_growth_per_h": Formula(
        "robust slope of the lows of open_fds over the lane so far", "2 hours of one process"
    ),
    "threads_max": Formula(f"{_MOST}: threads", "1 row of resources"),
    "position_gap_base": Formula(
        "largest |sum that the bot believes - position| of a symbol, over beliefs in quiet times, "
        "against each position of the grace before",
        _BELIEF,
    ),
    "unknown_open_orders": Formula(
        "count of orders open for the grace and more that a belief lacks", _BELIEF
    ),
    "believed_open_closed": Formula(
        "count of orders in a belief that ended the grace before it and longer, or are none",
        _BELIEF,
    ),
    "repeated_intents": Formula(
        "count of accepted orders like an accepted one whose answer failed shortly before", "none"
    ),
    "book_age_p95_ms": _p95(
        "time since the exchange's next book, 0 where there is none", "1 belief with a book"
    ),
    "book_age_max_ms": Formula(
        "largest time since the exchange's next book", "1 belief with a book"
    ),
    "book_wrong_u": Formula(
        "count of books whose best levels differ from the exchange's at that `u`",
        "1 belief with a book",
    ),
    "crossed_book_s": Formula(
        "sum of the time from a look at a crossed book to the next, at most 2 s each",
        "1 belief with a book",
    ),
    "requests_over_limit": Formula(
        "count of requests after a 10006 or 429 and before its limit was lifted", "none"
    ),
    "quotes_again_s": Formula(
        "largest time without faults from a fault's end to the next order made or amended; of a "
        "bot with more than 6 s from order to order, on average, less its longest other such time",
        "1 fault, 10 orders",
    ),
    "unknown_endpoints": Formula("count of requests for what there is not", "none"),
    "signed_requests": Formula("count of requests with a valid signature", "none"),
    "unanswered_requests": Formula("count of those accepted whose answer was not sent", "none"),
    "buy_fills": Formula("count of executions with side Buy", "none"),
    "sell_fills": Formula("count of executions with side Sell", "none"),
    "faults_met": Formula("count of faults that ended and met something, or cut", "none"),
    "isolation": Formula("as the jail found it", "none"),
    "drawdown_ratio": Formula(
        "largest drawdown of the judged iterations, within one or between them / "
        "sum of |`net_quote`|",
        "1 iteration with a net",
    ),
}
"""The formula of every KPI of the tables, of an iteration or of a span of them."""

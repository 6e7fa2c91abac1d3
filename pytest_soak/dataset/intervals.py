"""From the feeds of a span to a row for each interval of it.

Intervals are aligned to UTC: that of a line is its time over the interval, rounded down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.dataset.filters import Filters
from pytest_soak.dataset.numbering import Gaps
from pytest_soak.dataset.refuse import Skip, refusals
from pytest_soak.dataset.row import STAGES, Row, StageQuantiles
from pytest_soak.dataset.setting import Settings
from pytest_soak.errors import TargetError
from pytest_soak.kpi.edge import components_quote, summarize
from pytest_soak.observation.columns import Observation
from pytest_soak.observation.feed_lines import Table, empty
from pytest_soak.observation.feed_schema import FEEDS
from pytest_soak.observation.from_feeds import between, count, observed
from pytest_soak.observation.stored_feeds import MARGIN_US
from pytest_soak.text import utc_text

NO_DATA = "no data"
LEAST_MARKS = 20
"""Of which a volatility is told."""
_BPS = ("net_bps", "gross_bps", "fees_eff_bps", "slippage_bps", "inventory_bps", "adverse_bps")
_TICK_KPIS = ("tick_total_p95_ms", "md_cache_hit_ratio", "deadline_miss_ratio")
NO_SKIP = Skip()
_SECOND_US = 1_000_000
MEASURED = frozenset({"fills", "pipeline_ticks", "marks"})
"""The feeds of which a row tells more than how many lines there are."""
_NOTHING = {name: empty(feed) for name, feed in FEEDS.items() if name not in MEASURED}


class Interval(NamedTuple):
    """What was measured of [start_us, end_us): values of its row by name, and how many lines."""

    start_us: int
    end_us: int
    lines: int
    values: dict[str, Any]


def intervals(
    tables: Mapping[str, Table],
    span: tuple[int, int],
    interval_us: int,
    filters: Filters,
    held: float = 0.0,
) -> Iterator[Interval]:
    """The intervals that a span touches, in their order.

    `held` is the inventory before the first fill of the tables. Of feeds that are not in MEASURED
    the lines are counted alone.
    """
    start_us, end_us = span
    for begin in range(start_us // interval_us * interval_us, end_us, interval_us):
        first, last = max(begin, start_us), min(begin + interval_us, end_us)
        near = {
            name: between(tables[name], first - MARGIN_US, last + MARGIN_US) for name in MEASURED
        }
        before = held + filled(tables["fills"], first - MARGIN_US)
        values = _row(near, first, last, interval_us, before, filters)
        lines = sum(count(table, first, last) for table in tables.values())
        yield Interval(begin, begin + interval_us, lines, values)


def filled(fills: Table, until_us: int) -> float:
    """What fills before a time have added to the inventory."""
    gone = slice(0, int(np.searchsorted(fills["time_us"], until_us, "left")))
    return float((fills["side"][gone] * fills["quantity"][gone]).sum())


class Lane(NamedTuple):
    """What is known of the lane beside its feeds."""

    name: str = ""
    symbol: str | None = None
    settings: Settings = Settings(why="the feeds are not in a run's folder")


def row_of(found: Interval, gaps: Gaps, lane: Lane, filters: Filters, skip: Skip = NO_SKIP) -> Row:
    """The row of an interval."""
    values = found.values | {"seq_gaps": gaps.missing(found.start_us, found.end_us)}
    setting, unknown = lane.settings.at(found.start_us, found.end_us)
    if lane.symbol is None:
        unknown["symbol"] = "not told by --symbol"
    values |= setting | {"unknown": values["unknown"] | unknown}
    refused = refusals(values, found.lines, filters.interval)
    refused += skip.reasons(found.start_us, values)
    return Row(
        lane=lane.name,
        symbol=lane.symbol,
        interval_start=utc_text(found.start_us),
        interval_end=utc_text(found.end_us),
        accepted=not refused,
        reasons=refused,
        **values,
    )


def _row(
    near: Mapping[str, Table],
    start_us: int,
    end_us: int,
    interval_us: int,
    held: float,
    filters: Filters,
) -> dict[str, Any]:
    inside = [between(near[name], start_us, end_us) for name in ("pipeline_ticks", "marks")]
    seconds = np.unique(np.concatenate([table["time_us"] for table in inside]) // _SECOND_US)
    coverage = min(1.0, len(seconds) * _SECOND_US / interval_us)
    if not len(seconds) and not count(near["fills"], start_us, end_us):
        return _empty(coverage)
    try:
        observation = observed(_NOTHING | dict(near), start_us, end_us, (), held)
    except TargetError as error:
        return _empty(coverage) | {"unknown": {"net_quote": str(error)}}
    return _measured(observation, coverage, filters)


def _measured(observation: Observation, coverage: float, filters: Filters) -> dict[str, Any]:
    summary = summarize(observation)
    parts = components_quote(observation)
    ticks = observation.ticks
    stages: dict[str, StageQuantiles] = {}
    unknown: dict[str, str] = {}
    for name in STAGES:
        stages[name], why = _quantiles(ticks[f"{name}_ms"], filters)
        unknown |= {f"stages.{name}.{at}": said for at, said in why.items()}
    kpis = summary.kpis
    share = kpis["maker_taker_ratio"]
    found = {name: kpis[name] for name in (*_BPS, *_TICK_KPIS)}
    if found["tick_total_p95_ms"] is not None and len(ticks) < filters.samples.p95:
        found["tick_total_p95_ms"] = None
        unknown["tick_total_p95_ms"] = _few(len(ticks), filters.samples.p95)
    unknown |= {n: summary.reasons[n] for n in found if n in summary.reasons}
    if (sigma_bps := _sigma_bps(observation.marks)) is None:
        unknown["sigma_bps"] = f"{len(observation.marks)} marks, {LEAST_MARKS} at least"
    if share is None:
        unknown["taker_share_pct"] = summary.reasons["maker_taker_ratio"]
    return {
        "ticks": len(ticks),
        "fills": len(observation.fills),
        "coverage": coverage,
        "volume_quote": kpis["volume_quote"],
        "net_quote": kpis["net_quote"],
        **{f"{name}_quote": amount for name, amount in parts.items()},
        **found,
        "taker_share_pct": None if share is None else 100.0 * (1.0 - share),
        "stages": stages,
        "mid_open": observation.mid_start,
        "mid_close": observation.mid_end,
        "sigma_bps": sigma_bps,
        "inventory_open": observation.inventory_start,
        "inventory_close": observation.inventory_end,
        "unknown": unknown,
    }


def _quantiles(
    values: NDArray[np.float64], filters: Filters
) -> tuple[StageQuantiles, dict[str, str]]:
    shares = {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99}
    least = {f"{name}_ms": count for name, count in filters.samples}
    told = np.percentile(values, list(shares.values())).tolist() if len(values) else [None] * 3
    unknown = {name: _few(len(values), n) for name, n in least.items() if len(values) < n}
    found = {n: None if n in unknown else v for n, v in zip(shares, told, strict=True)}
    return StageQuantiles(**found), unknown


def _few(count: int, least: int) -> str:
    return f"{count} ticks, {least} at least"


def _sigma_bps(marks: NDArray[np.void]) -> float | None:
    """How far the mid goes in a square root of a second, from mark to mark; None of too few."""
    times, places = np.unique(marks["time_us"], return_index=True)
    if len(times) < LEAST_MARKS:
        return None
    changes = 1e4 * np.diff(np.log(marks["mid"][places]))
    return float(np.sqrt((changes**2).sum() / (times[-1] - times[0]) * _SECOND_US))


def _empty(coverage: float) -> dict[str, Any]:
    """An interval of which nothing is known."""
    nothing = StageQuantiles(p50_ms=None, p95_ms=None, p99_ms=None)
    amounts = ("net", "gross", "fees", "slippage", "inventory")
    ends = ("mid_open", "mid_close", "inventory_open", "inventory_close")
    others = (*ends, "sigma_bps", "taker_share_pct")
    names = (*(f"{name}_quote" for name in amounts), *_BPS, *_TICK_KPIS, *others)
    return {
        "ticks": 0,
        "fills": 0,
        "coverage": coverage,
        "volume_quote": 0.0,
        **dict.fromkeys(names),
        "stages": dict.fromkeys(STAGES, nothing),
        "unknown": dict.fromkeys(names, NO_DATA),
    }

"""Days of lanes made by hand, whose figures are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from pytest_soak.dataset.intervals import NO_DATA
from pytest_soak.dataset.row import STAGES, Row, StageQuantiles
from pytest_soak.observation.columns import TICK
from pytest_soak.observation.feed_files import DAY_US
from pytest_soak.release.day import LaneDay
from pytest_soak.text import utc_text

DAY = 20_000
ROWS_A_DAY = 288
_FIVE = DAY_US // ROWS_A_DAY
_AMOUNTS = ("gross_quote", "fees_quote", "slippage_quote", "inventory_quote")
_BPS = ("net_bps", "gross_bps", "fees_eff_bps", "slippage_bps", "inventory_bps", "adverse_bps")
_REST = ("taker_share_pct", "tick_total_p95_ms", "md_cache_hit_ratio", "deadline_miss_ratio")
_ENDS = ("mid_open", "mid_close", "sigma_bps", "inventory_open", "inventory_close")


def row(day: int, place: int, net: float | None = 1.0, **more: Any) -> Row:
    """The interval at a place of a day, which earned `net` on a volume of 100."""
    start = day * DAY_US + place * _FIVE
    nothing = StageQuantiles(p50_ms=None, p95_ms=None, p99_ms=None)
    facts: dict[str, Any] = {
        "lane": "a",
        "symbol": None,
        "interval_start": utc_text(start),
        "interval_end": utc_text(start + _FIVE),
        "ticks": 300,
        "fills": 2,
        "coverage": 1.0,
        "seq_gaps": 0,
        "volume_quote": 100.0,
        "net_quote": net,
        **dict.fromkeys((*_AMOUNTS, *_BPS, *_REST, *_ENDS)),
        "stages": dict.fromkeys(STAGES, nothing),
        "overrides_hash": None,
        "flags_hash": None,
        "phase": None,
        "unknown": {},
        "accepted": True,
        "reasons": [],
    }
    return Row(**(facts | more))


def blank(day: int, place: int) -> Row:
    """An interval of which nothing is known."""
    nothing = {"ticks": 0, "fills": 0, "coverage": 0.0, "volume_quote": 0.0}
    return row(day, place, None, **nothing, accepted=False, unknown={"net_quote": NO_DATA})


def rows(day: int, net: Callable[[int], float | None] = lambda _: 1.0, **more: Any) -> list[Row]:
    """A whole day; `net` is by the place of the interval."""
    return [row(day, place, net(place), **more) for place in range(ROWS_A_DAY)]


def told(
    day: int = DAY,
    ms: float = 10.0,
    blocks: dict[str, int] | None = None,
    errors: dict[str, int] | None = None,
    **more: Any,
) -> LaneDay:
    """What feeds tell of a day beside its rows: ticks that all took as long."""
    ticks = np.zeros(1000, TICK)
    ticks["time_us"] = day * DAY_US + np.arange(1000) * 1_000_000
    ticks["fetch_md_ms"] = ticks["total_ms"] = ms
    ticks["cache_hit"] = more.get("hits", True)
    counts = [None if one is None else Counter(one) for one in (blocks, errors)]
    return LaneDay(ticks, counts[0], counts[1], more.get("restarts"))

"""What the events of a part of a window add to the metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.engine.events import Spread
from pytest_soak.kpi.tables import notional
from pytest_soak.metrics import table
from pytest_soak.metrics.table import BOUNDS_MS

if TYPE_CHECKING:
    from pytest_soak.observation.columns import Observation

MAKER, TAKER = "maker", "taker"
_USED = {
    table.RSS: "rss_mb",
    table.CPU: "cpu_pct",
    table.FDS: "open_fds",
    table.THREADS: "threads",
}


class Tally(NamedTuple):
    """What `engine.events.Metered` says."""

    counters: dict[str, dict[str, float]]
    histograms: dict[str, Spread]
    gauges: dict[str, dict[str, float]]


def tally(part: Observation) -> Tally:
    """What happened in `part`: every counter and histogram, and gauges of what there is a row.

    A part is not checked before its window is over: what cannot be true is left out. Makers and
    takers are not counted where the bot does not tell them apart.
    """
    ticks, worth = part.ticks, _worth(part.fills)
    counters: dict[table.Metric, dict[str, Any]] = {
        table.TICKS: {"": len(ticks)},
        table.MISSES: {"": np.count_nonzero(ticks["deadline_miss"])},
        table.HITS: {"": np.count_nonzero(ticks["cache_hit"])},
        table.VOLUME: {"": np.sum(worth)},
        **({} if part.lacks("fills.maker") else _sides(part.fills["maker"], worth)),
        table.BLOCKS: _blocks(part),
        table.ERRORS: {"": len(part.errors)},
    }
    histograms = {
        table.TICK_MS: ticks["total_ms"],
        table.FETCH_MS: ticks["fetch_md_ms"],
        table.ACK_MS: part.acks["latency_ms"],
    }
    return Tally(
        {m.name: {k: float(v) for k, v in given.items()} for m, given in counters.items()},
        {metric.name: spread(values) for metric, values in histograms.items()},
        _gauges(part),
    )


def _worth(fills: NDArray[np.void]) -> NDArray[np.float64]:
    """What each fill is worth, 0 where that cannot be."""
    with np.errstate(all="ignore"):
        worth = notional(fills)
    return np.where(np.isfinite(worth) & (worth > 0), worth, 0.0)


def _sides(
    maker: NDArray[np.bool_], worth: NDArray[np.float64]
) -> dict[table.Metric, dict[str, Any]]:
    return {
        table.TAKEN: {"": np.sum(worth[~maker])},
        table.FILLS: {MAKER: np.count_nonzero(maker), TAKER: np.count_nonzero(~maker)},
    }


def spread(values: NDArray[np.float64]) -> Spread:
    """Milliseconds by bucket: of each bound those up to it and above the one before."""
    values = values[np.isfinite(values) & (values >= 0)]
    at = np.searchsorted(BOUNDS_MS, values, side="left")
    counts = np.bincount(at, minlength=len(BOUNDS_MS) + 1)
    return Spread(counts=tuple(counts.tolist()), total=float(np.sum(values)))


def _blocks(part: Observation) -> dict[str, Any]:
    reasons = part.blocks["reason"]
    known = reasons[(reasons >= 0) & (reasons < len(part.block_reasons))]
    counts = np.bincount(known, minlength=len(part.block_reasons))
    return dict(zip(part.block_reasons, counts.tolist(), strict=True))


def _gauges(part: Observation) -> dict[str, dict[str, float]]:
    found = {}
    if len(part.breaker):
        found[table.BREAKER.name] = {"": float(part.breaker["open"][-1])}
    if len(part.resources):
        newest = part.resources[-1]
        found |= {
            metric.name: {"": float(newest[column])}
            for metric, column in _USED.items()
            if np.isfinite(newest[column])
        }
    return found

"""The absolute limits of B: sustained criteria over the minutes under B, as if in a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pytest_soak.config.durations import span_us
from pytest_soak.gates.criteria import GRID_US, Criteria, Criterion
from pytest_soak.gates.sustained import Sustained, Transition, advance
from pytest_soak.kpi.tables import Rows
from pytest_soak.kpi.windows import WINDOW_METRICS

if TYPE_CHECKING:
    from pytest_soak.observation.columns import Observation


@dataclass(frozen=True)
class Watch:
    """What the criteria know after `minutes` under B: `rows` of the last window, by table.

    Times of rows count from the first minute under B.
    """

    minutes: int = 0
    rows: dict[str, Rows] = field(default_factory=dict)
    sustained: Sustained = field(default_factory=Sustained)


def watched(
    criteria: Criteria, watch: Watch, observation: Observation, skipped_us: int
) -> tuple[Watch, tuple[Transition, ...]]:
    """What follows of a block under B, without its first `skipped_us`: what acted, and the watch.

    A criterion is not evaluated before its window is full.
    """
    start = observation.start_us + skipped_us
    begun_us = watch.minutes * GRID_US
    minutes = (observation.end_us - start) // GRID_US
    rows = dict(watch.rows)
    for table in {WINDOW_METRICS[c.metric].table for c in criteria.criteria}:
        new = getattr(observation, table)
        new = new[new["time_us"] >= start].copy()
        new["time_us"] += begun_us - start
        rows[table] = np.concatenate([rows[table], new]) if table in rows else new
    state, found = watch.sustained, list[Transition]()
    for minute in range(watch.minutes + 1, watch.minutes + minutes + 1):
        t = minute * GRID_US
        values = {c.name: _value(c, rows, t) for c in criteria.criteria if _window(c) <= t}
        state, acted = advance(criteria, state, t, values)
        found += acted
    end = begun_us + minutes * GRID_US
    longest = max(map(_window, criteria.criteria), default=0)
    kept = {name: table[table["time_us"] > end - longest] for name, table in rows.items()}
    return Watch(watch.minutes + minutes, kept, state), tuple(found)


def _value(criterion: Criterion, rows: dict[str, Rows], t: int) -> float | None:
    """The value of a criterion over its window, which ends at `t`."""
    metric = WINDOW_METRICS[criterion.metric]
    table = rows[metric.table]
    first, end = np.searchsorted(table["time_us"], (t - _window(criterion), t), "right")
    return metric.of(table[first:end], _window(criterion) / GRID_US)


def _window(criterion: Criterion) -> int:
    assert criterion.window is not None, "a criterion of the lane so far is none of a block"
    return span_us(criterion.window)

"""What a target has used over a lane so far: how fast its memory and its open files grow."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from pytest_soak.kpi.tables import GROWTH_KPIS, Rows
from pytest_soak.stats.growth import Lows, growth

UNKNOWN = -1
"""When a process was started that does not say it."""


class Usage(BaseModel):
    """The columns of `resources` whose growth is a KPI, each as its lows.

    They are of one process, which was started at `started_us`: with another one all begins anew.
    """

    model_config = ConfigDict(frozen=True)

    columns: dict[str, Lows] = {}
    started_us: int = UNKNOWN

    def lows(self, column: str) -> Lows:
        """The lows of a column so far."""
        return self.columns.get(column, Lows())

    def with_rows(self, resources: Rows) -> Usage:
        """With more rows, in the order of time and none before those that were."""
        if not len(resources):
            return self
        started = np.nan_to_num(resources["started_us"], nan=UNKNOWN)
        now = int(started[-1])
        others = np.flatnonzero(started != now)
        rows = resources[others[-1] + 1 :] if len(others) else resources
        same = not len(others) and now == self.started_us
        before = self if same else Usage()
        columns = {
            column: before.lows(column).with_values(rows["time_us"], rows[column])
            for column in GROWTH_KPIS.values()
        }
        return Usage(columns=columns, started_us=now)


def growth_kpis(usage: Usage) -> dict[str, float | None]:
    """The growth of each column an hour, 0 where none is sure; None before two hours."""
    grown = {name: growth(usage.lows(column)) for name, column in GROWTH_KPIS.items()}
    return {name: None if found is None else found.sure for name, found in grown.items()}

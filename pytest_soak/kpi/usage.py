"""What a target has used over a lane so far: how fast its memory and its open files grow."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from pytest_soak.kpi.tables import GROWTH_KPIS, Rows
from pytest_soak.stats.growth import Lows, growth


class Usage(BaseModel):
    """The columns of `resources` whose growth is a KPI, each as its lows."""

    model_config = ConfigDict(frozen=True)

    columns: dict[str, Lows] = {}

    def lows(self, column: str) -> Lows:
        """The lows of a column so far."""
        return self.columns.get(column, Lows())

    def with_rows(self, resources: Rows) -> Usage:
        """With more rows, in the order of time and none before those that were."""
        if not len(resources):
            return self
        times = resources["time_us"]
        return Usage(
            columns={
                column: self.lows(column).with_values(times, resources[column])
                for column in GROWTH_KPIS.values()
            }
        )


def growth_kpis(usage: Usage) -> dict[str, float | None]:
    """The growth of each column an hour, 0 where none is sure; None before two hours."""
    grown = {name: growth(usage.lows(column)) for name, column in GROWTH_KPIS.items()}
    return {name: None if found is None else found.sure for name, found in grown.items()}

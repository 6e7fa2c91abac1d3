"""Conditions on KPIs: the smallest part of rules and limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, model_validator

from pytest_soak.gates.expressions import ExpressionText, parse

Kpis = Mapping[str, "float | None"]


class Condition(BaseModel):
    """A driver that must be there, or an expression that must hold of a metric or of a cost.

    `cost` is a metric with its sign turned: costs are negative KPIs. `warmup` replaces the
    expression during a warm-up. Nothing holds of a metric without a value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    driver: str | None = None
    metric: str | None = None
    cost: str | None = None
    is_: ExpressionText | None = None
    warmup: ExpressionText | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain_name(cls, data: object) -> object:
        if isinstance(data, dict) and "is" in data:
            return {("is_" if key == "is" else key): value for key, value in data.items()}
        return data

    @model_validator(mode="after")
    def _one_subject(self) -> Condition:
        if sum(x is not None for x in (self.driver, self.metric, self.cost)) != 1:
            raise ValueError("exactly one of driver, metric, cost")
        if self.driver is None and self.is_ is None:
            raise ValueError("an expression under `is`")
        return self

    def holds(self, kpis: Kpis, drivers: Sequence[str] = (), *, warmup: bool = False) -> bool:
        """Whether it holds of the KPIs and drivers of an iteration."""
        if self.driver is not None:
            return self.driver in drivers
        value = kpis.get(self.metric or self.cost or "")
        if value is None:
            return False
        expression = self.warmup if warmup and self.warmup is not None else self.is_
        assert expression is not None
        return parse(expression).holds(-value if self.cost is not None else value)


def all_hold(conditions: Sequence[Condition], kpis: Kpis) -> bool:
    """Whether every condition holds."""
    return all(condition.holds(kpis) for condition in conditions)


def any_holds(conditions: Sequence[Condition], kpis: Kpis) -> bool:
    """Whether one of them holds."""
    return any(condition.holds(kpis) for condition in conditions)

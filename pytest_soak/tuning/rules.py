"""The rules of the tuner `rules`, as data: when each one fires, and what it then suggests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.documents import Document, shipped, validate
from pytest_soak.kpi.definitions import COSTS
from pytest_soak.kpi.summary import cost_of
from pytest_soak.tuning.conditions import Condition, Kpis


class Rule(BaseModel):
    """One rule of `rules.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    when: list[Condition]
    any: list[Condition] = []
    because: str
    deltas: dict[str, float]
    advice: str

    def fires(self, kpis: Kpis, drivers: Sequence[str], *, warmup: bool) -> bool:
        """Whether the rule has something to say of this iteration."""
        held = [c.holds(kpis, drivers, warmup=warmup) for c in self.any]
        return all(c.holds(kpis, drivers, warmup=warmup) for c in self.when) and (
            any(held) if self.any else True
        )

    def rationale(self, kpis: Kpis, drivers: Sequence[str]) -> str:
        """Why it fired and what it advises, in one line."""
        value = kpis.get(self.because)
        if self.because in COSTS:
            value = cost_of(self.because, value)
        shown = "n/a" if value is None else f"{value:.2f}"
        driver = " (driver)" if self.because in drivers else ""
        return f"{self.because}={shown}{driver} -> {self.advice}"


@cache
def load_rules() -> tuple[Rule, ...]:
    """The rules that ship with the package."""
    document = shipped("pytest_soak.tuning", "rules.yaml")
    return tuple(validate(Rule, Document("rules.yaml", row)) for row in document.data)

"""The parameter table: names, units and limits of what can be overridden at run time."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Literal

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field, field_validator, model_validator

from pytest_soak.config.documents import Document, shipped, show, validate
from pytest_soak.config.tables import Table
from pytest_soak.errors import check_words

_MOST = sys.float_info.max
Finite = Annotated[float, AllowInfNan(False)]
Range = Annotated[list[Finite | None], Field(min_length=2, max_length=2)]


class Parameter(BaseModel):
    """One row of a parameter table.

    Attributes:
        default: Its value where nothing else gives one.
        unit: As it is shown.
        bounds: The least and the largest value, inclusive; `null` is open.
        tuner_range: Within which the tuner may move it; without one it leaves it alone.
        max_change_per_hour: How much the tuner may change it in an hour.
        decimals: To which values are rounded.
        raises: By KPI, whether a higher value moves it `up` or `down`.
        effects: By KPI, how far it moves from one end of the tuner range to the other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    default: Finite
    unit: str = ""
    bounds: Range = [None, None]
    tuner_range: Range | None = None
    max_change_per_hour: Finite | None = None
    decimals: Annotated[int, Field(ge=0, le=12)] = 6
    raises: dict[str, Literal["up", "down"]] = {}
    effects: dict[str, Finite] = {}

    @field_validator("bounds", "tuner_range", mode="before")
    @classmethod
    def _tuples_too(cls, given: object) -> object:
        return list(given) if isinstance(given, tuple) else given

    @model_validator(mode="after")
    def _consistent(self) -> Parameter:
        low, high = self.limits
        if not low <= high:
            raise ValueError(f"bounds in rising order, got {self.bounds}")
        for bound in (low, high):
            if self.round(bound) != bound:
                raise ValueError(f"bounds of at most {self.decimals} decimals, got {self.bounds}")
        if not low <= self.default <= high:
            raise ValueError(f"a default within {self.bounds}, got {self.default}")
        lowest, highest = self.tuner_range or (None, None)
        if lowest is not None and highest is not None and lowest > highest:
            raise ValueError(f"a tuner range in rising order, got {self.tuner_range}")
        return self

    @property
    def limits(self) -> tuple[float, float]:
        """The bounds as numbers; an open one is the largest number there is."""
        low, high = self.bounds
        return (-_MOST if low is None else low, _MOST if high is None else high)

    def round(self, value: float) -> float:
        """`value` to `decimals`, never minus zero."""
        return round(value, self.decimals) + 0.0

    def clamp(self, value: float) -> float:
        """`value` within the bounds, rounded."""
        low, high = self.limits
        return self.round(min(max(value, low), high))

    def complaint(self, value: object) -> str | None:
        """What is wrong with `value` as this parameter's value; None when nothing is."""
        low, high = self.limits
        wanted = f"expected a number{span(self.bounds)}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{wanted}, got {show(value)}"
        if not low <= value <= high:
            return f"{wanted}, got {show(value)}"
        return None


def span(bounds: Sequence[float | None]) -> str:
    """The bounds in words, empty where both are open: to follow what must lie within them."""
    low, high = bounds
    if low is None and high is None:
        return ""
    if high is None:
        return f" of at least {low:g}"
    return f" of at most {high:g}" if low is None else f" from {low:g} to {high:g}"


class ParameterTable(Table[Parameter]):
    """The parameters of a target, by name."""

    kind = "parameter"

    def __init__(self, rows: Mapping[str, Parameter], source: str) -> None:
        super().__init__(rows, source)
        self._slopes: dict[str, dict[str, float]] = {}

    def defaults(self) -> dict[str, float]:
        """The default of each parameter."""
        return {name: row.round(row.default) for name, row in self.items()}

    def slopes(self, metric: str) -> Mapping[str, float]:
        """The change of a metric per unit of each parameter that has an effect on it."""
        if metric not in self._slopes:
            self._slopes[metric] = {
                name: row.effects[metric] / (high - low)
                for name, row in self.items()
                for low, high in [row.tuner_range or (None, None)]
                if metric in row.effects and low is not None and high is not None and low < high
            }
        return self._slopes[metric]

    def check(self, name: str, value: object, source: str) -> float:
        """`value` rounded; SoakUsageError for an unknown name or a value outside the bounds."""
        row = self.row(name, value, source)
        assert isinstance(value, int | float)
        return row.round(value)

    @classmethod
    def from_document(cls, document: Document) -> ParameterTable:
        """A table from YAML or JSON data: a mapping from name to row."""
        if not isinstance(document.data, dict) or not document.data:
            document.fail((), "expected a parameter table: names, each with at least a default")
        check_words(document.data, "parameter", document.source)
        rows = {name: validate(Parameter, document, (name,)) for name in document.data}
        return cls(rows, document.source)


@cache
def reference_table() -> ParameterTable:
    """The table of the reference maker, `parameters.yaml`."""
    return ParameterTable.from_document(shipped("pytest_soak.config", "parameters.yaml"))

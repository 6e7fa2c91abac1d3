"""What sustained criteria are: a YAML file of limits that may not be passed for long."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pytest_soak.config.documents import read_document, validate
from pytest_soak.config.durations import SpanText, span_us
from pytest_soak.config.names import NAME, Shelf
from pytest_soak.errors import unknown
from pytest_soak.gates.expressions import Expression, ExpressionText, check_reach, parse
from pytest_soak.kpi.windows import WINDOW_METRICS

GRID_US = 60_000_000
"""Criteria are evaluated at each full minute (UTC) of the target's clock."""

Action = Literal["stop", "warn"]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class NoData(_Data):
    """What a criterion does once there has been no value `for` so long."""

    for_: SpanText = Field("0s", alias="for")
    then: Action


class Criterion(_Data):
    """One limit: it acts once `stop_if` (or `warn_if`) has held of `metric` `for` so long.

    The metric is of the events of the last `window`; what is of the lane so far takes none. A
    warning is over once `clear_if` has held `clear_for` so long; without a `clear_if` that is once
    the limit does not hold.
    """

    name: Annotated[str, Field(pattern=NAME)]
    metric: str
    stop_if: ExpressionText | None = None
    warn_if: ExpressionText | None = None
    window: SpanText | None = None
    for_: SpanText = Field("0s", alias="for")
    no_data: NoData | None = None
    clear_if: ExpressionText | None = None
    clear_for: SpanText = "0s"

    @model_validator(mode="after")
    def _can_act(self) -> Criterion:
        if (self.stop_if is None) == (self.warn_if is None):
            raise ValueError("one of stop_if and warn_if")
        if self.metric not in WINDOW_METRICS:
            raise ValueError(unknown("metric", self.metric, WINDOW_METRICS))
        metric = WINDOW_METRICS[self.metric]
        check_reach(self.limit, None, metric.low, metric.high)
        self._check_window()
        self._check_clearing()
        return self

    def _check_window(self) -> None:
        if not WINDOW_METRICS[self.metric].windowed:
            if self.window is not None:
                raise ValueError(f"no window: {self.metric} is of the lane so far")
        elif self.window is None:
            raise ValueError(f"a window for {self.metric}, e.g. 5m")
        elif span_us(self.window) < GRID_US:
            raise ValueError(f"a window of 60s or more, got {self.window!r}")

    def _check_clearing(self) -> None:
        if self.warns is False:
            if self.clear_if is not None or self.clear_for != "0s":
                raise ValueError("no clear_if and no clear_for: a stop is for good")
            return
        if self.clear_if is None:
            return
        clears = parse(self.clear_if)
        both = [p for p in (*self.limit.near(), *clears.near()) if self.limit.holds(p)]
        if any(clears.holds(point) for point in both):
            raise ValueError(f"a clear_if that holds of no value of {self.limit.text!r}")

    @property
    def limit(self) -> Expression:
        """What must not hold for long."""
        return parse(self.stop_if or self.warn_if or "")

    @property
    def action(self) -> Action:
        """What it does when that has held so long."""
        return "stop" if self.stop_if is not None else "warn"

    @property
    def warns(self) -> bool:
        """Whether it may warn, be it for want of data."""
        return self.action == "warn" or (self.no_data is not None and self.no_data.then == "warn")

    @property
    def title(self) -> str:
        """What it acts on, in words: `taker: taker_ratio of 1h > 0.09 for 10m`."""
        of = "" if self.window is None else f" of {self.window}"
        lasts = "" if self.for_ == "0s" else f" for {self.for_}"
        return f"{self.name}: {self.metric}{of} {self.limit.text}{lasts}"

    def clears(self, value: float) -> bool:
        """Whether `value` is one of those that end a warning."""
        return parse(self.clear_if).holds(value) if self.clear_if else not self.limit.holds(value)


class Criteria(_Data):
    """A named set of sustained criteria; one without any never acts."""

    name: Annotated[str, Field(pattern=NAME)]
    description: str = ""
    criteria: list[Criterion]

    @model_validator(mode="after")
    def _have_names_of_their_own(self) -> Criteria:
        names = [criterion.name for criterion in self.criteria]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"criteria with names of their own, {name!r} is there twice")
        return self


OFF = Criteria(name="off", criteria=[])
"""What never acts: the word `off` in place of a file."""


def criteria_shelf(user_folder: Path) -> Shelf:
    """The user's `criteria/`, then the package's."""
    return Shelf("criteria", (user_folder / "criteria", Path(__file__).parent / "stops"))


def load_criteria(given: str, shelf: Shelf, base: Path, source: str) -> Criteria:
    """The criteria meant by `given`: `off`, a name, or a path relative to `base`.

    Raises SoakUsageError for anything wrong with the name or the file.
    """
    if given == OFF.name:
        return OFF
    path = shelf.find(given, base, source)
    return validate(Criteria, read_document(path, given if path.parent == base else str(path)))


def metrics_of(criteria: Iterable[Criterion]) -> list[str]:
    """The metrics that criteria name, each once."""
    return list(dict.fromkeys(criterion.metric for criterion in criteria))

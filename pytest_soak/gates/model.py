"""What a gate is: a YAML file of thresholds."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pytest_soak.config.documents import read_document, validate
from pytest_soak.config.names import NAME, Shelf
from pytest_soak.errors import SoakUsageError, unknown
from pytest_soak.gates.expressions import (
    Expression,
    ExpressionText,
    LimitText,
    ShareText,
    check_at_once,
    check_harm,
    check_reach,
    parse,
    parse_percent,
    parse_share,
)
from pytest_soak.kpi.definitions import KNOWN
from pytest_soak.kpi.spans import SPAN_KPIS, so_far

DriftRule = Literal["fail", "warn", "off"]

Basis = Literal["absolute", "relative", "difference"]
"""What a limit is of: the value, its change in % of the baseline's, or its change."""

_PARSERS: dict[Basis, Callable[[str], Expression]] = {
    "absolute": parse,
    "relative": parse_percent,
    "difference": parse,
}
_OF_A_LANE = ("min_samples", "window", "for_", "fail_at_once", "drift", "confidence")


class Threshold(BaseModel):
    """What must hold of one metric.

    `window` judges the median of the last so many iterations instead of the last value; `for`
    fails or warns only when the expression did not hold so many iterations in a row, but for
    `fail_at_once`, which one iteration may not break; `min_samples` is the least number of events
    the value may rest on; `no_data` is the verdict without a value.

    Two keys are of a lane's end alone. `drift` is the verdict on a lane whose value changes for the
    worse from iteration to iteration. With `confidence` the end judges the mean over all steady
    graded iterations, and only what is that sure; HOLD is what is not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    metric: str
    baseline: Basis = "absolute"
    fail_unless: LimitText | None = None
    warn_unless: LimitText | None = None
    min_samples: Annotated[int, Field(ge=1)] | None = None
    no_data: Literal["fail", "warn"] = "fail"
    window: Annotated[int, Field(ge=1, le=1000)] = 1
    for_: Annotated[int, Field(ge=1, le=1000, alias="for")] = 1
    fail_at_once: ExpressionText | None = None
    drift: DriftRule | None = None
    confidence: Annotated[float, Field(ge=0.5, le=0.9999)] | None = None

    @property
    def of_iterations(self) -> bool:
        """Whether each iteration has a value of its own."""
        return self.metric not in SPAN_KPIS and not so_far(self.metric)

    @property
    def of_baseline(self) -> bool:
        """Whether it judges a run beside its baseline, and no lane."""
        return self.baseline != "absolute"

    @field_validator("fail_unless", "warn_unless")
    @classmethod
    def _is_of_its_basis(cls, text: str | None, info: ValidationInfo) -> str | None:
        if text is not None:
            _PARSERS[info.data.get("baseline", "absolute")](text)
        return text

    @model_validator(mode="after")
    def _can_follow(self) -> Threshold:
        for key in ("drift", "confidence", "baseline"):
            if getattr(self, key) not in (None, "off", "absolute") and not self.of_iterations:
                raise ValueError(f"no {key}: {self.metric} is of a span, not of each iteration")
        fields = type(self).model_fields
        given = [key for key in _OF_A_LANE if getattr(self, key) != fields[key].default]
        if self.of_baseline and given:
            problem = f"no {given[0].rstrip('_')}: a baseline is compared with whole lanes"
            raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _can_decide(self) -> Threshold:
        fails, warns = self.limits
        low, high = _reach(self.metric, self.baseline)
        check_reach(fails, warns, low, high)
        if self.of_baseline:
            for limit in (fails, warns):
                if limit is not None:
                    check_harm(limit)
        if self.fail_at_once is not None:
            if fails is None or self.for_ == 1:
                raise ValueError("`for` of 2 or more and fail_unless beside fail_at_once")
            check_at_once(parse(self.fail_at_once), fails, low, high)
        return self

    @property
    def limits(self) -> tuple[Expression | None, Expression | None]:
        """`fail_unless` and `warn_unless`, parsed."""
        return _said(self.fail_unless, self.warn_unless, _PARSERS[self.baseline])


class Failed(BaseModel):
    """How many graded iterations of a lane may FAIL: a count, or a share of them with `%`.

    It fails a lane only with `at_least` so many.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fail_unless: ShareText | None = None
    warn_unless: ShareText | None = None
    at_least: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _can_decide(self) -> Failed:
        said = _said(self.fail_unless, self.warn_unless, parse_share)
        for limit in said:
            if limit is not None and not limit.holds(0.0):
                raise ValueError(f'a limit that holds of none, e.g. "<= 10 %", not {limit.text!r}')
        for percent, most in ((True, 100.0), (False, math.inf)):
            fails, warns = (e if e and e.percent is percent else None for e in said)
            check_reach(fails, warns, 0.0, most)
        return self


def _said(
    fail_unless: str | None, warn_unless: str | None, parsed: Callable[[str], Expression]
) -> tuple[Expression | None, Expression | None]:
    if fail_unless is None and warn_unless is None:
        raise ValueError("fail_unless or warn_unless")
    fails, warns = (None if t is None else parsed(t) for t in (fail_unless, warn_unless))
    return fails, warns


def range_of(metric: str) -> tuple[float, float]:
    """The lowest and the highest value that a metric can have, by the KPI table."""
    kpi = SPAN_KPIS[metric].kpi if metric in SPAN_KPIS else KNOWN.get(metric)
    return (-math.inf, math.inf) if kpi is None else (kpi.low, kpi.high)


def _reach(metric: str, basis: Basis) -> tuple[float, float]:
    """The lowest and the highest value of what a limit is of."""
    low, high = range_of(metric)
    if basis == "relative":
        return (-100.0 if low >= 0.0 else -math.inf), math.inf
    return (low, high) if basis == "absolute" else (low - high, high - low)


def _of_lanes(thresholds: list[Threshold]) -> list[Threshold]:
    return [t for t in thresholds if not t.of_baseline]


def _others(thresholds: list[Threshold], metrics: Collection[str]) -> list[Threshold]:
    return [t for t in thresholds if t.metric not in metrics]


class OnMarket(BaseModel):
    """What a gate asks for on one market, in place of what it asks for elsewhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    thresholds: list[Threshold] = []
    failed: Failed | None = None


class Gate(BaseModel):
    """A named set of thresholds.

    `grace` iterations at a lane's start count as at most WARN. `failed` says how many of the others
    may FAIL. `final` names the gates that judge the end of the lane together with this one; of a
    lane whose overrides changed under way they need `min_final` iterations with the last ones.
    `drift` is that of the thresholds that say nothing of it. `markets` holds, by market, the
    thresholds that replace those for the same metric there, and the `failed` that does; what is of
    a baseline replaces what is of one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=NAME)]
    description: str = ""
    grace: Annotated[int, Field(ge=0)] = 0
    final: list[str] = []
    min_final: Annotated[int, Field(ge=1)] = 4
    failed: Failed | None = None
    drift: DriftRule = "off"
    thresholds: Annotated[list[Threshold], Field(min_length=1)]
    markets: dict[str, OnMarket] = {}

    @field_validator("markets")
    @classmethod
    def _are_markets(cls, blocks: dict[str, OnMarket]) -> dict[str, OnMarket]:
        for market in blocks:
            if not re.fullmatch(NAME, market):
                raise ValueError(f"names of markets, got {market!r}")
        return blocks

    def on(self, market: str) -> list[Threshold]:
        """The thresholds in force on `market` that judge a lane."""
        return _of_lanes(self._in_force(market))

    def on_baseline(self, market: str) -> list[Threshold]:
        """The thresholds in force on `market` that judge a run beside its baseline."""
        return [t for t in self._in_force(market) if t.of_baseline]

    def _in_force(self, market: str) -> list[Threshold]:
        block = self.markets.get(market, OnMarket()).thresholds
        replaced = {(t.metric, t.of_baseline) for t in block}
        return [t for t in self.thresholds if (t.metric, t.of_baseline) not in replaced] + block

    def without_baseline(self) -> Gate:
        """What of it judges lanes, which may be nothing."""
        markets = {
            name: block.model_copy(update={"thresholds": _of_lanes(block.thresholds)})
            for name, block in self.markets.items()
        }
        return self.model_copy(
            update={"thresholds": _of_lanes(self.thresholds), "markets": markets}
        )

    def without(self, metrics: Collection[str]) -> Gate:
        """What of it is over other metrics than these, which may be nothing."""
        kept = {
            name: block.model_copy(update={"thresholds": _others(block.thresholds, metrics)})
            for name, block in self.markets.items()
        }
        update = {"thresholds": _others(self.thresholds, metrics), "markets": kept}
        return self.model_copy(update=update)

    @property
    def needs_baseline(self) -> bool:
        """Whether any of its thresholds is of a baseline."""
        return any(t.of_baseline for block in self.blocks().values() for t in block)

    def drift_of(self, threshold: Threshold) -> DriftRule:
        """The verdict on a drift of what one of its thresholds is on."""
        return (threshold.drift or self.drift) if threshold.of_iterations else "off"

    def failed_on(self, market: str) -> Failed | None:
        """How many iterations may FAIL on `market`; None where nothing is said of it."""
        return self.markets.get(market, OnMarket()).failed or self.failed

    def blocks(self) -> dict[tuple[str, ...], list[Threshold]]:
        """Every list of thresholds that it has, by its place in the file."""
        found: dict[tuple[str, ...], list[Threshold]] = {("thresholds",): self.thresholds}
        for name, block in self.markets.items():
            found["markets", name, "thresholds"] = block.thresholds
        return found

    def metrics(self) -> list[str]:
        """Every metric that it names, in order."""
        return list(dict.fromkeys(t.metric for block in self.blocks().values() for t in block))

    def restricted(self, metrics: Collection[str], market: str) -> dict[str, object]:
        """The gate on `market` as data, with only the thresholds on `metrics`: to be pasted."""
        block = {
            "thresholds": [t for t in self._in_force(market) if t.metric in metrics],
            "failed": self.failed_on(market),
        }
        alone = self.model_copy(update={**block, "description": "", "final": [], "markets": {}})
        return alone.model_dump(by_alias=True, exclude_defaults=True)


def gate_shelf(user_folder: Path) -> Shelf:
    """The user's `gates/`, then the package's."""
    return Shelf("gate", (user_folder / "gates", Path(__file__).parent / "builtin"))


def load_gate(
    given: str, shelf: Shelf, base: Path, source: str, known: Collection[str] | None = None
) -> Gate:
    """The gate meant by `given`, a name or a path relative to `base`.

    `known` are the metrics there are; None leaves them unchecked until the target is known.
    Raises SoakUsageError for anything wrong with the name, the file or a metric.
    """
    return _read(shelf.find(given, base, source), given, base, known)


def load_gates(given: str, shelf: Shelf, base: Path, source: str) -> tuple[Gate, ...]:
    """The gate meant by `given`, and those it names as `final`: all that judge a lane's end.

    A path under `final` is relative to the gate's file. Raises SoakUsageError as `load_gate`.
    """
    path = shelf.find(given, base, source)
    gate = _read(path, given, base, None)
    try:
        finals = [load_gate(name, shelf, path.parent, source) for name in gate.final]
    except SoakUsageError as error:
        raise SoakUsageError(
            error.source, f"{error.problem} (named as final by {gate.name})"
        ) from None
    return (gate, *finals)


def _read(path: Path, given: str, base: Path, known: Collection[str] | None) -> Gate:
    document = read_document(path, given if path.parent == base else str(path))
    gate = validate(Gate, document)
    for where, block in gate.blocks().items():
        for index, threshold in enumerate(block):
            if known is not None and threshold.metric not in known:
                problem = unknown("metric", threshold.metric, known)
                document.fail((*where, index, "metric"), problem)
    return gate

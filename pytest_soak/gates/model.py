"""What a gate is: a YAML file of thresholds."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pytest_soak.config.documents import read_document, validate
from pytest_soak.config.names import NAME, Shelf
from pytest_soak.errors import SoakUsageError, unknown
from pytest_soak.gates.expressions import ExpressionText
from pytest_soak.options import MARKETS


class Threshold(BaseModel):
    """What must hold of one metric.

    `window` judges the median of the last so many iterations instead of the last value; `for`
    fails or warns only when the expression did not hold so many iterations in a row; `min_samples`
    is the least number of events the value may rest on; `no_data` is the verdict without a value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    metric: str
    fail_unless: ExpressionText | None = None
    warn_unless: ExpressionText | None = None
    min_samples: Annotated[int, Field(ge=1)] | None = None
    no_data: Literal["fail", "warn"] = "fail"
    window: Annotated[int, Field(ge=1, le=1000)] = 1
    for_: Annotated[int, Field(ge=1, le=1000, alias="for")] = 1

    @model_validator(mode="after")
    def _says_something(self) -> Threshold:
        if self.fail_unless is None and self.warn_unless is None:
            raise ValueError("fail_unless or warn_unless")
        return self


class Gate(BaseModel):
    """A named set of thresholds.

    `grace` iterations at a lane's start count as at most WARN. `markets` holds, by market, the
    thresholds that replace those for the same metric there. `final` names the gates that judge
    the end of the lane together with this one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=NAME)]
    description: str = ""
    grace: Annotated[int, Field(ge=0)] = 0
    final: list[str] = []
    thresholds: Annotated[list[Threshold], Field(min_length=1)]
    markets: dict[str, list[Threshold]] = {}

    @field_validator("markets")
    @classmethod
    def _are_markets(cls, blocks: dict[str, list[Threshold]]) -> dict[str, list[Threshold]]:
        for market in blocks:
            if market not in MARKETS:
                raise ValueError(f"names of markets; {unknown('market', market, MARKETS)}")
        return blocks

    def on(self, market: str) -> list[Threshold]:
        """The thresholds in force on `market`."""
        block = self.markets.get(market, [])
        replaced = {threshold.metric for threshold in block}
        return [t for t in self.thresholds if t.metric not in replaced] + block

    def metrics(self) -> list[str]:
        """Every metric that it names, in order."""
        blocks = [self.thresholds, *self.markets.values()]
        return list(dict.fromkeys(t.metric for block in blocks for t in block))

    def restricted(self, metrics: Collection[str]) -> dict[str, object]:
        """The gate as data, with only the thresholds on `metrics`: to be pasted into a file."""

        def kept(block: list[Threshold]) -> list[dict[str, object]]:
            own = (t for t in block if t.metric in metrics)
            return [t.model_dump(by_alias=True, exclude_defaults=True) for t in own]

        markets = {name: block for name, given in self.markets.items() if (block := kept(given))}
        data = {"name": self.name, "grace": self.grace, "thresholds": kept(self.thresholds)}
        return data | ({"markets": markets} if markets else {})


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
    blocks: dict[tuple[str, ...], list[Threshold]] = {("thresholds",): gate.thresholds}
    blocks |= {("markets", market): block for market, block in gate.markets.items()}
    for where, block in blocks.items():
        for index, threshold in enumerate(block):
            if known is not None and threshold.metric not in known:
                problem = unknown("metric", threshold.metric, known)
                document.fail((*where, index, "metric"), problem)
    return gate

"""What a tuner is shown after an iteration, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.parameters import ParameterTable
from pytest_soak.gates.expressions import parse
from pytest_soak.tuning.conditions import Kpis
from pytest_soak.tuning.limits import Limits
from pytest_soak.tuning.rules import Rule


class Side(StrEnum):
    """On which side of its limit a metric should be."""

    ABOVE = ">="
    BELOW = "<="


class Reading(BaseModel):
    """A steady, graded iteration: the overrides in force and what was measured under them."""

    model_config = ConfigDict(frozen=True)

    overrides: dict[str, float]
    kpis: dict[str, float | None]


@dataclass(frozen=True)
class View:
    """All that a tuner may look at.

    `kpis` and `drivers` are of the iteration that just ended, `warmup` is its phase; `readings`
    are the last steady, graded iterations, oldest first, that one included if it is one. `goals`
    are the limits that metrics should keep.
    """

    table: ParameterTable
    baseline: dict[str, float]
    kpis: Kpis
    drivers: Sequence[str]
    warmup: bool
    readings: Sequence[Reading]
    goals: Mapping[tuple[str, Side], float]
    limits: Limits
    rules: Sequence[Rule]


class Proposal(BaseModel):
    """What a tuner suggests: deltas of the baseline, already within the tuner ranges, and why.

    `swallowed` are suggestions of which the tuner range leaves nothing.
    """

    model_config = ConfigDict(frozen=True)

    deltas: dict[str, float] = {}
    swallowed: dict[str, float] = {}
    rationale: tuple[str, ...] = ()
    error: str | None = None


def goals(thresholds: Iterable[tuple[str, str]]) -> dict[tuple[str, Side], float]:
    """The strictest limit of each metric and side among expressions; `==` and `!=` are no limit."""
    found: dict[tuple[str, Side], float] = {}
    for metric, text in thresholds:
        expression = parse(text)
        if expression.symbol not in ("<", "<=", ">", ">="):
            continue
        side = Side.ABOVE if expression.symbol.startswith(">") else Side.BELOW
        stricter = max if side is Side.ABOVE else min
        limit = expression.limit
        found[metric, side] = stricter(found.get((metric, side), limit), limit)
    return found

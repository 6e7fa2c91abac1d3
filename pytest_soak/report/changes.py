"""Who moved a parameter, when and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from pytest_soak.config.overrides import OPERATOR
from pytest_soak.engine.control import TUNER
from pytest_soak.report.values import ReportIteration
from pytest_soak.tuning.freeze import PANIC

PHASE = "phase"


class Change(NamedTuple):
    """A parameter that has another value from `iteration` on; `by` says who moved it."""

    iteration: int
    parameter: str
    before: float
    after: float
    by: str
    reason: str


def changes(iterations: Sequence[ReportIteration]) -> Iterator[Change]:
    """Every change between neighbouring iterations; across a gap nothing can be said."""
    operators: dict[str, float] = {}
    for before, after in pairwise(iterations):
        for name, value in after.overrides.items():
            old = before.overrides.get(name)
            if old is None or old == value or after.number != before.number + 1:
                continue
            by, reason = _why(name, value, before, after, operators)
            yield Change(after.number, name, old, value, by, reason)


def _why(
    name: str,
    value: float,
    before: ReportIteration,
    after: ReportIteration,
    operators: dict[str, float],
) -> tuple[str, str]:
    source = after.sources.get(name, "")
    if source == OPERATOR and operators.get(name) != value:
        operators[name] = value
        return OPERATOR, "edited while the soak ran"
    if before.panicked and source == PANIC:
        return PANIC, "failed three times in a row: back to what was safe"
    if name in before.deltas:
        return TUNER, "; ".join(_about(name, before.rationale))
    return (
        PHASE,
        before.phase if before.phase == after.phase else f"{before.phase} to {after.phase}",
    )


def _about(name: str, rationale: Sequence[str]) -> Sequence[str]:
    """The lines that name the parameter; all of them where none does."""
    word = re.compile(rf"(?<![\w.]){re.escape(name)}(?![\w.])")
    return [line for line in rationale if word.search(line)] or rationale

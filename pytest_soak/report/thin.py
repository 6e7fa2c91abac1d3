"""Long runs in few points: neighbouring iterations are grouped, and nothing bad is lost."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from pytest_soak.gates.engine import Verdict, worst
from pytest_soak.report.charts import Point, Span
from pytest_soak.report.values import ReportIteration

MOST_POINTS = 1200
"""Of one curve in all lanes together; a lane keeps LEAST_POINTS however many there are."""
LEAST_POINTS, FULL_POINTS = 40, 240


class Group(NamedTuple):
    """Neighbouring iterations that are drawn as one."""

    iterations: Sequence[ReportIteration]

    @property
    def first(self) -> int:
        """The number of the first."""
        return self.iterations[0].number

    @property
    def last(self) -> int:
        """The number of the last."""
        return self.iterations[-1].number

    @property
    def single(self) -> bool:
        """Whether it is one iteration."""
        return len(self.iterations) == 1

    @property
    def verdict(self) -> Verdict:
        """The worst of its verdicts."""
        return worst([one.verdict for one in self.iterations])

    @property
    def name(self) -> str:
        """What to call it."""
        if self.first == self.last:
            return f"iteration {self.first}"
        return f"iterations {self.first} to {self.last}"

    def kpi(self, name: str) -> Point:
        """A KPI: its median, lowest and highest value."""
        return self._point([one.kpis.get(name) for one in self.iterations])

    def override(self, name: str) -> Point:
        """A parameter, as it was at last."""
        value = self.iterations[-1].overrides.get(name)
        return Point(self.first, self.last, value, value, value)

    def _point(self, given: Sequence[float | None]) -> Point:
        values = [v for v in given if v is not None]
        if not values:
            return Point(self.first, self.last, None, None, None)
        return Point(self.first, self.last, median(values), min(values), max(values))


class Detail(NamedTuple):
    """How much is shown of a lane: so many iterations as one point, so many rows of a table.

    A line of it has about so many `points`.
    """

    size: int
    rows: int
    points: int


def detail(iterations: int, lanes: int) -> Detail:
    """What is shown of each of so many lanes, the longest of which has so many iterations."""
    points = min(max(MOST_POINTS // lanes, LEAST_POINTS), FULL_POINTS)
    rows = min(max(600 // lanes, 20), 100)
    return Detail(max(1, -(-iterations // points)), rows, points)


def groups(iterations: Sequence[ReportIteration], size: int) -> list[Group]:
    """All iterations in groups of `size`, the last of them perhaps smaller."""
    return [Group(iterations[n : n + size]) for n in range(0, len(iterations), size)]


def spans(found: Sequence[tuple[Group, str]]) -> list[Span]:
    """Neighbouring groups of one kind together; those of kind `""` are left out."""
    merged: list[Span] = []
    for group, kind in found:
        if merged and merged[-1].kind == kind:
            merged[-1] = merged[-1]._replace(last=group.last)
        else:
            merged.append(Span(group.first, group.last, kind))
    return [span for span in merged if span.kind]

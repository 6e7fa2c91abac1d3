"""Which KPIs a screen has room for, as columns under their limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pytest_soak.gates.expressions import parse_share
from pytest_soak.gates.model import Gate, Threshold
from pytest_soak.kpi.definitions import SHORT, kpi_order
from pytest_soak.kpi.spans import is_own
from pytest_soak.text import brief

GAP = "  "
_NARROWEST = 6
_LONGEST_LABEL = 12


class Column(NamedTuple):
    """A KPI of a screen: its name, its heading, and the limit beneath, empty for none."""

    metric: str
    label: str
    limit: str

    @property
    def width(self) -> int:
        """Characters that it takes, without the gap before it."""
        return max(_NARROWEST, len(self.label), len(self.limit))

    def cell(self, kpis: Mapping[str, float | None]) -> str:
        """Its value among `kpis`, to the right; blank where there are no KPIs at all."""
        return (brief(kpis.get(self.metric)) if kpis else "").rjust(self.width)


def gated_columns(judged: Iterable[tuple[Gate, str]]) -> list[Column]:
    """A column for each KPI of an iteration that a gate judges on its market, headlines first.

    A limit that is not the same for all of them is left out.
    """
    limits: dict[str, set[str]] = {}
    for gate, market in judged:
        for threshold in gate.on(market):
            if threshold.of_iterations:
                limits.setdefault(threshold.metric, set()).add(limit_of(threshold))
    return [
        Column(metric, label_of(metric), texts.pop() if len(texts) == 1 else "")
        for metric, texts in sorted(limits.items(), key=lambda one: kpi_order(one[0]))
    ]


def other_columns(kpis: Iterable[str], there: Sequence[Column]) -> list[Column]:
    """A column for each KPI that is usual, or a bot's own, and has none `there`."""
    gated = {column.metric for column in there}
    wanted = (name for name in kpis if (name in SHORT or is_own(name)) and name not in gated)
    return [Column(name, label_of(name), "") for name in sorted(wanted, key=kpi_order)]


def label_of(metric: str) -> str:
    """The heading of a KPI, shortened where its name is long."""
    label = SHORT.get(metric, metric)
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}~"


def limit_of(threshold: Threshold) -> str:
    """What fails unless it holds, `>=2`; in parentheses where breaking it only warns."""
    if threshold.fail_unless is not None:
        return tight(threshold.fail_unless)
    return f"({tight(threshold.warn_unless)})" if threshold.warn_unless is not None else ""


def tight(expression: str) -> str:
    """An expression in as few characters as it takes: `>= 2.0` is `>=2`."""
    parsed = parse_share(expression)
    return f"{parsed.symbol}{parsed.limit:.6g}{'%' if parsed.percent else ''}"


def fitting(columns: Sequence[Column], room: int) -> list[Column]:
    """The first of them, as many as `room` characters take, each with a gap before it."""
    found: list[Column] = []
    for column in columns:
        room -= len(GAP) + column.width
        if room < 0:
            break
        found.append(column)
    return found


def cells(texts: Iterable[str]) -> str:
    """Cells of a line, each with a gap before it."""
    return "".join(GAP + text for text in texts)

"""What the report shows of runs beside a reference, as plain values for its template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_soak.artifacts.compare_models import ComparedKpi, ComparedLanes, ComparedRuns, Found
from pytest_soak.comparing.words import asides, title
from pytest_soak.report.charts import Chart
from pytest_soak.report.whisker import whisker


@dataclass(frozen=True)
class ComparedRow:
    """A KPI that differs, and its picture."""

    kpi: ComparedKpi
    chart: Chart


@dataclass(frozen=True)
class ComparedGroup:
    """Lanes beside those of the reference: how, what differs, and what else is to be known."""

    title: str
    verdict: str
    notes: Sequence[str]
    rows: Sequence[ComparedRow]
    asides: Sequence[str]


@dataclass(frozen=True)
class ComparedView:
    """The whole section; `headline` is the sentence of the verdict, without the verdict."""

    verdict: str
    headline: str
    groups: Sequence[ComparedGroup]
    notes: Sequence[str]
    meta: Mapping[str, str]


def compared_view(found: ComparedRuns) -> ComparedView:
    """What is shown of a comparison."""
    return ComparedView(
        verdict=found.verdict,
        headline=found.text.removeprefix(f"{found.verdict} "),
        groups=[_group(one, found.reference) for one in found.comparisons],
        notes=found.notes,
        meta={name: str(value) for name, value in found.meta.items()},
    )


def _group(one: ComparedLanes, reference: str) -> ComparedGroup:
    return ComparedGroup(
        title=title(one, reference),
        verdict=one.verdict,
        notes=one.notes,
        rows=[ComparedRow(kpi, whisker(kpi)) for kpi in one.kpis if kpi.found != Found.IDENTICAL],
        asides=list(asides(one)),
    )

"""HTML as text: each page is one file that refers to no other."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_soak.artifacts.ab_found import FoundAb
from pytest_soak.artifacts.compare_models import ComparedRuns
from pytest_soak.report.ab_view import ab_view
from pytest_soak.report.compared import compared_view
from pytest_soak.report.templating import rendered
from pytest_soak.report.values import ReportRun
from pytest_soak.report.view import page_view


def report_text(
    run: ReportRun, rates: Mapping[str, str], compared: ComparedRuns | None = None
) -> str:
    """The report of a run; the same bytes for the same run, but for its `meta` block.

    `rates` are the error rates of gates, by the lane that they judged; `compared` has the run
    beside a reference.
    """
    beside = None if compared is None else compared_view(compared)
    page = page_view(run, rates, beside=compared is not None)
    return rendered("report.html", page=page, compared=beside)


def ab_page(found: FoundAb) -> str:
    """A page of an A/B, alone; the same bytes for the same stages."""
    return rendered("ab.html", ab=ab_view(found))


def comparison_text(compared: ComparedRuns) -> str:
    """A page of runs beside a reference, alone."""
    return rendered("comparison.html", compared=compared_view(compared))

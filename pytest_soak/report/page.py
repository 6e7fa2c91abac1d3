"""The HTML report as text: one file that refers to no other."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_soak.report.read import ReportRun
from pytest_soak.report.templating import rendered
from pytest_soak.report.view import page_view


def report_text(run: ReportRun, rates: Mapping[str, str]) -> str:
    """The report of a run; the same bytes for the same run, but for its `meta` block.

    `rates` are the error rates of gates, by the lane that they judged.
    """
    return rendered("report.html", page=page_view(run, rates))

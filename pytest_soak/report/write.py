"""Writing what is to look at after a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_soak.artifacts.compare_models import ComparedRuns
from pytest_soak.artifacts.layout import Layout
from pytest_soak.report.markdown import trend_text
from pytest_soak.report.page import report_text
from pytest_soak.report.read import read_run
from pytest_soak.storage.files import write_text
from pytest_soak.storage.links import plain


def write_report(
    layout: Layout,
    report: Path,
    rates: Mapping[str, str],
    compared: ComparedRuns | None = None,
) -> None:
    """Write STEADY_TREND.md of the latest run, and its HTML report to `report`.

    `rates` are the error rates of gates, by the lane that they judged; `compared` has the run
    beside a reference.

    Raises SoakUsageError for a file that cannot be read, ArtifactError for one that cannot be
    written.
    """
    for path in (layout.trend, report):
        _no_link(layout, path)
    run = read_run(layout.latest)
    write_text(layout.trend, trend_text(run))
    write_text(report, report_text(run, rates, compared))


def write_unfinished(layout: Layout, report: Path) -> None:
    """Write the HTML report of a run that goes on; raises as `write_report`."""
    _no_link(layout, report)
    write_text(report, report_text(read_run(layout.latest), {}))


def _no_link(layout: Layout, path: Path) -> None:
    if path.is_relative_to(layout.root):
        plain(layout.root, path)

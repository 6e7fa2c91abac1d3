"""STEADY_TREND.md: the trends of a run as tables that are also readable as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_soak.errors import escaped
from pytest_soak.gates.engine import FINAL_WINDOW
from pytest_soak.gates.lasting import FAMILY_CHANCE
from pytest_soak.report.trends import KpiTrend, drift_text, lane_trends
from pytest_soak.report.values import ReportLane, ReportRun
from pytest_soak.stats.trend import Trend
from pytest_soak.text import number, plural, signed

_HEADS = ("of the last", "median", "IQR", "slope", "interval", "drift")
_CONFIDENCE = f"{1 - FAMILY_CHANCE:.0%}"


def trend_text(run: ReportRun) -> str:
    """The whole document."""
    lines = [
        "# Trend",
        "",
        "Graded iterations of the steady phase. Slope: Theil-Sen, per iteration, with an interval",
        "that allows for autocorrelation. A drift is said only where the interval leaves out 0;",
        f"the intervals of a table hold together in {_CONFIDENCE} of lanes without drift.",
        "",
    ]
    for lane in run.lanes:
        lines += _lane(lane)
    return "\n".join(lines)


def _lane(lane: ReportLane) -> Iterator[str]:
    steady = sum(one.steady for one in lane.iterations)
    yield f"## {safe(lane.id)}"
    yield ""
    done = f"{_count(lane)}, {steady} of them steady and graded"
    yield f"Verdict: {lane.verdict or 'none'}. {done}."
    yield ""
    if not steady:
        return
    trends = lane_trends(lane)
    for title, gated in (("gated KPI", True), ("other KPI", False)):
        rows = [row for one in trends if one.gated is gated for row in _rows(one)]
        if rows:
            yield from table([(title, *_HEADS), *rows])
            yield ""


def _count(lane: ReportLane) -> str:
    """How many iterations it is about; a rotation keeps the newest."""
    left = len(lane.iterations)
    if lane.outcome is not None and lane.outcome.iterations > left:
        return f"{left} of {lane.outcome.iterations} iterations left"
    return plural(left, "iteration")


def _rows(kpi: KpiTrend) -> Iterator[tuple[str, ...]]:
    windows = (kpi.recent, kpi.whole) if kpi.whole.n > FINAL_WINDOW else (kpi.whole,)
    for first, trend in zip((True, False), windows, strict=False):
        yield (safe(kpi.name) if first else "", str(trend.n), *_cells(kpi.name, trend))


def _cells(name: str, trend: Trend) -> tuple[str, ...]:
    bounded = trend.low is not None
    interval = f"{signed(trend.low)} to {signed(trend.high)}" if bounded else "unbounded"
    return (
        number(trend.median),
        number(trend.iqr),
        signed(trend.slope),
        interval if trend.n > 1 else "",
        drift_text(name, trend.drift),
    )


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A Markdown table that is also one as plain text; its first row is the head."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    heads, *rest = rows
    yield _line(heads, widths)
    yield "|" + "|".join(f"-{'-' * width}-" for width in widths) + "|"
    for row in rest:
        yield _line(row, widths)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def safe(text: str) -> str:
    """Text that is neither a cell's end nor markup."""
    return escaped(text).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")

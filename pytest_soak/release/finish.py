"""Whether a candidate stood its soak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_soak.artifacts.finish_models import FinishLine, SoakedLane
from pytest_soak.artifacts.models import LaneOutcome
from pytest_soak.gates.engine import Verdict, worst
from pytest_soak.release.evidence import Evidence
from pytest_soak.text import number

DAY_HOURS = 24.0


def finish_line(said: Evidence, lanes: Sequence[SoakedLane], hours: float, **of: Any) -> FinishLine:
    """The report; `of` are plan, candidate, gate, criteria, run, source and meta.

    Less than a day is a WARN at best.
    """
    reasons, verdict = list(said.reasons), said.verdict
    if hours < DAY_HOURS:
        reasons.append(f"short: {hours:g} of {DAY_HOURS:g} hours")
        verdict = worst([verdict, Verdict.WARN])
    return FinishLine(verdict=verdict, reasons=reasons, hours=hours, lanes=list(lanes), **of)


def soaked_lane(
    lane: LaneOutcome, minutes: float, kpis: Sequence[Mapping[str, float | None]]
) -> SoakedLane:
    """A lane that has a verdict, with the KPIs of each of its iterations."""
    assert lane.verdict is not None
    return SoakedLane(
        lane=lane.lane,
        verdict=lane.verdict,
        hours=lane.iterations * minutes / 60.0,
        ending=lane.ending.value,
        stopped=None if lane.stopped is None else str(lane.stopped),
        medians=lane.medians,
        net_quote=_sum([one.get("net_quote") for one in kpis]),
        volume_quote=_sum([one.get("volume_quote") for one in kpis]),
    )


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if values and len(known) == len(values) else None


def finish_lines(report: FinishLine, following: str) -> Iterator[str]:
    """What to print: a line a lane, then the verdict, and the command that is next."""
    for lane in report.lanes:
        earned = f"net {number(lane.net_quote)} quote" if lane.net_quote is not None else "net n/a"
        told = f", {lane.stopped}" if lane.stopped else ""
        yield f"{lane.verdict}  {lane.lane}: {lane.hours:g} h, {earned}{told}"
    why = f": {'; '.join(report.reasons)}" if report.reasons else ""
    yield f"{report.verdict}: soak of {report.plan}, {report.hours:g} h{why}; next: {following}"

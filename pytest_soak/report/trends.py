"""The trends of a lane's KPIs over its steady part."""

from __future__ import annotations

from typing import NamedTuple

from pytest_soak.gates.engine import FINAL_WINDOW
from pytest_soak.gates.lasting import FAMILY_CHANCE
from pytest_soak.kpi.definitions import KNOWN
from pytest_soak.report.values import ReportLane
from pytest_soak.stats.trend import Drift, Trend, recent_and_whole


class KpiTrend(NamedTuple):
    """A KPI over the last steady iterations and over all of them; `gated`: a gate judges it."""

    name: str
    gated: bool
    recent: Trend
    whole: Trend


def lane_trends(lane: ReportLane) -> list[KpiTrend]:
    """The trends of each KPI of a lane, those that its gates judge first."""
    steady = [one for one in lane.iterations if one.steady]
    names, gated = lane.kpis(), lane.gated()
    found = []
    for name in names:
        points = [(one.number, v) for one in steady if (v := one.kpis.get(name)) is not None]
        family = len(gated) if name in gated else len(names) - len(gated)
        trends = recent_and_whole(
            [number for number, _ in points],
            [value for _, value in points],
            FINAL_WINDOW,
            FAMILY_CHANCE / family,
        )
        found.append(KpiTrend(name, name in gated, *trends))
    return found


def drift_text(name: str, drift: Drift) -> str:
    """The drift in words, with whether it is for the better where the KPI's table says so."""
    if drift not in (Drift.RISING, Drift.FALLING) or name not in KNOWN:
        return str(drift)
    good = (drift is Drift.RISING) == (KNOWN[name].better == "up")
    return f"{drift} ({'better' if good else 'worse'})"

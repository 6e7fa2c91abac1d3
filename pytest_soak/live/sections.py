"""The report as parts of a page, each of which can be replaced by a newer one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pytest_soak.report.lane_view import LaneView, lane_view
from pytest_soak.report.templating import rendered
from pytest_soak.report.thin import Detail
from pytest_soak.report.values import ReportLane, ReportRun
from pytest_soak.report.view import page_view


class Snapshot(NamedTuple):
    """A run as it is shown: `parts` are HTML by their ids, in the order of the page.

    `run` names it, so that another one in its place is told from it; `over` says that it is.
    """

    run: str
    title: str
    over: bool
    parts: Mapping[str, str]


class _Made(NamedTuple):
    """What was made of a lane, and of what."""

    lane: ReportLane
    much: Detail
    rates: str
    view: LaneView
    html: str


class Sections:
    """Makes snapshots, one after the other; of a lane without news what it made before."""

    def __init__(self) -> None:
        self._made: dict[str, _Made] = {}

    def of(self, run: ReportRun, rates: Mapping[str, str], *, over: bool) -> Snapshot:
        """The snapshot of a run; `rates` are the error rates of gates by lane."""
        page = page_view(run, rates, view=self._view)
        shown = {view.anchor for view in page.lanes}
        self._made = {anchor: made for anchor, made in self._made.items() if anchor in shown}
        named = {
            "head": rendered("part_head.html", page=page),
            "lanes": rendered("part_lanes.html", page=page),
            "seeds": rendered("part_seeds.html", page=page),
            "beside": rendered("part_beside.html", page=page),
            **{f"of-{view.anchor}": self._made[view.anchor].html for view in page.lanes},
            "ab": rendered("part_ab.html", page=page),
            "marks": rendered("part_legend.html", page=page),
            "settings": rendered("part_settings.html", page=page),
        }
        name = "" if run.result is None else str(run.result.meta.get("run", ""))
        parts = {part: html for part, html in named.items() if html.strip()}
        return Snapshot(name, f"{page.verdict}: {page.headline}", over, parts)

    def _view(self, lane: ReportLane, anchor: str, much: Detail, rates: str) -> LaneView:
        made = self._made.get(anchor)
        if made is None or made.lane is not lane or (made.much, made.rates) != (much, rates):
            view = lane_view(lane, anchor, much, rates)
            made = _Made(lane, much, rates, view, rendered("lane.html", one=view))
            self._made[anchor] = made
        return made.view


def said(title: str, text: str) -> Snapshot:
    """A snapshot of no run, which says why there is none."""
    return Snapshot("", title, False, {"head": rendered("part_said.html", title=title, text=text)})

"""Which A/Bs are of the configurations that a run's lanes have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_soak.artifacts.ab_found import FoundAb
from pytest_soak.artifacts.ab_models import AbArm, AbReport
from pytest_soak.canonical import flags_hash, state_hash
from pytest_soak.report.ab_view import AbView, ab_view
from pytest_soak.report.values import ReportLane, ReportRun
from pytest_soak.text import plural

MOST_SHOWN = 3
_NAMED = 3


@dataclass(frozen=True)
class RunAbs:
    """The A/Bs of a run's lanes: those that are shown, and what else is to be known."""

    shown: Sequence[AbView] = ()
    notes: Sequence[str] = ()


def run_abs(run: ReportRun) -> RunAbs:
    """The newest A/Bs whose A or B is the configuration of a lane; those whose B it is first.

    A lane is of an A/B where target, market, overrides and feature flags are the same.
    """
    if run.abs is None:
        return RunAbs()
    told = [(one, *_lanes(one.last, run)) for one in run.abs.found]
    ours = sorted((one for one in told if one[1] or one[2]), key=lambda one: not one[2])
    shown = [ab_view(one, list(_here(one, a, b)), aside=not b) for one, a, b in ours[:MOST_SHOWN]]
    notes = list(run.abs.problems)
    if len(ours) > MOST_SHOWN:
        more = plural(len(ours) - MOST_SHOWN, "more A/B")
        notes.append(f"{more} of these configurations: see {run.abs.folder}")
    return RunAbs(shown, notes)


def _lanes(report: AbReport, run: ReportRun) -> tuple[list[str], list[str]]:
    """The lanes that have A's configuration, and those that have B's."""
    there = [lane for lane in run.lanes if _is_where(lane, report)]
    a, b = ([x.id for x in there if _has(x, arm)] for arm in (report.a, report.b))
    return a, b


def _is_where(lane: ReportLane, report: AbReport) -> bool:
    if (lane.target, lane.market) != (report.source, report.market):
        return False
    return lane.outcome is None or lane.outcome.scenario_hash == report.scenario_hash


def _has(lane: ReportLane, arm: AbArm) -> bool:
    if not lane.overrides and arm.overrides:
        return False
    same = state_hash(lane.overrides) == state_hash(arm.overrides)
    return same and lane.flags_hash == flags_hash(arm.flags)


def _here(found: FoundAb, a: Sequence[str], b: Sequence[str]) -> Iterator[str]:
    for name, arm, lanes in (("B", found.last.b, b), ("A", found.last.a, a)):
        if lanes:
            more = f" and {len(lanes) - _NAMED} more" if len(lanes) > _NAMED else ""
            yield f"{name} ({arm.name}) is what is soaked here: {', '.join(lanes[:_NAMED])}{more}"

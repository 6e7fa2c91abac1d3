"""The table of lanes at the end of a session."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_soak.engine.record import LaneResult
from pytest_soak.gates.engine import OF_ITERATIONS
from pytest_soak.kpi.definitions import HEADLINES
from pytest_soak.text import NO_VALUE, table

_USUAL = {headline.name: headline for headline in HEADLINES}
_OTHER_FORM = "{:.4g}"


def lane_table(results: Sequence[LaneResult]) -> list[str]:
    """One line of headings, then one a lane: its medians of what was measured or judged."""
    metrics = _metrics(results)
    heads = [_USUAL[name].label if name in _USUAL else name for name in metrics]
    drifts = ["drift"] if any(result.judgement.drifts for result in results) else []
    rows = [["lane", "target", "iterations", "pass/warn/fail", *heads, *drifts, "verdict"]]
    rows += [_row(result, metrics, drifts=bool(drifts)) for result in results]
    return table(rows)


def _metrics(results: Sequence[LaneResult]) -> list[str]:
    """The usual KPIs that some lane has, then what else the gates judge."""
    measured = {n for result in results for n, v in result.medians.items() if v is not None}
    judged = [c.metric for r in results for c in r.judgement.checks if c.metric in r.medians]
    return [n for n in dict.fromkeys([*_USUAL, *judged]) if n in measured or n in judged]


def _row(result: LaneResult, metrics: Sequence[str], *, drifts: bool) -> list[str]:
    done, planned = result.iterations, result.planned
    return [
        result.lane.id,
        result.target,
        str(done) if done == planned else f"{done} of {planned}",
        "/".join(str(result.counts.get(verdict, 0)) for verdict in OF_ITERATIONS),
        *(_cell(name, result.medians.get(name)) for name in metrics),
        *([", ".join(result.judgement.drifts) or NO_VALUE] if drifts else []),
        NO_VALUE if result.verdict is None else str(result.verdict),
    ]


def _cell(name: str, value: float | None) -> str:
    form = _USUAL[name].form if name in _USUAL else _OTHER_FORM
    return NO_VALUE if value is None else form.format(value)

"""The rules of a locked baseline applied to figures alone: points, without their noise. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_soak.config.documents import show
from pytest_soak.number import number
from pytest_soak.release.figures import Figure, Figures
from pytest_soak.release.judged import FAIL, Line, at_most, line_of, percent
from pytest_soak.release.rules import absolute_limits, lock_gates


def judge_baseline(locked: Mapping[str, Any], now: Mapping[str, Any], told: Figures) -> list[Line]:
    """A run against a locked baseline, stage by stage; `told` are the figures of the run.

    A stage that only one of them has fails, as does one without a time.
    """
    gates = lock_gates()
    lines = list(_stages(_p95s(locked), _p95s(now), gates.stage_p95_pct))
    totals = [{"tick_total": p95} for p95 in (_total(locked), _total(now))]
    lines += _stages(totals[0], totals[1], gates.tick_total_p95_pct, "")
    for name, limit in absolute_limits(gates).items():
        figure = told.get(name)
        good = figure.value is not None and limit.holds(figure.value)
        lines.append(line_of(name, figure, limit.text, good))
    return lines


def _stages(
    locked: Mapping[str, object], now: Mapping[str, object], most: float, kind: str = "stage "
) -> Iterator[Line]:
    limit = f"p95 at most {most:g} % more"
    if not locked and not now:
        yield Line("stages", "none", limit, FAIL)
    for name in dict.fromkeys([*locked, *now]):
        what = f"{kind}{name}"
        figure = _change(locked.get(name), now.get(name))
        yield at_most(what, figure, most, "")._replace(limit=limit)


def _change(was: object, now: object) -> Figure:
    """The change of a p95, in percent."""
    for value, where in ((was, "baseline"), (now, "current")):
        if value is None:
            return Figure(None, f"not in {where}")
    before, after = number(was), number(now)
    if before is None or after is None or not math.isfinite(before + after):
        return Figure(None, f"no measurement: {show(was)}, {show(now)}")
    return percent(before, after)


def _p95s(data: Mapping[str, Any]) -> dict[str, object]:
    """The p95 of each stage, under `stages` or, of a lock, `baseline`."""
    keys = [key for key in ("stages", "baseline") if isinstance(data.get(key), dict)]
    stages = data[keys[0]] if keys else {}
    return {name: _p95(stage) for name, stage in stages.items()}


def _total(data: Mapping[str, Any]) -> object:
    return _p95(data.get("tick_total", data.get("tick_total_p95_ms")))


def _p95(stage: object) -> object:
    if isinstance(stage, dict):
        return stage.get("p95_ms", stage.get("p95"))
    return stage

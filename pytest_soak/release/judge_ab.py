"""The rules of the A/B applied to figures alone: points, of which no noise is known. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from pytest_soak.ab.limits import load_limits, load_rails
from pytest_soak.release.figures import TAKER, Figure, Figures
from pytest_soak.release.judged import (
    FAIL,
    HOLD,
    PROMOTE,
    ROLLBACK,
    TOLERANCE,
    Line,
    at_most,
    line_of,
    percent,
)
from pytest_soak.release.prep import load_figures


def judge_ab(a: Figures, b: Figures) -> list[Line]:
    """The point verdict on B: PROMOTE, HOLD or ROLLBACK, of which no noise is known."""
    lines = [*_rails(b), *_worse(a, b), _better(a, b)]
    return [line._replace(verdict=ROLLBACK) if line.verdict == FAIL else line for line in lines]


def _rails(b: Figures) -> Iterator[Line]:
    for criterion in load_rails().criteria:
        name, scale = criterion.metric, 1.0
        if name == load_figures().capped:
            name, scale = TAKER, 100.0
        figure = b.get(name)
        passed = figure.value is not None and criterion.limit.holds(figure.value / scale)
        limit = f"not {criterion.limit.symbol} {scale * criterion.limit.limit:g}"
        yield line_of(f"{name} of B", figure, limit, not passed)


def _worse(a: Figures, b: Figures) -> Iterator[Line]:
    """Slippage and tick time of B beside A's; slippage that costs is negative."""
    limits = load_limits()
    cost = _of_both(a, b, "slippage_bps", lambda was, now: Figure(was - now))
    yield at_most("slippage cost, B more than A", cost, limits.slippage_bps, " bps")
    tick = _of_both(a, b, "tick_total_p95_ms", percent)
    yield at_most("tick_total_p95_ms, B more than A", tick, limits.tick_total_p95_pct, " %")


def _better(a: Figures, b: Figures) -> Line:
    least = load_limits().net_bps
    net = _of_both(a, b, "net_bps", lambda was, now: Figure(now - was))
    line = line_of("net_bps, B - A", net, f">= {least:g}, held from 0 on", True)
    if net.value is None or net.value < -TOLERANCE:
        return line._replace(verdict=ROLLBACK)
    return line._replace(verdict=PROMOTE if net.value >= least - TOLERANCE else HOLD)


def _of_both(a: Figures, b: Figures, name: str, change: Callable[[float, float], Figure]) -> Figure:
    """How a figure changes from A to B; None where either has none."""
    was, now = a.get(name), b.get(name)
    if was.value is None:
        return Figure(None, f"{name} of A: {was.lack}")
    if now.value is None:
        return Figure(None, f"{name} of B: {now.lack}")
    found = change(was.value, now.value)
    if found.value is not None and not math.isfinite(found.value):
        return Figure(None, f"{name}: {was.value:.6g} and {now.value:.6g} are too far apart")
    return found

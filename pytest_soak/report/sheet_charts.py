"""The pictures of a tear sheet: the account over time, markouts, histograms of times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pytest_soak.kpi.account import Stretch
from pytest_soak.kpi.curves import Histogram, edge_ms
from pytest_soak.report.charts import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Chart,
    Label,
    Mark,
    Rect,
    mark_at,
)
from pytest_soak.report.scales import Scale, axis_text, round_ticks, short
from pytest_soak.text import number

HEIGHT = 150.0
MOST_BARS = 40


class At(NamedTuple):
    """A stretch of a lane and where it ends: an iteration's end is its number and a half."""

    x: float
    stretch: Stretch


class Horizon(NamedTuple):
    """What fills were worth, in bps, so long after; `half_width` of its 95 % interval, if known."""

    name: str
    bps: float
    half_width: float | None


Of = Callable[[Stretch], tuple[float, float, float]]
"""What is drawn of a stretch: from which value, through which, to which."""


def over_time(label: str, runs: Sequence[Sequence[At]], span: tuple[int, int], of: Of) -> Chart:
    """A line through stretches, and the area that they reach over.

    `runs` are stretches without a gap between them, `span` is the first and the last iteration.
    """
    drawn = [[(at.x, *of(at.stretch)) for at in run] for run in runs]
    values = [v for run in drawn for _, low, _, high in run for v in (low, high)]
    first, last = span
    x, y = _across(first - 0.5, last + 0.5), _up([0.0, *values])
    areas = (
        [*((at, high) for at, _, _, high in run), *((at, low) for at, low, _, _ in reversed(run))]
        for run in drawn
    )
    return Chart(
        height=short(HEIGHT),
        label=label,
        areas=tuple(_path(area, x, y) + "Z" for area in areas),
        rules=(_level(0.0, y, "zero"),),
        lines=tuple(_path([(at, value) for at, _, value, _ in run], x, y) for run in drawn),
        x_labels=tuple(
            _below(x.at(tick), f"{tick:.0f}") for tick in round_ticks(first, last, 6, whole=True)
        ),
        y_labels=_beside(y),
        baseline=short(HEIGHT - BOTTOM),
    )


def markout_chart(label: str, horizons: Sequence[Horizon]) -> Chart:
    """What fills were worth from the moment on, by horizon, at equal distances."""
    ends = [h.bps + side * (h.half_width or 0.0) for h in horizons for side in (-1, 1)]
    x, y = _across(-0.5, len(horizons) - 0.5), _up([0.0, *ends])
    known = [(n, h.bps, h.half_width) for n, h in enumerate(horizons) if h.half_width is not None]
    upper = [(n, bps + half) for n, bps, half in known]
    lower = [(n, bps - half) for n, bps, half in reversed(known)]
    places = list(enumerate(h.bps for h in horizons))
    return Chart(
        height=short(HEIGHT),
        label=label,
        areas=(_path([*upper, *lower], x, y) + "Z",) if len(known) > 1 else (),
        rules=(_level(0.0, y, "zero"),),
        lines=(_path(places, x, y),),
        marks=tuple(
            mark_at(x.at(n), y.at(h.bps), "PASS", f"{h.name}: {h.bps:+.3f} bps")
            for n, h in enumerate(horizons)
        ),
        x_labels=tuple(_below(x.at(n), h.name) for n, h in enumerate(horizons)),
        y_labels=_beside(y),
        baseline=short(HEIGHT - BOTTOM),
    )


def histogram_chart(label: str, histogram: Histogram, told: Sequence[tuple[str, float]]) -> Chart:
    """Bars over a logarithmic axis of milliseconds, and a line at each of the times `told`."""
    width = -(-len(histogram.counts) // MOST_BARS)
    heights = [sum(histogram.counts[n : n + width]) for n in range(0, len(histogram.counts), width)]
    edges = [edge_ms(histogram.first + n * width) for n in range(len(heights) + 1)]
    x = Scale(edges[0], edges[-1], LEFT, WIDTH - RIGHT, logarithmic=True)
    y = _up([0.0, *heights])
    floor = y.at(0.0)
    bars = []
    for left, right, height in zip(edges, edges[1:], heights, strict=False):
        start, end, top = x.at(left), x.at(right), y.at(height)
        title = f"{number(left)} to {number(right)} ms: {height:,}"
        bars.append(
            Rect(
                short(start),
                short(top),
                short(end - start - 0.5),
                short(floor - top),
                "count",
                title,
            )
        )
    return Chart(
        height=short(HEIGHT),
        label=label,
        rects=tuple(bars),
        rules=tuple(
            Mark(
                f"M{short(x.at(at))} {short(TOP)}V{short(floor)}",
                "percentile",
                f"{name}: {at:.4g} ms",
            )
            for name, at in told
        ),
        x_labels=tuple(_below(x.at(tick), axis_text(tick)) for tick in x.ticks(6)),
        y_labels=_beside(y),
        baseline=short(HEIGHT - BOTTOM),
    )


def _across(first: float, last: float) -> Scale:
    return Scale(first, last, LEFT, WIDTH - RIGHT)


def _up(values: Sequence[float]) -> Scale:
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return Scale(low, high, HEIGHT - BOTTOM, TOP)


def _path(points: Sequence[tuple[float, float]], x: Scale, y: Scale) -> str:
    return "M" + "L".join(f"{short(x.at(at))} {short(y.at(value))}" for at, value in points)


def _level(value: float, y: Scale, kind: str) -> Mark:
    return Mark(f"M{short(LEFT)} {short(y.at(value))}H{short(WIDTH - RIGHT)}", kind, "")


def _below(x: float, text: str) -> Label:
    return Label(short(x), short(HEIGHT - 5), text)


def _beside(y: Scale) -> tuple[Label, ...]:
    ticks = y.ticks(5)
    return tuple(Label(short(LEFT - 5), short(y.at(tick)), axis_text(tick)) for tick in ticks)

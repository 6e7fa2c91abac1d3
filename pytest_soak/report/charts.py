"""Charts as plain geometry, in the units of an SVG: the template only writes it down.

Every chart is WIDTH wide, so that its text keeps its size on a phone as on a desk.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pytest_soak.report.scales import round_ticks, short
from pytest_soak.text import number

WIDTH = 360.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 8.0, 8.0, 18.0
"""The margins around what is drawn."""
_LEAST_SHARE = 0.25
"""Of a chart's height that the data keep: a limit further away is not drawn, only told."""


class Rect(NamedTuple):
    """An area of a kind (a style), with a text that is shown on pointing at it."""

    x: str
    y: str
    width: str
    height: str
    kind: str
    title: str = ""


class Mark(NamedTuple):
    """A point: `path` draws it."""

    path: str
    kind: str
    title: str


class Label(NamedTuple):
    """A text beside an axis."""

    x: str
    y: str
    text: str


@dataclass(frozen=True)
class Chart:
    """All that is drawn, in the order in which it is; `lines` and `areas` are paths."""

    height: str
    label: str
    rects: tuple[Rect, ...] = ()
    areas: tuple[str, ...] = ()
    rules: tuple[Mark, ...] = ()
    lines: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    x_labels: tuple[Label, ...] = ()
    y_labels: tuple[Label, ...] = ()
    baseline: str = ""


class Point(NamedTuple):
    """A group of neighbouring iterations, or one: `low` to `high` around `value`, the median."""

    first: int
    last: int
    value: float | None
    low: float | None
    high: float | None

    @property
    def middle(self) -> float:
        """Where it stands among the iterations."""
        return (self.first + self.last) / 2


class Limit(NamedTuple):
    """A threshold: `bad` is the side of `value` that breaks it, -1 below, 1 above, 0 neither."""

    value: float
    bad: int
    kind: str


class Span(NamedTuple):
    """Iterations from `first` to `last` that share a kind."""

    first: int
    last: int
    kind: str
    title: str = ""


@dataclass(frozen=True)
class Plot:
    """What a chart over iterations shows; `rules` are levels that hold for some iterations."""

    label: str
    first: int
    last: int
    points: Sequence[Point]
    limits: Sequence[Limit] = ()
    rules: Sequence[tuple[Span, float]] = ()
    spans: Sequence[Span] = ()
    marks: Sequence[tuple[float, float, str, str]] = ()
    steps: bool = False
    height: float = 150.0


def draw(plot: Plot) -> Chart:
    """The chart of a plot."""
    low, high = _range(plot)
    box = _Box(plot.first, plot.last, low, high, plot.height)
    return Chart(
        height=short(plot.height),
        label=plot.label,
        rects=(*(box.span(span) for span in plot.spans), *_bands(plot.limits, box)),
        areas=tuple(_areas(plot.points, box)),
        rules=tuple(box.rule(span, level) for span, level in plot.rules if low <= level <= high),
        lines=tuple(_steps(plot.points, box) if plot.steps else _lines(plot.points, box)),
        marks=tuple(_marks(plot.marks, box)),
        x_labels=tuple(
            Label(short(box.x(tick)), short(plot.height - 5), f"{tick:.0f}")
            for tick in round_ticks(plot.first, plot.last, 6, whole=True)
        ),
        y_labels=tuple(
            Label(short(LEFT - 5), short(box.y(tick)), number(tick))
            for tick in round_ticks(low, high, 4)
        ),
        baseline=short(plot.height - BOTTOM),
    )


def strip(first: int, last: int, rows: Sequence[Sequence[Span]], label: str) -> Chart:
    """Rows of cells over iterations, e.g. of verdicts."""
    height = 16.0 * len(rows) + BOTTOM
    box = _Box(first, last, 0.0, 1.0, height)
    rects = []
    for n, row in enumerate(rows):
        for span in row:
            left, right = box.edges(span)
            gap = min(1.0, (right - left) / 4)
            rects.append(
                Rect(
                    short(left),
                    short(16.0 * n),
                    short(right - left - gap),
                    "13",
                    span.kind,
                    span.title,
                )
            )
    labels = (
        Label(short(box.x(tick)), short(height - 5), f"{tick:.0f}")
        for tick in round_ticks(first, last, 6, whole=True)
    )
    return Chart(short(height), label, rects=tuple(rects), x_labels=tuple(labels))


def waterfall(steps: Sequence[tuple[str, float]], total: tuple[str, float], label: str) -> Chart:
    """Terms that add up to a total, as bars from left to right below each other."""
    left, right, row = 70.0, 64.0, 24.0
    levels = [0.0]
    for _, value in steps:
        levels.append(levels[-1] + value)
    bars = [(name, start, start + v) for (name, v), start in zip(steps, levels, strict=False)]
    bars.append((total[0], 0.0, total[1]))
    low, high = min(0.0, *levels, total[1]), max(0.0, *levels, total[1])
    scale = (WIDTH - left - right) / ((high - low) or 1.0)
    rects, names = [], []
    for n, (name, start, end) in enumerate(bars):
        kind = "total" if n == len(bars) - 1 else "gain" if end >= start else "loss"
        x, width = left + (min(start, end) - low) * scale, abs(end - start) * scale
        text = f"{end - start:+.2f}"
        rects.append(
            Rect(
                short(x),
                short(n * row + 4),
                short(max(width, 1.0)),
                short(row - 8),
                kind,
                f"{name} {text}",
            )
        )
        names.append(Label(short(left - 6), short(n * row + row / 2), name))
        names.append(Label(short(WIDTH - 4), short(n * row + row / 2), text))
    zero = Mark(f"M{short(left - low * scale)} 0V{short(len(bars) * row)}", "axis", "")
    return Chart(
        short(len(bars) * row), label, rects=tuple(rects), rules=(zero,), y_labels=tuple(names)
    )


class _Box:
    """Where iterations and values stand in a chart."""

    def __init__(self, first: int, last: int, low: float, high: float, height: float) -> None:
        self._first = first - 0.5
        self._step = (WIDTH - LEFT - RIGHT) / (last - first + 1)
        self._low, self._high = low, high
        self._floor = height - BOTTOM
        self._rise = self._floor - TOP

    def x(self, iteration: float) -> float:
        return LEFT + (iteration - self._first) * self._step

    def y(self, value: float) -> float:
        share = (min(max(value, self._low), self._high) - self._low) / (self._high - self._low)
        return self._floor - share * self._rise

    def edges(self, span: Span) -> tuple[float, float]:
        return self.x(span.first - 0.5), self.x(span.last + 0.5)

    def span(self, span: Span) -> Rect:
        left, right = self.edges(span)
        width, height = short(right - left), short(self._floor - TOP)
        return Rect(short(left), short(TOP), width, height, span.kind, span.title)

    def rule(self, span: Span, level: float) -> Mark:
        left, right = self.edges(span)
        return Mark(f"M{short(left)} {short(self.y(level))}H{short(right)}", span.kind, span.title)

    def band(self, lower: float, upper: float, kind: str) -> Rect:
        top, bottom = self.y(upper), self.y(lower)
        return Rect(short(LEFT), short(top), short(WIDTH - LEFT - RIGHT), short(bottom - top), kind)


def _range(plot: Plot) -> tuple[float, float]:
    seen = [v for p in plot.points for v in (p.value, p.low, p.high) if v is not None]
    low, high = (min(seen), max(seen)) if seen else (0.0, 0.0)
    broken = [x.value for x in plot.limits if x.bad * ((high if x.bad > 0 else low) - x.value) > 0]
    levels = [limit.value for limit in plot.limits] + [level for _, level in plot.rules]
    near = [v for v in levels if max(high, v) - min(low, v) <= (high - low) / _LEAST_SHARE]
    shown = [*(seen or levels), *broken, *(near if high > low else levels)] or [0.0]
    least, most = min(shown), max(shown)
    pad = (most - least) * 0.08 or abs(most) * 0.1 or 1.0
    return least - pad, most + pad


def _bands(limits: Sequence[Limit], box: _Box) -> Iterable[Rect]:
    """The areas that break a limit; what breaks a harder one too is only drawn as that."""
    for n, limit in enumerate(limits):
        harder = [o.value for o in limits[n + 1 :] if o.bad == limit.bad]
        if limit.bad < 0:
            lower, upper = max(harder, default=-math.inf), limit.value
        else:
            lower, upper = limit.value, min(harder, default=math.inf)
        if limit.bad and lower < upper:
            yield box.band(lower, upper, limit.kind)


def _runs(points: Sequence[Point]) -> Iterable[list[Point]]:
    """The stretches of points that have a value."""
    run: list[Point] = []
    for point in points:
        if point.value is not None:
            run.append(point)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _lines(points: Sequence[Point], box: _Box) -> Iterable[str]:
    for run in _runs(points):
        places = ((box.x(p.middle), box.y(p.value)) for p in run if p.value is not None)
        yield "M" + "L".join(f"{short(x)} {short(y)}" for x, y in places)


def _steps(points: Sequence[Point], box: _Box) -> Iterable[str]:
    for run in _runs(points):
        parts = []
        for p in run:
            assert p.value is not None
            parts.append(f"{short(box.x(p.first - 0.5))} {short(box.y(p.value))}")
            parts.append(f"{short(box.x(p.last + 0.5))} {short(box.y(p.value))}")
        yield "M" + "L".join(parts)


def _areas(points: Sequence[Point], box: _Box) -> Iterable[str]:
    """From the lowest to the highest of groups; iterations on their own have no such area."""
    for run in _runs(points):
        if any(p.low != p.high for p in run):
            upper = [(p.middle, p.high) for p in run]
            lower = [(p.middle, p.low) for p in reversed(run)]
            places = [(box.x(x), box.y(y)) for x, y in upper + lower if y is not None]
            yield "M" + "L".join(f"{short(x)} {short(y)}" for x, y in places) + "Z"


def _marks(marks: Sequence[tuple[float, float, str, str]], box: _Box) -> Iterable[Mark]:
    """A mark each; those without a title as one a kind."""
    untold: dict[str, list[str]] = {}
    for x, y, kind, title in marks:
        mark = mark_at(box.x(x), box.y(y), kind, title)
        if title:
            yield mark
        else:
            untold.setdefault(kind, []).append(mark.path)
    for kind, paths in untold.items():
        yield Mark("".join(paths), kind, "")


def mark_at(x: float, y: float, kind: str, title: str) -> Mark:
    """Shapes as well as colours: a dot, a triangle for WARN, a cross for FAIL."""
    shape = kind.partition(" ")[0]
    if shape == "WARN":
        path = f"M{short(x)} {short(y - 4.5)}l4.2 7.5h-8.4z"
    elif shape == "FAIL":
        path = f"M{short(x - 3.5)} {short(y - 3.5)}l7 7m0-7l-7 7"
    else:
        path = f"M{short(x - 2.5)} {short(y)}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0"
    return Mark(path, kind, title)

"""Small panels with two axes as plain geometry, in the units of an SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pytest_soak.report.scales import Scale, short

WIDTH, HEIGHT = 340.0, 250.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 22.0, 52.0, 44.0
LABEL_HEIGHT = 14.0


class Text(NamedTuple):
    """A text at a place, which is its start, or by `anchor` its middle or end."""

    x: str
    y: str
    text: str
    anchor: str = ""


class Bar(NamedTuple):
    """A rectangle."""

    x: str
    y: str
    width: str
    height: str


class Point(NamedTuple):
    """A value at `x`, None where there is none, and its interval where there is one."""

    x: float
    value: float | None
    half_width: float | None = None


@dataclass(frozen=True)
class Panel:
    """All that is drawn in a panel, whose corner is at 0, 0."""

    title: str
    texts: tuple[Text, ...]
    grid: str
    frame: str
    bars: tuple[Bar, ...] = ()
    band: str = ""
    line: str = ""
    dots: tuple[tuple[str, str], ...] = ()
    rule: str = ""


class Axis(NamedTuple):
    """What an axis says and how far it reaches."""

    label: str
    low: float
    high: float
    logarithmic: bool = False


class Rule(NamedTuple):
    """A dashed line to compare with, and what it is: told above its point number `told_at`.

    `below` has it told below that point, where there is room.
    """

    label: str
    points: Sequence[tuple[float, float]]
    told_at: int = 0
    below: bool = False


class Plane:
    """Where values stand in a panel."""

    def __init__(self, x: Axis, y: Axis) -> None:
        self._named = (x.label, y.label)
        self.x = Scale(x.low, x.high, LEFT, WIDTH - RIGHT, x.logarithmic)
        self.y = Scale(y.low, y.high, HEIGHT - BOTTOM, TOP, y.logarithmic)

    def curve(self, title: str, points: Sequence[Point], rule: Rule | None = None) -> Panel:
        """A line through the points with a band of their intervals; those off the plane part it."""
        runs = self._runs(points)
        places = [[self._place(p.x, p.value) for p in run if p.value is not None] for run in runs]
        return Panel(
            title=title,
            texts=(*self._texts(), *((self._rule_label(rule),) if rule else ())),
            grid=self._grid(),
            frame=self._frame(),
            band="".join(_path(self._band(run), end="Z") for run in runs),
            line="".join(_path(run) for run in places),
            dots=tuple(place for run in places for place in run),
            rule=_path(self._place(x, y) for x, y in rule.points if self.y.holds(y))
            if rule
            else "",
        )

    def bars(self, title: str, edges: Sequence[float], heights: Sequence[float]) -> Panel:
        """A bar between each two edges."""
        floor = self.y.at(self.y.low)
        bars = []
        for left, right, height in zip(edges, edges[1:], heights, strict=False):
            start, end, top = self.x.at(left), self.x.at(right), self.y.at(height)
            gap = min(1.0, (end - start) / 4)
            bars.append(Bar(short(start), short(top), short(end - start - gap), short(floor - top)))
        return Panel(title, self._texts(), self._grid(), self._frame(), bars=tuple(bars))

    def empty(self, title: str) -> Panel:
        """A panel that says that there is nothing to draw."""
        middle = Text(short((LEFT + WIDTH - RIGHT) / 2), short(HEIGHT / 2), "too short", "middle")
        return Panel(title, (middle,), "", self._frame())

    def _runs(self, points: Sequence[Point]) -> list[list[Point]]:
        """The stretches of points that lie on the plane."""
        runs: list[list[Point]] = [[]]
        for point in points:
            if point.value is not None and self.y.holds(point.value):
                runs[-1].append(point)
            elif runs[-1]:
                runs.append([])
        return runs

    def _band(self, points: Sequence[Point]) -> list[tuple[str, str]]:
        known = [
            (p.x, p.value, p.half_width)
            for p in points
            if p.value is not None and p.half_width is not None
        ]
        upper = [self._place(x, value + half) for x, value, half in known]
        lower = [self._place(x, max(value - half, self.y.low)) for x, value, half in known]
        return [*upper, *reversed(lower)]

    def _place(self, x: float, y: float) -> tuple[str, str]:
        return short(self.x.at(x)), short(self.y.at(y))

    def _grid(self) -> str:
        across = (
            f"M{short(LEFT)} {short(self.y.at(tick))}H{short(WIDTH - RIGHT)}" for tick in self._y
        )
        up = (
            f"M{short(self.x.at(tick))} {short(TOP)}V{short(HEIGHT - BOTTOM)}" for tick in self._x
        )
        return "".join((*across, *up))

    def _frame(self) -> str:
        return f"M{short(LEFT)} {short(TOP)}V{short(HEIGHT - BOTTOM)}H{short(WIDTH - RIGHT)}"

    @property
    def _x(self) -> list[float]:
        return self.x.ticks(6)

    @property
    def _y(self) -> list[float]:
        return self.y.ticks(4)

    def _texts(self) -> tuple[Text, ...]:
        below, floor = HEIGHT - BOTTOM + 15, HEIGHT - 10
        along, up = self._named
        return (
            *(
                Text(short(self.x.at(tick)), short(below), _round(tick), "middle")
                for tick in self._x
            ),
            *(Text(short(LEFT - 6), short(self.y.at(t) + 3.5), _round(t), "end") for t in self._y),
            Text(short((LEFT + WIDTH - RIGHT) / 2), short(floor), along, "middle"),
            Text(short(LEFT), short(TOP - 8), up),
        )

    def _rule_label(self, rule: Rule) -> Text:
        x, y = self._place(*rule.points[rule.told_at])
        under = float(y) + LABEL_HEIGHT
        fits = rule.below and under < HEIGHT - BOTTOM
        return Text(short(float(x) + 4), short(under if fits else float(y) - 6), rule.label)


def _path(places: Iterable[tuple[str, str]], end: str = "") -> str:
    joined = "L".join(f"{x} {y}" for x, y in places)
    return f"M{joined}{end}" if joined else ""


def _round(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".") if abs(value) < 1e6 else f"{value:g}"


def normal_tail(sds: float) -> float:
    """How often a normal number is further than so many standard deviations from its mean."""
    return math.erfc(sds / math.sqrt(2.0))

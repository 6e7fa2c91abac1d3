"""The facts of a feed as a picture: one SVG file that refers to no other."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pytest_soak.artifacts.feed_models import FactCurve, FactEstimate, FeedFacts
from pytest_soak.facts import curves
from pytest_soak.report.panels import (
    HEIGHT,
    WIDTH,
    Axis,
    Panel,
    Plane,
    Point,
    Rule,
    normal_tail,
)
from pytest_soak.report.templating import rendered
from pytest_soak.text import number, plural

_COLUMNS, _GAP, _HEAD = 3, 16.0, 52.0
_LONGEST_HEAD = 120
_MOST_BARS = 40
_NOTED = (
    "spread_bps",
    "touch_depth_quote",
    "orders_per_s",
    "effective_half_bps",
    "response_60s_ratio",
    "impact_exponent",
    "volatility_1s_bps",
    "kurtosis_1s",
    "hill_1s",
)


def picture_text(facts: FeedFacts) -> str:
    """The SVG: five panels, and the headline facts beside them."""
    panels = [_spread(facts), _response(facts), _signs(facts), _sizes(facts), _tail(facts)]
    return rendered(
        "feed_facts.svg",
        width=f"{_COLUMNS * WIDTH + (_COLUMNS + 1) * _GAP:.0f}",
        height=f"{_HEAD + 2 * (HEIGHT + _GAP):.0f}",
        headline=_shortened(headline(facts)),
        panels=[(*_corner(place), panel) for place, panel in enumerate(panels)],
        notes=(*_corner(len(panels)), _notes(facts)),
    )


def headline(facts: FeedFacts) -> str:
    """Which feeds the facts are of."""
    turned = "".join(f", {name}={value:g}" for name, value in facts.settings.items())
    if not facts.seeds:
        return f"{facts.market}: recorded, {number(60.0 * facts.hours)} min"
    first, last = facts.seeds[0], facts.seeds[-1]
    seeds = f"seed {first}" if first == last else f"seeds {first} to {last}"
    lanes = plural(len(facts.seeds), "lane")
    return f"{facts.market}{turned}: {lanes} of {facts.hours:g} h, {seeds}"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_HEAD else f"{text[: _LONGEST_HEAD - 3]}..."


def _corner(place: int) -> tuple[str, str]:
    row, column = divmod(place, _COLUMNS)
    return f"{_GAP + column * (WIDTH + _GAP):.0f}", f"{_HEAD + row * (HEIGHT + _GAP):.0f}"


def _notes(facts: FeedFacts) -> list[tuple[str, str]]:
    """Facts with their intervals, as text."""
    return [(name, _interval(facts.facts[name])) for name in _NOTED]


def _interval(found: FactEstimate) -> str:
    """`3.260 ± 0.024`: as many digits as the interval lets be known."""
    if found.mean is None:
        return "-"
    if not found.half_width:
        return number(found.mean)
    digits = max(0, 1 - math.floor(math.log10(found.half_width)))
    return f"{found.mean:,.{digits}f} ± {found.half_width:,.{digits}f}"


def _points(curve: FactCurve) -> list[Point]:
    return [Point(x, y.mean, y.half_width) for x, y in zip(curve.x, curve.y, strict=True)]


def _spread(facts: FeedFacts) -> Panel:
    title, curve = "Spread", facts.curves[curves.SPREAD]
    shares = [100.0 * (y.mean or 0.0) for y in curve.y]
    first = next((n for n, share in enumerate(shares) if share >= 0.05), 0)
    step = -(-(len(shares) - first) // _MOST_BARS) or 1
    first -= first % step
    heights = [sum(shares[n : n + step]) for n in range(first, len(shares), step)]
    if not any(heights):
        return Plane(Axis("", 0, 1), Axis("", 0, 1)).empty(title)
    edges = [first - 0.5 + step * n for n in range(len(heights) + 1)]
    x = Axis("spread, ticks", edges[0], edges[-1])
    plane = Plane(x, Axis("% of the time", 0.0, 1.08 * max(heights)))
    return plane.bars(title, edges, heights)


def _response(facts: FeedFacts) -> Panel:
    title, points = "Response of the mid to a market order", _points(facts.curves[curves.RESPONSE])
    half = facts.facts["effective_half_bps"].mean
    ends = [
        p.value + s * (p.half_width or 0.0) for p in points if p.value is not None for s in (-1, 1)
    ]
    x = Axis("time after the order, s", points[0].x, points[-1].x, logarithmic=True)
    if not ends or half is None:
        return Plane(x, Axis("", 0, 1)).empty(title)
    low, high = min(0.0, *ends), max(half, *ends)
    early = [p.value > half for p in points[: len(points) // 2] if p.value is not None]
    is_over = 2 * sum(early) > len(early)
    rule = Rule("effective half spread", [(points[0].x, half), (points[-1].x, half)], 0, is_over)
    plane = Plane(x, Axis("bps", low, high + 0.12 * (high - low or 1.0)))
    return plane.curve(title, points, rule)


def _signs(facts: FeedFacts) -> Panel:
    title, points = "Memory of order signs", _points(facts.curves[curves.SIGNS])
    return _memory(title, "lag, orders", points)


def _sizes(facts: FeedFacts) -> Panel:
    title, points = "Memory of 1-s |returns|", _points(facts.curves[curves.SIZES])
    return _memory(title, "lag, s", points)


def _memory(title: str, along: str, points: Sequence[Point]) -> Panel:
    """An autocorrelation on axes that are the same for each feed."""
    x = Axis(along, points[0].x, points[-1].x, logarithmic=True)
    plane = Plane(x, Axis("autocorrelation", 1e-3, 1.0, logarithmic=True))
    known = any(point.value is not None for point in points)
    return plane.curve(title, points) if known else plane.empty(title)


def _tail(facts: FeedFacts) -> Panel:
    title, points = "Tail of 1-s |returns|", _points(facts.curves[curves.TAIL])
    x = Axis("standard deviations", points[0].x, points[-1].x, logarithmic=True)
    plane = Plane(x, Axis("share beyond", 1e-5, 1.0, logarithmic=True))
    if all(point.value is None for point in points):
        return plane.empty(title)
    normal = Rule("normal", [(point.x, normal_tail(point.x)) for point in points], 7)
    return plane.curve(title, points, normal)

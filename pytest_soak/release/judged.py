"""A figure beside its limit, and what several of them come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pytest_soak.release.figures import Figure

TOLERANCE = 1e-9
"""What rounding may take from a limit."""

PASS, WARN, FAIL = "PASS", "WARN", "FAIL"
PROMOTE, HOLD, ROLLBACK = "PROMOTE", "HOLD", "ROLLBACK"
STATUS = {PASS: 0, WARN: 0, PROMOTE: 0, FAIL: 1, ROLLBACK: 1, HOLD: 3}
_BADNESS = (PASS, PROMOTE, WARN, HOLD, FAIL, ROLLBACK)


class Line(NamedTuple):
    """A figure beside its limit, and what it comes to."""

    what: str
    value: str
    limit: str
    verdict: str


def overall(lines: Sequence[Line]) -> str:
    """The worst verdict of any line."""
    return max((line.verdict for line in lines), key=_BADNESS.index)


def line_of(what: str, figure: Figure, limit: str, good: bool, bad: str = FAIL) -> Line:
    """A line that is PASS where there is a figure and it is `good`."""
    value = figure.lack if figure.value is None else f"{figure.value:.6g}"
    return Line(what, value, limit, PASS if figure.value is not None and good else bad)


def at_most(what: str, figure: Figure, most: float, unit: str) -> Line:
    """A line that is PASS where there is a figure, and it is no more than `most`."""
    good = figure.value is not None and figure.value <= most + TOLERANCE
    return line_of(what, figure, f"<= {most:g}{unit}", good)


def percent(was: float, now: float) -> Figure:
    """By how much more `now` is; nothing can be told of what is not above 0."""
    if was <= 0.0 or now <= 0.0:
        return Figure(None, f"{min(was, now):g} is no measurement")
    return Figure(100.0 * (now / was - 1.0))

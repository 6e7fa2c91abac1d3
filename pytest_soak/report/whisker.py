"""A difference with its interval beside 0, and which differences would often be missed."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_soak.artifacts.compare_models import ComparedKpi, Found
from pytest_soak.report.charts import WIDTH, Chart, Mark, Rect, mark_at
from pytest_soak.report.scales import Scale, short
from pytest_soak.text import number, signed

_HEIGHT, _MARGIN, _CAP = 26.0, 10.0, 5.0
_KINDS = {Found.WORSE: "FAIL", Found.BETTER: "better", Found.CHANGED: "WARN"}


@dataclass(frozen=True)
class Difference:
    """A difference, and `half` the width of its interval, 0 of one without noise.

    `seen` is the least one that would be found, 0 where that is not known, `limit` what it is held
    against, and `kind` the kind of its mark.
    """

    name: str
    value: float
    half: float
    kind: str
    seen: float = 0.0
    limit: float = 0.0
    sure: str = "95 % "


NOTHING_FOUND = "grace PASS"
"""The mark of what is neither worse nor better, as far as can be seen: a hollow dot."""


def whisker(kpi: ComparedKpi) -> Chart:
    """The difference of a KPI, drawn.

    A cross is worse, a filled dot better, a triangle changed; a hollow dot is none of these.
    """
    kind = _KINDS.get(kpi.found, NOTHING_FOUND)
    half, seen = kpi.half_width or 0.0, kpi.detectable or 0.0
    return drawn(Difference(kpi.kpi, kpi.difference, half, kind, seen))


def drawn(one: Difference) -> Chart:
    """The difference on an axis of its own, whose middle is 0; a dashed line is its limit."""
    half, seen = one.half, one.seen
    farthest = max(abs(one.value) + half, seen, abs(one.limit)) or 1.0
    scale = Scale(-farthest, farthest, _MARGIN, WIDTH - _MARGIN)
    low, high = scale.at(one.value - half), scale.at(one.value + half)
    middle = _HEIGHT / 2
    rules = [_rule(scale.at(0.0), "zero")]
    if one.limit:
        rules.append(_rule(scale.at(one.limit), "final"))
    ends = "".join(f"M{short(x)} {short(middle - _CAP)}v{short(2 * _CAP)}" for x in (low, high))
    return Chart(
        height=short(_HEIGHT),
        label=_label(one),
        rects=(_missed(scale, seen),) if seen else (),
        rules=tuple(rules),
        lines=(f"M{short(low)} {short(middle)}H{short(high)}{ends}",) if half else (),
        marks=(mark_at(scale.at(one.value), middle, one.kind, ""),),
    )


def _rule(x: float, kind: str) -> Mark:
    return Mark(f"M{short(x)} 0V{short(_HEIGHT)}", kind, "")


def _missed(scale: Scale, seen: float) -> Rect:
    left, right = scale.at(-seen), scale.at(seen)
    return Rect(short(left), "0", short(right - left), short(_HEIGHT), "missed")


def _label(one: Difference) -> str:
    change = signed(one.value)
    if not one.half:
        return f"{one.name}: {change}, without noise"
    low, high = one.value - one.half, one.value + one.half
    return f"{one.name}: {change}, {one.sure}from {number(low)} to {number(high)}"

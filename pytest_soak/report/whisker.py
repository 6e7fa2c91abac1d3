"""A difference with its interval beside 0, and which differences would often be missed."""

from __future__ import annotations

from pytest_soak.artifacts.compare_models import ComparedKpi, Found
from pytest_soak.report.charts import WIDTH, Chart, Mark, Rect, mark_at
from pytest_soak.report.scales import Scale, short
from pytest_soak.text import number, signed

_HEIGHT, _MARGIN, _CAP = 26.0, 10.0, 5.0
_KINDS = {Found.WORSE: "FAIL", Found.BETTER: "better", Found.CHANGED: "WARN"}


def whisker(kpi: ComparedKpi) -> Chart:
    """The difference on an axis of its own, whose middle is 0.

    A cross is worse, a filled dot better, a triangle changed; a hollow dot is none of these.
    """
    half, seen = kpi.half_width or 0.0, kpi.detectable or 0.0
    farthest = max(abs(kpi.difference) + half, seen) or 1.0
    scale = Scale(-farthest, farthest, _MARGIN, WIDTH - _MARGIN)
    low, high = scale.at(kpi.difference - half), scale.at(kpi.difference + half)
    middle = _HEIGHT / 2
    ends = "".join(f"M{short(x)} {short(middle - _CAP)}v{short(2 * _CAP)}" for x in (low, high))
    return Chart(
        height=short(_HEIGHT),
        label=_label(kpi),
        rects=(_missed(scale, seen),) if seen else (),
        rules=(Mark(f"M{short(scale.at(0.0))} 0V{short(_HEIGHT)}", "zero", ""),),
        lines=(f"M{short(low)} {short(middle)}H{short(high)}{ends}",) if half else (),
        marks=(mark_at(scale.at(kpi.difference), middle, _KINDS.get(kpi.found, "grace PASS"), ""),),
    )


def _missed(scale: Scale, seen: float) -> Rect:
    left, right = scale.at(-seen), scale.at(seen)
    return Rect(short(left), "0", short(right - left), short(_HEIGHT), "missed")


def _label(kpi: ComparedKpi) -> str:
    change = signed(kpi.difference)
    if kpi.half_width is None:
        return f"{kpi.kpi}: {change}, without noise"
    low, high = kpi.difference - kpi.half_width, kpi.difference + kpi.half_width
    return f"{kpi.kpi}: {change}, 95 % from {number(low)} to {number(high)}"

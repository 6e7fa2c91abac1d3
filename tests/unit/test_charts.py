"""Charts: everything lies within them, limits are where they must be, nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_soak.report.charts import (
    WIDTH,
    Chart,
    Limit,
    Plot,
    Point,
    Span,
    draw,
    strip,
    waterfall,
)

numbers = st.floats(-1e9, 1e9)
curves = st.lists(st.none() | numbers, min_size=1, max_size=30)


def plot(values: Sequence[float | None], **more: object) -> Plot:
    points = [Point(n, n, v, v, v) for n, v in enumerate(values, 1)]
    return Plot("kpi", 1, len(values), points, **more)  # type: ignore[arg-type]


def places(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


def band(chart: Chart, kind: str) -> tuple[float, float]:
    (rect,) = (rect for rect in chart.rects if rect.kind == kind)
    return float(rect.y), float(rect.y) + float(rect.height)


@given(curves, st.lists(numbers, max_size=2), st.booleans())
def test_everything_lies_within_the_chart(
    values: list[float | None], levels: list[float], steps: bool
) -> None:
    limits = [Limit(v, -1, "fail") for v in levels]
    marks = [(float(n), v, "PASS", "x") for n, v in enumerate(values, 1) if v is not None]
    chart = draw(plot(values, limits=limits, marks=marks, steps=steps))
    height = float(chart.height)
    for path in chart.lines:
        assert all(0 <= x <= WIDTH and 0 <= y <= height for x, y in places(path))
    for rect in chart.rects:
        assert float(rect.x) + float(rect.width) <= WIDTH
        assert 0 <= float(rect.y) <= float(rect.y) + float(rect.height) <= height
    assert len(chart.marks) == len(marks)


@given(curves)
@example([2.2e-311])  # the smallest range there is
def test_every_value_is_on_a_line_and_a_gap_parts_them(values: list[float | None]) -> None:
    chart = draw(plot(values))
    assert sum(len(places(path)) for path in chart.lines) == sum(v is not None for v in values)
    gaps = re.sub(r"0+", "0", "".join("0" if v is None else "1" for v in values)).strip("0")
    assert len(chart.lines) == (gaps.count("0") + 1 if gaps else 0)


def test_a_floor_warns_below_it_down_to_where_it_fails() -> None:
    limits = [Limit(2.7, -1, "warn"), Limit(2.0, -1, "fail")]
    chart = draw(plot([3.0, 1.0, 3.2], limits=limits))
    warn, fail = band(chart, "warn"), band(chart, "fail")
    assert warn[1] == pytest.approx(fail[0], abs=0.11)
    assert warn[0] < warn[1] < fail[1]
    first, second, third = (y for _, y in places(chart.lines[0]))
    assert third < first < warn[0]
    assert fail[0] < second < fail[1]


def test_a_ceiling_warns_above_it_up_to_where_it_fails() -> None:
    chart = draw(plot([3.0, 6.0], limits=[Limit(4.0, 1, "warn"), Limit(5.0, 1, "fail")]))
    assert band(chart, "fail")[1] == pytest.approx(band(chart, "warn")[0], abs=0.11)
    assert places(chart.lines[0])[1][1] < band(chart, "fail")[1]


def test_a_limit_far_away_does_not_flatten_the_curve_but_a_broken_one_is_shown() -> None:
    near = draw(plot([3.0, 4.0], limits=[Limit(-1000.0, -1, "fail")]))
    rise = abs(places(near.lines[0])[0][1] - places(near.lines[0])[1][1])
    assert rise > 50
    broken = draw(plot([3.0, 4.0], limits=[Limit(1000.0, -1, "fail")]))
    top, bottom = band(broken, "fail")
    assert 8 < top < bottom


def test_groups_have_an_area_and_iterations_have_none() -> None:
    group = [Point(1, 5, 2.0, 1.0, 3.0), Point(6, 10, 2.0, 0.0, 4.0)]
    assert len(draw(Plot("kpi", 1, 10, group)).areas) == 1
    assert draw(plot([1.0, 2.0])).areas == ()


def test_marks_differ_in_shape_and_untold_ones_are_one_path_a_kind() -> None:
    kinds = ("PASS", "WARN", "FAIL", "FAIL grace")
    told = draw(plot([1.0], marks=[(1.0, 1.0, kind, "t") for kind in kinds]))
    shapes = {re.sub(r"[\d.]+", "", mark.path) for mark in told.marks}
    assert len(shapes) == 3
    untold = draw(plot([1.0, 2.0], marks=[(1.0, 1.0, "FAIL", ""), (2.0, 2.0, "FAIL", "")]))
    assert [mark.kind for mark in untold.marks] == ["FAIL"]


def test_a_strip_has_a_cell_a_span() -> None:
    chart = strip(1, 3, [[Span(n, n, "PASS", f"{n}") for n in (1, 2, 3)]], "verdicts")
    left = [float(rect.x) for rect in chart.rects]
    assert left == sorted(left)
    assert [rect.title for rect in chart.rects] == ["1", "2", "3"]


def test_a_waterfall_ends_where_its_total_does() -> None:
    chart = waterfall([("gross", 3.0), ("fees", -1.0)], ("net", 2.0), "edge")
    gross, fees, net = chart.rects
    assert [rect.kind for rect in chart.rects] == ["gain", "loss", "total"]
    assert float(fees.x) == pytest.approx(float(net.x) + float(net.width), abs=0.11)
    assert float(gross.width) > float(net.width)
    assert [label.text for label in chart.y_labels][1::2] == ["+3.00", "-1.00", "+2.00"]


@given(st.integers(1, 10_000), st.integers(0, 10_000))
def test_iterations_are_counted_in_a_few_whole_numbers(first: int, more: int) -> None:
    points = [Point(first, first, 1.0, 1.0, 1.0)]
    chart = draw(Plot("kpi", first, first + more, points))
    told = [int(label.text) for label in chart.x_labels]
    assert told[0] == first
    assert told == sorted(set(told))
    assert len(told) <= 9

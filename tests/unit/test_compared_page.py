"""A comparison in HTML: a page of its own, and a section of a merged run's report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from builders import usage_error
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import ATTRIBUTES, HOSTILE, Page, words
from shifted_runs import stored

from pytest_soak.artifacts.compare_models import (
    ComparedKpi,
    ComparedLanes,
    ComparedRuns,
    Found,
    Measure,
    Way,
)
from pytest_soak.cli import commands
from pytest_soak.commands.compare import compare
from pytest_soak.commands.merge import merge
from pytest_soak.errors import escaped
from pytest_soak.gates.engine import Verdict
from pytest_soak.report.page import comparison_text
from pytest_soak.report.whisker import whisker

SIZES = st.floats(0, 1e60)
KPIS = st.builds(
    ComparedKpi,
    kpi=st.sampled_from(HOSTILE) | st.text(max_size=20),
    gated=st.booleans(),
    measure=st.sampled_from(Measure),
    count=st.integers(1, 100),
    before=st.floats(-1e60, 1e60),
    after=st.floats(-1e60, 1e60),
    difference=st.floats(-1e60, 1e60),
    correlation=st.none(),
    half_width=st.none() | SIZES,
    chance=st.none(),
    detectable=st.none() | SIZES,
    found=st.sampled_from(Found),
)


def kpi(difference: float, half_width: float | None, found: Found, **more: Any) -> ComparedKpi:
    facts: dict[str, Any] = {
        "kpi": "net_bps",
        "gated": True,
        "measure": Measure.MEAN,
        "count": 4,
        "before": 3.0,
        "after": 3.0 + difference,
        "difference": difference,
        "correlation": None,
        "half_width": half_width,
        "chance": None,
        "detectable": None,
        "found": found,
    }
    return ComparedKpi(**(facts | more))


def compared(text: str, kpis: Sequence[ComparedKpi]) -> ComparedRuns:
    """A comparison in which whatever has a name is called `text`."""
    lanes = ComparedLanes(
        run=text,
        market=text,
        before=text,
        after=f"{text}2",
        way=Way.LANES,
        seeds=[],
        unpaired=text,
        verdict=Verdict.HOLD,
        lacking=text,
        kpis=list(kpis),
        left_out={text: text},
        notes=[text],
    )
    return ComparedRuns(
        source=text,
        meta={"host": text},
        reference=text,
        runs=[text],
        verdict=Verdict.HOLD,
        text=f"HOLD against {text}",
        comparisons=[lanes],
        notes=[text],
    )


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return stored(tmp_path / "a", range(1, 5))


def test_the_page_has_what_the_terminal_says(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, reference: Path
) -> None:
    new = stored(tmp_path / "b", range(11, 15), -0.5)
    few = stored(tmp_path / "c", [9])
    file = tmp_path / "page.html"
    given = ["compare", str(reference), str(new), str(few), "--html", str(file)]
    assert commands.main(given, standalone_mode=False) == 1
    shown = words(Page(file.read_text("utf-8")))
    first, *_, last = capsys.readouterr().out.splitlines()
    assert f"{few}: steady_safe on calm against {reference}: not enough" in shown
    assert f"FAIL {first} " in shown
    assert "unpaired lanes (not paired: no seed in common)" in first
    assert f"{last} " in shown
    assert "ratios of sums, by volume (others: means of iterations): net_bps" in shown


def test_a_row_has_before_after_difference_interval_and_what_could_be_seen() -> None:
    one = kpi(-0.5, 0.1, Found.WORSE, detectable=0.2)
    page = Page(comparison_text(compared("x", [one, kpi(0, None, Found.IDENTICAL, kpi="same")])))
    assert "net_bps 3 2.5 -0.5 0.1 0.2 worse identical: same left out: x (x)" in words(page)
    assert page.tags["svg"] == 1
    assert ("aria-label", "net_bps: -0.5, 95 % from -0.6 to -0.4") in page.attributes


def test_the_whisker_stands_where_the_interval_is() -> None:
    chart = whisker(kpi(-0.5, 0.1, Found.WORSE, detectable=0.3))
    assert [rule.path for rule in chart.rules] == ["M180 0V26"]
    (line,) = chart.lines
    assert line.startswith("M10 13H66.7")  # -0.6 and -0.4 of an axis from -0.6 to 0.6
    (missed,) = chart.rects
    assert (missed.x, missed.width) == ("95", "170")
    (mark,) = chart.marks
    assert (mark.kind, mark.path[:6]) == ("FAIL", "M34.8 ")


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (Found.WORSE, "FAIL"),
        (Found.BETTER, "better"),
        (Found.CHANGED, "WARN"),
        (Found.NONE, "grace PASS"),
        (Found.CONSTANT, "grace PASS"),
    ],
)
def test_what_is_found_has_a_shape(found: Found, kind: str) -> None:
    chart = whisker(kpi(0.5, None, found))
    assert [mark.kind for mark in chart.marks] == [kind]
    assert (chart.lines, chart.rects) == ((), ())


@settings(max_examples=40)
@given(KPIS)
def test_nothing_is_drawn_outside(one: ComparedKpi) -> None:
    chart = whisker(one)
    marks = [mark.path for mark in (*chart.marks, *chart.rules)]
    places = [float(x) for d in (*chart.lines, *marks) for x in re.findall(r"[MH]([-\d.]+)", d)]
    places += [float(r.x) + float(r.width) for r in chart.rects] + [float(r.x) for r in chart.rects]
    assert all(0 <= place <= 360 for place in places)


@settings(max_examples=25)
@given(st.sampled_from(HOSTILE) | st.text(max_size=20), st.lists(KPIS, max_size=3))
def test_whatever_is_compared_is_text(text: str, kpis: list[ComparedKpi]) -> None:
    written = comparison_text(compared(text, kpis))
    found, plain = Page(written), Page(comparison_text(compared("x", [kpi(1, 1, Found.NONE)])))
    assert found.open == []
    assert set(found.tags) <= set(plain.tags) | {"rect", "svg", "path", "table", "tr", "td", "th"}
    assert {name for name, _ in found.attributes} <= ATTRIBUTES
    assert written.replace("\n", "").isprintable()


@pytest.mark.parametrize("text", HOSTILE)
def test_what_it_says_can_still_be_read(text: str) -> None:
    written = comparison_text(compared(text, [kpi(1, 1, Found.NONE, kpi=text)]))
    assert words(Page(written)).count(escaped(text)) >= 9
    assert not re.search(r"<script|<img|url\(|@import", written)
    assert "default-src 'none'" in written


def test_a_link_is_not_followed_and_a_folder_is_no_page(tmp_path: Path, reference: Path) -> None:
    link = tmp_path / "link.html"
    link.symlink_to(tmp_path / "elsewhere")
    for file, problem in ((link, "is a symbolic link"), (tmp_path, "expected a file")):
        message = usage_error(partial(compare, reference, [reference], file))
        assert message.startswith("--html: ")
        assert problem in message
    assert not (tmp_path / "elsewhere").exists()


def merged_report(tmp_path: Path, new: Path, against: Path | None) -> str:
    output = tmp_path / "whole"
    merge([new], output, against, allow_different=False)
    return (output / "latest" / "report.html").read_text("utf-8")


def test_a_merged_report_has_the_section(tmp_path: Path, reference: Path) -> None:
    new = stored(tmp_path / "b", range(1, 5), -0.5)
    text = merged_report(tmp_path, new, reference)
    page = Page(text)
    assert page.open == []
    assert f"FAIL against {reference}: worse in {tmp_path / 'whole'} (steady_safe on calm)" in (
        words(page)
    )
    assert "paired by seed, 4 seeds" in words(page)
    assert 'class="whisker"' in text
    assert 'class="compared"' not in merged_report(tmp_path / "alone", new, None)


def test_a_reference_that_is_not_whole_is_not_compared(tmp_path: Path, reference: Path) -> None:
    new = stored(tmp_path / "b", range(1, 5))
    lane = reference / "latest" / "steady_safe-calm-2"
    (lane / "ITER_SUMMARY_6.json").unlink()
    (lane / "ITER_SUMMARY_final.json").unlink()
    shown = words(Page(merged_report(tmp_path, new, reference)))
    assert f"HOLD against {reference}: not compared: {lane}: RESULT.json says" in shown


def test_a_merged_report_says_why_nothing_is_compared(tmp_path: Path, reference: Path) -> None:
    new = stored(tmp_path / "b", range(1, 5), settings={"minutes": "30"})
    shown = words(Page(merged_report(tmp_path, new, reference)))
    assert f"HOLD against {reference}: not compared: settings.minutes: 60 in" in shown

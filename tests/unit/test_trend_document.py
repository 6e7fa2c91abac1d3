"""STEADY_TREND.md: tables that are readable as text."""

from __future__ import annotations

from pathlib import Path

import pytest
from runs import metric, summary_of, write_lane, write_run

from pytest_soak.report.markdown import trend_text
from pytest_soak.report.read import read_run
from pytest_soak.report.trends import drift_text, lane_trends
from pytest_soak.stats.trend import Drift
from pytest_soak.text import number, signed


def text_of(run: Path) -> str:
    return trend_text(read_run(run))


def tables(text: str) -> list[list[str]]:
    blocks = [block.splitlines() for block in text.split("\n\n")]
    return [block for block in blocks if block and block[0].startswith("|")]


def test_columns_are_aligned_and_gated_kpis_come_first(tmp_path: Path) -> None:
    gated, other = tables(text_of(write_run(tmp_path)))
    for table in (gated, other):
        bars = [[n for n, c in enumerate(line) if c == "|"] for line in table]
        assert all(places == bars[0] for places in bars)
    assert [line.split("|")[1].strip() for line in gated[2::2]] == ["net_bps", "risk_ratio"]
    assert "net_bps" not in "".join(other)


def test_each_kpi_has_its_last_eight_and_all(tmp_path: Path) -> None:
    gated, _ = tables(text_of(write_run(tmp_path, iterations=24)))
    assert [line.split("|")[2].strip() for line in gated[2:4]] == ["8", "22"]


def test_warm_up_and_grace_are_left_out(tmp_path: Path) -> None:
    iterations = [summary_of(n, phase="warmup" if n < 6 else "steady") for n in range(1, 11)]
    write_lane(tmp_path, iterations, [metric()])
    (lane,) = read_run(tmp_path).lanes
    assert {trend.whole.n for trend in lane_trends(lane)} == {5}
    assert "10 iterations, 5 of them steady and graded" in text_of(tmp_path)


def test_a_drift_is_told_with_its_direction(tmp_path: Path) -> None:
    iterations = [
        summary_of(n, kpis={"net_bps": 3 - 0.05 * n + 0.01 * (n % 3), "risk_ratio": None})
        for n in range(1, 31)
    ]
    write_lane(tmp_path, iterations, [metric()])
    assert "falling (worse)" in text_of(tmp_path)


def test_several_lanes_have_a_section_each_and_nothing_steady_says_so(tmp_path: Path) -> None:
    text = text_of(write_run(tmp_path, lanes=2, iterations=2))
    assert text.count("\n## safe-calm-") == 2
    assert "2 iterations, 0 of them steady and graded" in text
    assert tables(text) == []


def test_it_says_what_a_rotation_took_away(tmp_path: Path) -> None:
    home = write_run(tmp_path, iterations=12)
    for number_ in range(1, 11):
        (home / f"ITER_SUMMARY_{number_}.json").unlink()
    assert "2 of 12 iterations left, 2 of them steady and graded" in text_of(home)


def test_hostile_names_make_neither_cells_nor_markup(tmp_path: Path) -> None:
    name = "a|b<script>\u202e"
    iterations = [summary_of(n, "x<b>|\n# y", kpis={name: float(n)}) for n in range(1, 12)]
    write_lane(tmp_path, iterations, [])
    text = text_of(tmp_path)
    (table,) = tables(text)
    assert "<" not in text
    assert "\u202e" not in text
    assert r"a\|b&lt;script>" in table[2]
    assert "\n# y" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "n/a"), (0.21839, "0.2184"), (286.08, "286.1"), (4281997.2, "4,281,997"), (3.0, "3")],
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


def test_signs() -> None:
    assert [signed(v) for v in (1.0, -1.0, 0.0, None)] == ["+1", "-1", "0", "n/a"]


def test_better_or_worse_is_said_where_it_is_known() -> None:
    assert drift_text("net_bps", Drift.RISING) == "rising (better)"
    assert drift_text("risk_ratio", Drift.RISING) == "rising (worse)"
    assert drift_text("mine", Drift.RISING) == "rising"
    assert drift_text("net_bps", Drift.NONE) == "none seen"

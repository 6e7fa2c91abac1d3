"""Growth of a resource: the lows of a series, and what their slope says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import theilslopes

from benchmarks.growth import SHAPES, fires, memory
from pytest_soak.kpi.usage import Usage, growth_kpis
from pytest_soak.observation.columns import RESOURCE
from pytest_soak.stats.growth import BUCKET_US, HOUR_US, Growth, Lows, grows, growth

STEP_US = 5_000_000


def series(hours: float, values: NDArray[Any] | float = 0.0, start_us: int = 0) -> Lows:
    times = start_us + np.arange(0, int(hours * HOUR_US) + 1, STEP_US)
    given = np.zeros(len(times), np.float64) + values
    return Lows().with_values(times, given)


def rising(hours: float, per_hour: float, start_us: int = 0) -> Lows:
    noise = np.random.default_rng(1).normal(0.0, 1.0, int(hours * 720) + 1)
    return series(hours, per_hour * np.arange(len(noise)) / 720 + noise, start_us)


@given(st.lists(st.integers(0, 4000), max_size=300).map(sorted), st.integers(0, 300))
@settings(max_examples=50)
def test_a_series_is_the_same_however_it_is_handed_over(seconds: list[int], cut: int) -> None:
    times = np.array(seconds, np.int64) * 1_000_000
    values = np.arange(len(times), dtype=np.float64) % 7.0
    whole = Lows().with_values(times, values)
    parts = Lows().with_values(times[:cut], values[:cut]).with_values(times[cut:], values[cut:])
    assert parts == whole
    assert Lows.model_validate_json(whole.model_dump_json()) == whole


def test_a_low_is_the_five_percent_quantile_of_five_minutes() -> None:
    values = np.arange(121.0)
    found = Lows().with_values(np.arange(121) * STEP_US, values)
    assert [start for start, _ in found.lows] == [0, BUCKET_US]
    expected = [np.quantile(values[:60], 0.05), np.quantile(values[60:120], 0.05)]
    assert [low for _, low in found.lows] == pytest.approx(expected)
    assert found.unfinished == ((2 * BUCKET_US, 120.0),)


def test_there_is_no_growth_before_two_hours() -> None:
    assert growth(Lows()) is None
    assert growth(rising(1.99, 500.0)) is None
    assert growth(rising(2.0, 500.0, start_us=7 * HOUR_US)) is not None


def test_the_first_half_hour_does_not_count() -> None:
    values = np.where(np.arange(3 * 720 + 1) < 350, 0.0, 900.0)
    assert growth(series(3.0, values)) == Growth(0.0, 0.0, 0.0)


@pytest.mark.parametrize("per_hour", [-80.0, 0.0, 150.0])
def test_the_slope_is_that_of_theil_and_sen(per_hour: float) -> None:
    found = rising(4.0, per_hour)
    kept = [(start / HOUR_US, low) for start, low in found.lows if start >= 1_800_000_000]
    hours, lows = np.array(kept).T
    grown = growth(found)
    assert grown is not None
    assert grown.per_hour == pytest.approx(theilslopes(lows, hours).slope)
    assert grown.per_hour == pytest.approx(per_hour, abs=1.0)


@pytest.mark.parametrize(
    ("found", "sure"),
    [
        (Growth(5.0, 1.0, 9.0), 5.0),
        (Growth(5.0, -1.0, 9.0), 0.0),
        (Growth(5.0, 0.0, 9.0), 0.0),
        (Growth(-5.0, -9.0, -1.0), -5.0),
        (Growth(5.0, None, None), 0.0),
    ],
)
def test_what_cannot_be_told_from_none_is_none(found: Growth, sure: float) -> None:
    assert found.sure == sure


def test_it_grows_beyond_a_limit() -> None:
    assert grows(rising(3.0, 150.0), 100.0)
    assert not grows(rising(3.0, 150.0), 200.0)
    assert not grows(rising(3.0, -150.0), -200.0)
    assert not grows(rising(1.0, 150.0), 100.0)


def test_both_columns_have_a_growth() -> None:
    rows = np.zeros(3 * 720 + 1, RESOURCE)
    rows["time_us"] = np.arange(len(rows)) * STEP_US
    rows["rss_mb"], rows["open_fds"] = 400.0, np.arange(len(rows)) / 60
    grown = growth_kpis(Usage().with_rows(rows[:900]).with_rows(rows[900:]))
    assert grown["rss_growth_mb_per_h"] == 0.0
    assert grown["fds_growth_per_h"] == pytest.approx(12.0, abs=0.5)
    assert growth_kpis(Usage()) == {"rss_growth_mb_per_h": None, "fds_growth_per_h": None}


@pytest.mark.parametrize("cut", [900, 1100, 1300, 2160])
def test_with_another_process_growth_begins_anew(cut: int) -> None:
    rows = np.zeros(3 * 720, RESOURCE)
    rows["time_us"] = np.arange(len(rows)) * STEP_US
    rows["rss_mb"], rows["started_us"] = 400.0 + np.arange(len(rows)) / 5, 1.0
    again = rows[1100:]
    again["started_us"] = again["time_us"][0]
    found = Usage().with_rows(rows[:cut]).with_rows(rows[cut:])
    assert found == Usage().with_rows(again)
    assert growth_kpis(found)["rss_growth_mb_per_h"] is None
    again["started_us"] = np.nan
    unknown = Usage().with_rows(again[:100]).with_rows(again[100:])
    assert unknown.columns == Usage().with_rows(again).columns


def test_what_is_not_finite_or_of_before_is_no_part_of_it() -> None:
    found = Lows().with_values(np.array([5, 6, 7]), np.array([1.0, np.nan, np.inf]))
    again = found.with_values(np.array([4, 5, 8]), np.array([9.0, 2.0, 3.0]))
    assert again.unfinished == ((5, 1.0), (5, 2.0), (8, 3.0))


@pytest.mark.parametrize("name", [n for n in SHAPES if "90 min" not in n])
def test_a_leak_is_seen_and_nothing_else(name: str) -> None:
    shape, should = SHAPES[name]
    hour = fires(memory(shape, 4.0, np.random.default_rng(7)), 100.0)
    assert (hour is not None) == should

"""The slope of a KPI, its interval, and what is said of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from pytest_soak.stats.student import student_quantile
from pytest_soak.stats.trend import Drift, Trend, recent_and_whole

CHANCE = 0.05
values = st.lists(st.integers(-1000, 1000).map(float), min_size=2, max_size=40)
TURNED = {Drift.RISING: Drift.FALLING, Drift.FALLING: Drift.RISING}


def whole(y: list[float], chance: float = CHANCE) -> Trend:
    return recent_and_whole(range(1, len(y) + 1), y, 8, chance)[1]


def noisy(n: int, slope: float = 0.0) -> list[float]:
    rng = np.random.default_rng(42)
    return [float(v) + slope * k for k, v in enumerate(rng.standard_normal(n))]


@given(values, st.integers(-500, 500))
def test_a_shift_moves_the_median_alone(y: list[float], shift: int) -> None:
    before, after = whole(y), whole([v + shift for v in y])
    assert before.median is not None
    assert after.median == pytest.approx(before.median + shift)
    assert after[2:6] == pytest.approx(before[2:6])
    assert after.drift is before.drift


@given(values, st.sampled_from([0.25, 2.0, 64.0]))
def test_a_scale_scales_all_but_the_verdict(y: list[float], scale: float) -> None:
    before, after = whole(y), whole([v * scale for v in y])
    scaled = [None if v is None else v * scale for v in before[1:6]]
    assert after[1:6] == pytest.approx(scaled)
    assert after.drift is before.drift


@given(values)
def test_upside_down_rising_is_falling(y: list[float]) -> None:
    before, after = whole(y), whole([-v for v in y])
    assert after.slope == pytest.approx(-before.slope if before.slope is not None else None)
    if before.low is not None and before.high is not None:
        assert (after.low, after.high) == pytest.approx((-before.high, -before.low))
    assert after.drift is TURNED.get(before.drift, before.drift)


@given(values)
def test_the_slope_is_that_of_scipy(y: list[float]) -> None:
    assume(len(y) > 1)
    assert whole(y).slope == pytest.approx(stats.theilslopes(y).slope, abs=1e-12)


def test_the_interval_of_white_noise_is_that_of_scipy_but_for_the_noise_it_estimates() -> None:
    y = noisy(200)
    ours, theirs = whole(y), stats.theilslopes(y, alpha=1 - CHANCE)
    assert ours.low is not None
    assert ours.high is not None
    width, other = ours.high - ours.low, theirs.high_slope - theirs.low_slope
    assert 1.0 <= width / other < 1.25


@pytest.mark.parametrize("chance", [0.05, 0.01, 0.0024])
@pytest.mark.parametrize("freedom", [4, 6, 10, 30, 200])
def test_students_quantile_is_good_where_it_is_used(chance: float, freedom: int) -> None:
    exact = stats.t.ppf(1 - chance / 2, freedom)
    assert student_quantile(1 - chance / 2, freedom) == pytest.approx(exact, rel=0.03)


@given(st.integers(-100, 100).map(float), st.integers(8, 60))
def test_a_constant_has_no_drift(value: float, n: int) -> None:
    assert whole([value] * n) == Trend(n, value, 0.0, 0.0, 0.0, 0.0, Drift.NONE)


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([], Trend(0, None, None, None, None, None, Drift.INCONCLUSIVE)),
        ([3.0], Trend(1, 3.0, 0.0, None, None, None, Drift.INCONCLUSIVE)),
        ([3.0, 5.0], Trend(2, 4.0, 1.0, 2.0, None, None, Drift.INCONCLUSIVE)),
        ([3.0, 5.0, 4.0], Trend(3, 4.0, 1.0, 0.5, None, None, Drift.INCONCLUSIVE)),
    ],
)
def test_of_few_points_nothing_is_concluded(y: list[float], expected: Trend) -> None:
    assert whole(y) == expected


def test_a_gap_in_the_iterations_counts_as_time() -> None:
    _, trend = recent_and_whole([1, 2, 10], [1.0, 2.0, 10.0], 8, CHANCE)
    assert trend.slope == 1.0


def test_a_clear_rise_is_seen_in_24_points_and_its_slope_within_the_interval() -> None:
    trend = whole(noisy(24, slope=0.3))
    assert trend.drift is Drift.RISING
    assert trend.low is not None
    assert trend.high is not None
    assert trend.low < 0.3 < trend.high


def test_points_too_alike_say_nothing() -> None:
    walk = np.cumsum(np.random.default_rng(42).standard_normal(24))
    assert whole([float(v) for v in walk]).drift is Drift.INCONCLUSIVE


def test_the_noise_of_the_last_points_is_learnt_from_all() -> None:
    y = noisy(40)
    recent, _ = recent_and_whole(range(40), y, 8, CHANCE)
    alone = whole(y[-8:])
    assert (recent.n, recent.slope) == (alone.n, alone.slope)
    assert recent.low is not None
    assert alone.low is None


def test_a_long_series_is_averaged_and_its_slope_is_still_an_iterations() -> None:
    trend = whole(noisy(10_001, slope=0.01))
    assert trend.n == 10_001
    assert trend.slope == pytest.approx(0.01, abs=1e-4)
    assert trend.drift is Drift.RISING


def alike(rng: np.random.Generator, n: int, r: float) -> NDArray[np.float64]:
    """Noise with heavy tails, each point `r` of the one before."""
    noise = rng.standard_t(3, 50 + n)
    for k in range(1, 50 + n):
        noise[k] += r * noise[k - 1]
    return noise[50:]


@pytest.mark.parametrize(("n", "r"), [(12, 0.0), (18, 0.3), (24, 0.3), (24, 0.6), (72, 0.6)])
def test_false_alarms_stay_near_the_stated_chance(n: int, r: float) -> None:
    rng, times, alarms = np.random.default_rng(42), 300, np.zeros(2)
    for _ in range(times):
        both = recent_and_whole(range(n), alike(rng, n, r), 8, CHANCE)
        alarms += [trend.drift in TURNED for trend in both]
    error = math.sqrt(CHANCE * (1 - CHANCE) / times)
    assert (alarms / times <= CHANCE + 3 * error).all()


def test_most_rises_of_three_deviations_are_found_in_24_points() -> None:
    rng = np.random.default_rng(42)
    rise = np.linspace(0, 3 * math.sqrt(3), 24)
    found = [whole(list(alike(rng, 24, 0.0) + rise)).drift is Drift.RISING for _ in range(100)]
    assert sum(found) > 85

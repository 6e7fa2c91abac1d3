"""Student's t and what rests on it: scipy is the oracle."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_soak.stats.batches import LEAST_BATCHES, lacking, mean_along
from pytest_soak.stats.estimate import Floats, MeanEstimate, between, mean_of
from pytest_soak.stats.holm import holm
from pytest_soak.stats.power import detectable_errors
from pytest_soak.stats.student import student_quantile, student_tail

FREEDOMS = (1, 2, 3, 4, 5, 7, 8, 30, 101, 1000)


@pytest.mark.parametrize("freedom", FREEDOMS)
@pytest.mark.parametrize("t", [0.0, 0.3, 1.0, 2.5, 12.0, 300.0])
def test_the_tail_is_students(freedom: int, t: float) -> None:
    exact = float(stats.t.sf(t, freedom))
    assert student_tail(t, freedom) == pytest.approx(exact, rel=1e-6, abs=1e-14)
    assert student_tail(math.inf, freedom) == 0.0


@pytest.mark.parametrize("freedom", FREEDOMS)
@pytest.mark.parametrize("chance", [0.0005, 0.2, 0.5, 0.8, 0.975, 0.9991, 0.99999])
def test_quantiles_are_exact_also_far_out_and_of_few_values(freedom: int, chance: float) -> None:
    exact = float(stats.t.ppf(chance, freedom))
    assert student_quantile(chance, freedom) == pytest.approx(exact, rel=1e-8, abs=1e-12)


def test_of_very_many_degrees_of_freedom_little_changes() -> None:
    assert student_quantile(0.975, 10**9) == pytest.approx(1.96, abs=0.003)


@given(
    st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 3)), min_size=3, max_size=9),
    st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 3)), min_size=3, max_size=9),
)
def test_lanes_are_compared_as_welch_has_it(old: list[float], new: list[float]) -> None:
    before, after = np.array(old), np.array(new)
    if before.std() < 1e-3 or after.std() < 1e-3:
        return
    found = between(mean_of(before), mean_of(after))
    exact = stats.ttest_ind(after, before, equal_var=False)
    assert found.t == pytest.approx(float(exact.statistic), rel=1e-6, abs=1e-9)
    assert found.freedom == max(math.floor(float(exact.df) + 1e-9), min(len(old), len(new)) - 1)
    assert found.chance >= float(exact.pvalue) * (1 - 1e-6) - 1e-12


def test_a_mean_without_error_is_certain_and_one_of_nothing_is_none() -> None:
    assert MeanEstimate(2.0, 0.0, 4).chance == 0.0
    assert MeanEstimate(0.0, 0.0, 4).chance == 1.0
    assert MeanEstimate(0.0, 0.0, 4).half_width == 0.0


def test_what_is_detectable_is_found_in_eighty_of_a_hundred() -> None:
    rng, chance, n = np.random.default_rng(42), 0.01, 8
    error = 1.0 / math.sqrt(n)
    apart = MeanEstimate(0.0, error, n - 1).detectable(chance)
    values = rng.normal(apart, 1.0, (20_000, n))
    t = values.mean(axis=1) / (values.std(axis=1, ddof=1) / math.sqrt(n))
    found = float(np.mean(np.abs(t) > student_quantile(1.0 - chance / 2.0, n - 1)))
    assert found == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("freedom", [2, 3, 11, 60])
def test_the_power_is_that_of_the_noncentral_t(freedom: int) -> None:
    limit = student_quantile(1.0 - 0.002 / 2.0, freedom)
    far = detectable_errors(0.002, freedom)
    assert float(stats.nct.sf(limit, freedom, far)) == pytest.approx(0.8, abs=0.002)


def test_holm_is_holms() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=30))
def test_holm_keeps_the_order_and_is_between_itself_and_bonferroni(chances: list[float]) -> None:
    adjusted = holm(chances)
    for chance, one in zip(chances, adjusted, strict=True):
        assert chance <= one <= min(1.0, chance * len(chances)) or one == 1.0
    order = sorted(range(len(chances)), key=chances.__getitem__)
    assert [adjusted[n] for n in order] == sorted(adjusted)


def autocorrelated(rng: np.random.Generator, n: int, r: float) -> Floats:
    noise = rng.normal(size=n + 50)
    for k in range(1, n + 50):
        noise[k] += r * noise[k - 1]
    return noise[50:]


@pytest.mark.parametrize(("r", "most"), [(0.0, 0.03), (0.3, 0.05), (0.6, 0.1)])
def test_the_mean_of_a_series_is_as_sure_as_it_says(r: float, most: float) -> None:
    rng, missed, said = np.random.default_rng(42), 0, 0
    for _ in range(600):
        series = autocorrelated(rng, 24, r)
        if not lacking(series):
            said += 1
            missed += mean_along(series).chance < 0.05
    assert said > 100
    assert missed / said <= most


def test_a_short_series_says_how_much_it_lacks() -> None:
    assert lacking(np.arange(5.0) % 2) == LEAST_BATCHES - 5
    assert lacking(np.arange(12.0) % 2) == 0
    rising = np.arange(20.0)
    assert lacking(rising) == 2 * LEAST_BATCHES - 20
    slow = np.repeat(np.arange(14.0) % 2, 2)
    assert lacking(slow) == 0
    assert mean_along(slow).mean == pytest.approx(0.5)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.3e20])
def test_a_constant_series_has_no_noise(value: float) -> None:
    series = np.full(15, value)
    assert lacking(series) == 0
    found = mean_along(series)
    assert found.mean == pytest.approx(value)
    assert found.error <= 1e-12 * abs(value)

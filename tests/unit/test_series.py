"""Estimates from one series, against series whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_soak.facts import series
from pytest_soak.facts.series import (
    LEAST,
    autocorrelation,
    excess_kurtosis,
    hill,
    impact_by_size,
    power,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_independent_signs_have_no_memory(rng: np.random.Generator) -> None:
    signs = rng.choice([-1.0, 1.0], 40_000)
    for lag in (1, 2, 50):
        assert abs(autocorrelation(signs, lag)) < 0.02


@pytest.mark.parametrize("stay", [0.3, 0.5, 0.8])
def test_the_memory_of_a_chain_of_signs_falls_as_its_power(
    rng: np.random.Generator, stay: float
) -> None:
    """A sign that turns with probability (1 - c) / 2 has the autocorrelation c^lag."""
    turns = rng.random(200_000) < (1.0 - stay) / 2.0
    signs = np.cumprod(np.where(turns, -1.0, 1.0)).astype(float)
    for lag in (1, 2, 3):
        assert autocorrelation(signs, lag) == pytest.approx(stay**lag, abs=0.02)


def test_a_series_that_repeats_is_perfectly_correlated_with_itself() -> None:
    wave = np.tile([1.0, -1.0], 200)
    assert autocorrelation(wave, 2) == pytest.approx(1.0)
    assert autocorrelation(wave, 1) == pytest.approx(-1.0)


@pytest.mark.parametrize("lag", [1, 50])
def test_autocorrelation_asks_for_pairs(lag: int) -> None:
    wave = np.tile([1.0, -1.0], 200)
    assert np.isfinite(autocorrelation(wave[: lag + LEAST], lag))
    assert np.isnan(autocorrelation(wave[: lag + LEAST - 1], lag))


def test_kurtosis_of_known_distributions(rng: np.random.Generator) -> None:
    assert excess_kurtosis(np.tile([1.0, -1.0], 50)) == pytest.approx(-2.0)
    assert excess_kurtosis(rng.normal(size=200_000)) == pytest.approx(0.0, abs=0.1)
    assert excess_kurtosis(rng.laplace(size=400_000)) == pytest.approx(3.0, abs=0.3)


@pytest.mark.parametrize("index", [2.0, 3.0, 5.0])
def test_hill_finds_the_index_of_a_pareto_tail(rng: np.random.Generator, index: float) -> None:
    sizes = rng.pareto(index, 400_000) + 1.0
    assert hill(sizes, 0.01) == pytest.approx(index, rel=0.06)


def test_hill_is_not_told_by_the_unit(rng: np.random.Generator) -> None:
    sizes = rng.pareto(3.0, 10_000) + 1.0
    assert hill(7.0 * sizes, 0.01) == pytest.approx(hill(sizes, 0.01))


def test_hill_asks_for_a_tail() -> None:
    sizes = np.arange(1.0, 1001.0)
    assert np.isfinite(hill(sizes, 0.01))
    assert np.isnan(hill(sizes[:999], 0.01))
    assert np.isnan(hill(np.ones(1000), 0.01))
    assert np.isnan(hill(np.r_[np.zeros(995), np.arange(1.0, 6.0)], 0.01))
    assert np.isnan(hill(np.empty(0), 0.01))


@pytest.mark.parametrize("values", [np.empty(0), np.ones(LEAST - 1), np.ones(1000)])
def test_what_never_varies_has_neither_memory_nor_tails(values: series.Array) -> None:
    assert np.isnan(autocorrelation(values, 1))
    assert np.isnan(excess_kurtosis(values))


def test_means_and_deviations_ask_for_a_number_of_values() -> None:
    values = np.arange(float(LEAST))
    assert series.mean(values) == pytest.approx((LEAST - 1) / 2)
    assert series.deviation(values) == pytest.approx(np.sqrt((LEAST**2 - 1) / 12))
    for short in (values[1:], np.empty(0)):
        assert np.isnan(series.mean(short))
        assert np.isnan(series.deviation(short))
    assert np.isnan(series.ratio(1.0, 0.0))
    assert series.ratio(1.0, 4.0) == 0.25


@pytest.mark.parametrize("exponent", [0.2, 0.5, 1.0])
def test_the_exponent_of_an_exact_power_law_is_found(exponent: float) -> None:
    x = np.array([1.0, 3.0, 10.0, 40.0])
    assert power(x, 2.5 * x**exponent) == pytest.approx(exponent)


def test_no_power_law_goes_through_what_is_not_above_0_or_too_little() -> None:
    x = np.array([1.0, 2.0, 3.0])
    assert np.isnan(power(x, np.array([1.0, 0.0, 1.0])))
    assert np.isnan(power(x, np.array([1.0, -1.0, 1.0])))
    assert np.isnan(power(x[:2], x[:2]))


def test_impact_is_averaged_over_orders_of_a_size(rng: np.random.Generator) -> None:
    size = rng.lognormal(size=5_000)
    sizes, moves = impact_by_size(size, 3.0 * size)
    assert len(sizes) == 6
    assert (np.diff(sizes) > 0).all()
    assert moves == pytest.approx(3.0 * sizes)
    assert sizes[0] == pytest.approx(size[size < np.quantile(size, 0.2)].mean())
    assert sizes[-1] == pytest.approx(size[size >= np.quantile(size, 0.95)].mean())


def test_orders_of_few_sizes_fill_few_bins() -> None:
    size = np.repeat([1.0, 2.0], 50)
    sizes, moves = impact_by_size(size, -size)
    assert (list(sizes), list(moves)) == ([1.0, 2.0], [-1.0, -2.0])
    assert len(impact_by_size(size[: LEAST - 1], size[: LEAST - 1])[0]) == 0

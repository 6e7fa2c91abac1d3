"""Bounds of a growing mean: what must hold of them, how often they are wrong, what they cost."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_soak.stats.estimate import Floats
from pytest_soak.stats.sequential import (
    MOST_LOOKS,
    MOST_PHI,
    Noise,
    fixed_values,
    look_half_width,
    noise,
    planned_values,
    sequence_half_width,
    sequence_values,
    skewness,
    skewness_error,
)

ALPHA = 0.05
numbers = st.integers(-1000, 1000).map(float)
lanes = st.lists(st.lists(numbers, min_size=1, max_size=9).map(np.array), min_size=1, max_size=3)
several = lanes.filter(lambda found: sum(map(len, found)) > 1)


def white(n: int) -> Noise:
    return Noise(n, 0.0, 1.0, 0.0)


@given(several)
def test_mean_and_deviation_are_those_of_all_values(given: list[Floats]) -> None:
    seen, values = noise(given), np.concatenate(given)
    assert seen.n == len(values)
    assert seen.mean == pytest.approx(float(values.mean()))
    assert seen.sd == pytest.approx(float(values.std(ddof=1)))
    assert 0.0 <= seen.phi <= MOST_PHI


@given(several, st.integers(-50, 50), st.sampled_from([0.25, 2.0, -4.0]))
def test_noise_moves_and_scales_with_its_values(
    given: list[Floats], shift: int, scale: float
) -> None:
    before, after = noise(given), noise([scale * lane + shift for lane in given])
    assert after.sd == pytest.approx(abs(scale) * before.sd)
    assert after.phi == pytest.approx(before.phi, abs=1e-9)


@given(several)
def test_the_order_of_lanes_does_not_matter(given: list[Floats]) -> None:
    assert noise(given[::-1]) == pytest.approx(noise(given))


@given(numbers, st.integers(2, 50))
def test_a_constant_has_no_noise(value: float, n: int) -> None:
    assert noise([np.full(n, value + 0.1)])[2:] == (0.0, 0.0)
    assert skewness(np.full(n, value + 0.1)) == 0.0


@pytest.mark.parametrize("values", [[], [1.0]])
def test_of_fewer_than_two_there_is_no_noise(values: list[float]) -> None:
    with pytest.raises(ValueError, match="two or more"):
        noise([np.array(values)])


def test_likeness_is_within_lanes_and_lanes_that_differ_are_alike() -> None:
    up = np.linspace(0.0, 1.0, 50)
    assert noise([up]).phi == MOST_PHI
    assert noise([np.tile([0.0, 1.0], 25)]).phi == 0.0
    assert noise([np.tile([1.0, 1.0, -1.0, -1.0], 5)]).phi == pytest.approx(1 / 19 + 1 / 20)
    rng = np.random.default_rng(1)
    apart = [rng.standard_normal(100) + shift for shift in (-2.0, 2.0)]
    assert noise(apart).phi > 0.7


@given(st.integers(2, 500), st.integers(2, 500), st.sampled_from([0.05, 0.025]))
def test_the_sequence_is_wider_than_one_look_and_never_grows_with_phi(
    n: int, planned: int, alpha: float
) -> None:
    width = sequence_half_width(white(n), alpha, planned)
    assert width > stats.t.ppf(1 - alpha, n - 1) * 0.98 / math.sqrt(n)
    assert sequence_half_width(Noise(n, 0.0, 1.0, 0.5), alpha, planned) == pytest.approx(
        math.sqrt(3.0) * width
    )


def test_the_sequence_is_the_published_formula() -> None:
    n, planned, alpha = 30, 48, 0.05
    rho2 = (-2 * math.log(2 * alpha) + math.log(1 - 2 * math.log(2 * alpha))) / planned
    inner = math.log(1 + math.sqrt(n * rho2 + 1) / (2 * alpha))
    h = math.sqrt(2 * (n * rho2 + 1) / (n * math.sqrt(rho2)) ** 2 * inner)
    h *= stats.t.ppf(1 - alpha, n - 1) / stats.norm.ppf(1 - alpha)
    assert sequence_half_width(white(n), alpha, planned) == pytest.approx(h, rel=1e-3)


@pytest.mark.parametrize(
    ("looks", "last"), [(1, 1.645), (2, 1.678), (3, 1.710), (4, 1.733), (5, 1.751)]
)
def test_planned_looks_are_obrien_and_flemings_as_t(looks: int, last: float) -> None:
    for look in range(1, looks + 1):
        n = 24 * look
        chance = stats.norm.cdf(last * math.sqrt(looks / look))
        wanted = stats.t.ppf(chance, n - 1) / math.sqrt(n)
        assert look_half_width(white(n), look, looks) == pytest.approx(wanted, rel=0.03)


@pytest.mark.parametrize(("look", "looks"), [(0, 1), (2, 1), (1, MOST_LOOKS + 1)])
def test_no_other_look_is_planned(look: int, looks: int) -> None:
    with pytest.raises(ValueError, match="expected look"):
        look_half_width(white(10), look, looks)


@given(st.lists(numbers, min_size=3, max_size=40))
def test_skewness_is_that_of_scipy(values: list[float]) -> None:
    wanted = stats.skew(values, bias=False) if len(set(values)) > 1 else 0.0
    assert skewness(np.array(values)) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("freedom", [math.inf, 7.0])
def test_the_error_of_a_skewness_is_that_of_symmetric_values_of_such_tails(freedom: float) -> None:
    rng = np.random.default_rng(1)
    draws = (
        rng.standard_t(freedom, (1500, 200)) if freedom < math.inf else rng.normal(size=(1500, 200))
    )
    seen = np.array([skewness(row) / skewness_error(row) for row in draws])
    assert seen.std() == pytest.approx(1.0, abs=0.1)
    assert skewness_error(np.full(9, 0.1)) == 0.0


def ever_above(series: Floats, looks: range, alpha: float) -> bool:
    """Whether a lower bound is ever above the true mean, 0."""
    for n in looks:
        seen = noise([series[:n]])
        if seen.mean - sequence_half_width(seen, alpha, len(series)) > 0.0:
            return True
    return False


@pytest.mark.parametrize(("phi", "most"), [(0.0, ALPHA), (0.3, 0.07)])
def test_looking_after_every_block_of_a_day_is_hardly_ever_wrong(phi: float, most: float) -> None:
    rng, times = np.random.default_rng(42), 200
    wrong = 0
    for _ in range(times):
        series = rng.standard_normal(48)
        for k in range(1, 48):
            series[k] += phi * series[k - 1]
        wrong += ever_above(series, range(6, 49), ALPHA)
    assert wrong / times <= most


def test_three_planned_looks_are_wrong_as_often_as_one() -> None:
    rng, times, wrong = np.random.default_rng(42), 1500, 0
    for _ in range(times):
        series = rng.standard_normal(72)
        looks = ((k, noise([series[: 24 * k]])) for k in (1, 2, 3))
        wrong += any(seen.mean > look_half_width(seen, k, 3) for k, seen in looks)
    assert wrong / times == pytest.approx(ALPHA, abs=0.015)


TABLE = [  # sd of a block, share of B, hours by one look, hours by every look; fewest 12 blocks
    (0.117, 10, 25, 60),
    (0.117, 50, 5, 12),
    (0.183, 10, 40, 71),
    (0.183, 50, 8, 16),
    (0.183, 100, 4, 7),
    (0.300, 10, 90, 155),
    (0.300, 50, 18, 32),
    (0.300, 100, 9, 16),
]


@pytest.mark.parametrize(("sd", "share", "fixed", "sequence"), TABLE)
def test_the_hours_to_see_a_fifth_of_a_basis_point(
    sd: float, share: int, fixed: float, sequence: float
) -> None:
    judged = sd * math.sqrt(30 / 25)  # the first 5 of 30 minutes are left out
    hours = 0.5 * 100 / share
    found = fixed_values(judged, 0.2, ALPHA, 0.8)
    assert found * hours == pytest.approx(fixed, abs=hours)
    every = sequence_values(judged, 0.2, ALPHA, 0.8)
    assert max(every, 12) * hours == pytest.approx(sequence, rel=0.25)
    assert found <= planned_values(judged, 0.2, 3, 0.8) <= math.ceil(1.2 * found)


@given(st.floats(0.01, 5.0), st.floats(0.05, 1.0), st.integers(1, MOST_LOOKS))
def test_noise_costs_hours_and_so_do_looks(sd: float, effect: float, looks: int) -> None:
    fixed = fixed_values(sd, effect, ALPHA, 0.8)
    assert fixed <= fixed_values(2 * sd, effect, ALPHA, 0.8)
    assert fixed <= planned_values(sd, effect, looks, 0.8)
    assert planned_values(sd, effect, looks, 0.8) <= sequence_values(sd, effect, ALPHA, 0.8)


@pytest.mark.parametrize(("sd", "effect"), [(math.nan, 1.0), (math.inf, 1.0), (1.0, 0.0)])
def test_hours_of_no_number_are_none(sd: float, effect: float) -> None:
    with pytest.raises(ValueError, match="expected an effect"):
        fixed_values(sd, effect, ALPHA, 0.8)

"""How sure a mean of iterations is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.stats.means import inflation, mean_bound

series = st.lists(st.floats(-100, 100), min_size=3, max_size=60).filter(lambda v: np.ptp(v) > 1e-6)


@given(series, st.floats(0.6, 0.99), st.floats(-50, 50), st.floats(0.1, 10))
def test_a_bound_moves_and_grows_with_its_values(
    values: list[float], confidence: float, shift: float, scale: float
) -> None:
    given_, moved = np.array(values), np.array(values) * scale + shift
    one, other = mean_bound(given_, confidence), mean_bound(moved, confidence)
    assert other.mean == pytest.approx(one.mean * scale + shift, abs=1e-6)
    assert other.half_width == pytest.approx(one.half_width * scale, rel=1e-6)
    assert one.half_width > 0
    assert mean_bound(given_, 0.995).half_width > one.half_width


def test_of_independent_values_it_is_students() -> None:
    values = np.array([1.0, -1.0] * 8)  # so much against one another that nothing is inflated
    found = mean_bound(values, 0.95)
    assert inflation(values) == 1.0
    assert (found.mean, found.n) == (0.0, 16)
    assert found.half_width == pytest.approx(1.7531 * values.std(ddof=1) / 4, rel=1e-3)


def test_it_covers_the_mean_of_series_that_remember() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        noise, values = rng.normal(size=60), [0.0]
        for step in noise:
            values.append(0.5 * values[-1] + step)
        found = mean_bound(np.array(values[1:]), 0.95)
        covered += found.mean - found.half_width <= 0.0
    assert 0.91 <= covered / 400 <= 0.99


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([], "0 of 3 iterations, 3 more needed"),
        ([1.0, 2.0], "2 of 3 iterations, 1 more needed"),
        ([2.5] * 9, "always 2.5, which tells nothing of how it varies"),
    ],
)
def test_too_little_is_refused(values: list[float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        mean_bound(np.array(values), 0.95)


def test_how_many_more_would_tell_the_mean_from_a_limit() -> None:
    found = mean_bound(np.array([1.0, -1.0] * 8), 0.95)
    assert found.more_needed(found.mean) is None
    assert found.more_needed(found.half_width / 2) == 48
    assert found.more_needed(9.0) == 1

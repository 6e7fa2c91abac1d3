"""Weights of a spread that follows conditions, fitted to rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spread_rows import GROSS_BPS, a_row, calib, rows_of

from pytest_soak.artifacts.calib_models import SpreadFit
from pytest_soak.release.spread_fit import LEAST_ROWS, spread_fit
from pytest_soak.report.spread_fit import fit_text


def weights(found: SpreadFit) -> tuple[float, ...]:
    return tuple(one.weight for one in found.weights.values())


@settings(max_examples=25)
@given(st.integers(0, 2), st.floats(0.4, 3.0), st.booleans(), st.integers(1, 10**6))
def test_a_cost_is_found_and_becomes_its_share_of_the_gross(
    which: int, cost: float, falls: bool, seed: int
) -> None:
    costs = [0.0, 0.0, 0.0]
    costs[which] = -cost if falls else cost
    found = spread_fit(calib(rows_of(400, (costs[0], costs[1], costs[2]), seed, 0.1)), 1.0)
    assert found.rows == 388
    one = list(found.weights.values())[which]
    assert one.weight == one.estimate == pytest.approx(costs[which] / GROSS_BPS, abs=0.03)
    assert one.half_width is not None
    assert 0.0 < one.half_width < 0.05


def test_where_nothing_depends_on_anything_a_weight_is_found_in_five_of_a_hundred() -> None:
    found = [
        any(weights(spread_fit(calib(rows_of(150, (0.0, 0.0, 0.0), seed)), 1.0)))
        for seed in range(400)
    ]
    assert 2 <= sum(found) <= 36  # 5 % of 400, and as much as chance allows


def test_the_intervals_hold_where_noise_and_volume_go_together() -> None:
    """Errors that took the noise for equal would be too small."""
    misses = 0
    for seed in range(200):
        draws = np.random.default_rng(seed)
        rows, last = [], 1.0
        for at in range(300):
            noise = draws.normal(0.0, 0.1) * last**2
            last = float(np.exp(draws.normal(0.0, 0.5)))
            rows.append(a_row(at, 3.0 + noise, last, 1e5, 30.0))
        misses += any(weights(spread_fit(calib(rows), 1.0)))
    assert misses <= 14


def test_a_weight_stays_within_its_bounds() -> None:
    found = spread_fit(calib(rows_of(400, (20.0, -20.0, 0.0))), 1.0)
    assert weights(found)[:2] == (1.0, -1.0)


def test_a_condition_that_never_varies_has_no_weight_and_spoils_no_other() -> None:
    rows = [
        a_row(at, row.net_bps, row.sigma_bps, 1e5, 30.0)
        for at, row in enumerate(rows_of(400, (1.0, 0.0, 0.0)))
    ]
    found = spread_fit(calib(rows), 1.0)
    assert found.weights["volatility"].weight == pytest.approx(0.25, abs=0.05)
    for name in ("volume", "latency"):
        assert (found.weights[name].weight, found.weights[name].estimate) == (0.0, None)
    assert "never varied" in fit_text(found)


def test_a_row_that_is_not_known_is_left_out_with_the_hour_behind_it() -> None:
    rows = rows_of(400, (1.0, 0.0, 0.0))
    rows[100] = a_row(100, rows[100].net_bps, None, 1e5, 30.0)
    assert spread_fit(calib(rows), 1.0).rows == 388 - 12
    rows[200] = a_row(200, None, 0.7, 1e5, 30.0)
    assert spread_fit(calib(rows), 1.0).rows == 388 - 13


def test_too_few_rows_and_no_gross_make_no_weights() -> None:
    few = spread_fit(calib(rows_of(LEAST_ROWS + 11, (1.0, 0.0, 0.0))), 1.0)
    assert (few.weights, few.rows) == ({}, 99)
    assert few.reason == "99 rows that follow an hour of others, 100 at least"
    assert few.reason in fit_text(few)
    assert spread_fit(calib(rows_of(LEAST_ROWS + 12, (1.0, 0.0, 0.0))), 1.0).weights
    for gross in (None, -1.0, 0.0):
        lost = spread_fit(calib(rows_of(400, (1.0, 0.0, 0.0)), gross), 1.0)
        assert (lost.weights, lost.reason) == ({}, "no gross to earn it from")


def test_every_number_of_the_text_is_in_the_document() -> None:
    found = spread_fit(calib(rows_of(400, (1.0, 0.5, 0.0))), 1.0)
    text = fit_text(found)
    for one in found.weights.values():
        for value in (one.weight, one.estimate, one.half_width):
            assert str(value) in text

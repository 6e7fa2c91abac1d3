"""Facts over several lanes: means, intervals, and the lanes that are left out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from feeds import SECOND_US, orders_at, quiet, tops_at

from pytest_soak.facts.curves import GRIDS, SPREAD
from pytest_soak.facts.feed import LaneFeed
from pytest_soak.facts.lanes import Estimate, estimate, survey


def spread_of(ticks: float) -> LaneFeed:
    tops = tops_at(np.arange(601) * SECOND_US, 10_000.0, ticks)
    return LaneFeed(orders_at([], [], []), tops, 1.0)


def test_the_interval_is_students_over_the_lanes() -> None:
    """For 1, 2, 3 the standard error is 1 / sqrt(3), and t of two degrees of freedom 4.303."""
    found = estimate(np.array([1.0, 2.0, 3.0]))
    assert found.mean == 2.0
    assert found.half_width == pytest.approx(4.303 / math.sqrt(3.0), rel=1e-3)
    assert found.lanes == 3


def test_a_lane_without_a_value_is_left_out_and_the_others_are_counted() -> None:
    assert estimate(np.array([np.nan, 1.0, 2.0, 3.0])) == estimate(np.array([1.0, 2.0, 3.0]))


def test_one_lane_has_no_interval_and_none_has_no_mean() -> None:
    assert estimate(np.array([np.nan, 2.0])) == Estimate(2.0, None, 1)
    assert estimate(np.array([np.nan])) == Estimate(None, None, 0)


def test_a_survey_measures_each_feed() -> None:
    found = survey([spread_of(2.0), spread_of(4.0), quiet(400)])
    assert found.facts["spread_bps"].mean == pytest.approx(8 / 3)
    assert found.facts["spread_bps"].lanes == 3
    assert found.facts["effective_half_bps"].mean == pytest.approx(1.0)
    assert found.facts["effective_half_bps"].lanes == 1
    assert found.facts["hill_1s"] == Estimate(None, None, 0)
    assert {*found.curves} == {SPREAD, *GRIDS}
    assert all(len(curve.x) == len(curve.y) for curve in found.curves.values())


def test_spreads_of_lanes_are_put_on_one_axis() -> None:
    curve = survey([spread_of(2.0), spread_of(4.0)]).curves[SPREAD]
    assert list(curve.x) == [0, 1, 2, 3, 4]
    assert [y.mean for y in curve.y] == [0.0, 0.0, 0.5, 0.0, 0.5]


def test_the_rarest_wide_spreads_are_not_drawn() -> None:
    """500 ticks for one second of 3,000."""
    time = np.r_[np.arange(30) * 100, 2_999, 3_000] * SECOND_US
    spread = np.r_[np.full(30, 2.0), 500.0, 500.0]
    feed = LaneFeed(orders_at([], [], []), tops_at(time, 10_000.0, spread), 1.0)
    assert survey([feed]).curves[SPREAD].x[-1] == 2

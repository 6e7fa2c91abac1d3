"""Estimates over lanes, as the tables of the studies print them."""

from __future__ import annotations

import numpy as np
import pytest
from builders import fills

from benchmarks.estimates import lanes_told, ratio_interval, ratio_told, told
from benchmarks.maker_hours import losing_windows, markouts
from pytest_soak.stats.paired import mean_interval


@pytest.mark.parametrize(
    ("mean", "half_width", "text"),
    [
        (7.3046, 0.0824, "7.305 ± 0.082"),
        (-0.4, 0.55, "-0.40 ± 0.55"),
        (41_073.4, 4_893.2, "41,073 ± 4,893"),
        (2.0, 0.0, "2"),
        (0.12345, None, "0.123"),
    ],
)
def test_a_mean_is_told_as_far_as_it_is_known(
    mean: float, half_width: float | None, text: str
) -> None:
    assert told(mean, half_width) == text


def test_a_ratio_to_a_constant_has_the_interval_of_its_mean() -> None:
    above = np.array([1.0, 2.0, 4.0, 5.0])
    ratio, half_width = ratio_interval(above, np.full(4, 2.0))
    assert ratio == 1.5
    assert half_width == pytest.approx(mean_interval(above)[1] / 2.0)


def test_a_ratio_that_all_lanes_share_is_sure() -> None:
    below = np.array([1.0, 2.0, 4.0])
    assert list(ratio_interval(3.0 * below, below)) == pytest.approx([3.0, 0.0])


def test_lanes_without_a_value_have_no_say() -> None:
    values = np.array([1.0, 3.0, np.nan])
    assert lanes_told(values) == lanes_told(values[:2])
    assert lanes_told(values[1:]) == "-"
    below = np.array([1.0, 1.0, 5.0])
    assert ratio_told(values, below) == lanes_told(values[:2])


def test_windows_are_five_minutes_and_the_last_one_counts() -> None:
    equity = np.zeros(3_600)
    equity[300] = -1.0  # the first window falls, the second rises again
    assert losing_windows(equity) == pytest.approx(1 / 12)
    equity[-1] = -1.0
    assert losing_windows(equity) == pytest.approx(2 / 12)


def test_a_fill_of_the_last_second_counts_in_no_markout() -> None:
    rows = [(1, True, 99.0, 1.0, 0.0, 100.0, 101.0), (1, True, 90.0, 5.0, 0.0, 95.0, np.nan)]
    table = fills(rows)
    table["mid_10s"] = table["mid_60s"] = 102.0
    worth, volume = markouts(table)
    assert worth == pytest.approx([100.0, 200.0, 300.0, 300.0])
    assert volume == 99.0

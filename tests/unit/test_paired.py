from __future__ import annotations

import math

import numpy as np
import pytest

from pytest_soak.config.parameters import Parameter
from pytest_soak.stats.paired import mean_interval, paired_effect
from pytest_soak.stats.sensitivity import expected_effects, study_range
from pytest_soak.stats.student import student_quantile


def test_t_is_students() -> None:
    effect = paired_effect(np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.5, 4.5]))
    assert effect.mean == pytest.approx(1.0)
    assert effect.t == pytest.approx(1.0 / (0.5 / math.sqrt(3)))
    assert effect.pairs == 3


def test_pairs_that_all_differ_alike_are_certain() -> None:
    ones = np.ones(3)
    assert paired_effect(ones, ones + 1).t == math.inf
    assert paired_effect(ones, ones - 1).t == -math.inf
    assert paired_effect(ones, ones).t == 0.0


@pytest.mark.parametrize(
    ("freedom", "at_95", "at_975"),
    [
        (1, 6.314, 12.706),
        (2, 2.920, 4.303),
        (8, 1.860, 2.306),
        (11, 1.796, 2.201),
        (29, 1.699, 2.045),
        (120, 1.658, 1.980),
    ],
)
def test_quantiles_are_those_of_students_table(freedom: int, at_95: float, at_975: float) -> None:
    assert student_quantile(0.95, freedom) == pytest.approx(at_95, abs=0.0006)
    assert student_quantile(0.975, freedom) == pytest.approx(at_975, abs=0.0006)
    assert student_quantile(0.5, freedom) == pytest.approx(0, abs=1e-12)


def test_the_interval_is_students() -> None:
    effect = paired_effect(np.zeros(3), np.array([1.0, 2.0, 3.0]))
    assert effect.half_width == pytest.approx(4.302653 / math.sqrt(3))
    assert mean_interval(np.array([1.0, 2.0, 3.0])) == (effect.mean, effect.half_width)
    assert paired_effect(np.ones(3), np.ones(3)).half_width == 0.0


@pytest.mark.parametrize(("before", "after"), [([1.0], [2.0]), ([1.0, 2.0], [1.0])])
def test_too_few_pairs_are_refused(before: list[float], after: list[float]) -> None:
    with pytest.raises(ValueError, match="two or more pairs"):
        paired_effect(np.array(before), np.array(after))


def test_ranges_of_a_study() -> None:
    assert study_range(Parameter(default=3, bounds=[1, 9], tuner_range=[2, 4])) == (2, 4)
    assert study_range(Parameter(default=3, bounds=[1, 9])) == (1, 9)
    assert study_range(Parameter(default=3, bounds=[1, None])) == (1.5, 6)


def test_expected_effects_have_signs() -> None:
    moved = Parameter(default=1, raises={"net_bps": "up", "risk_ratio": "down"})
    assert expected_effects(moved) == {"net_bps": 1.0, "risk_ratio": -1.0}

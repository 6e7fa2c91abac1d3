from __future__ import annotations

import numpy as np
import pytest

from pytest_soak.stats.limits import extreme_limit, share_upper_bound


def test_the_limit_is_gumbels_quantile() -> None:
    draws = -np.log(-np.log(np.linspace(0.0005, 0.9995, 2000)))
    assert extreme_limit(draws, 1e-5) == pytest.approx(-np.log(-np.log(1 - 1e-5)), rel=0.02)


def test_the_limit_is_never_inside_what_was_seen() -> None:
    assert extreme_limit(np.array([1.0, 1.0, 1.0, 9.0]), 0.5) == 9.0


def test_one_value_gives_no_limit() -> None:
    with pytest.raises(ValueError, match="two or more"):
        extreme_limit(np.array([1.0]), 0.02)


def test_the_bound_is_wilsons() -> None:
    assert share_upper_bound(0, 100) == pytest.approx(0.037, abs=0.001)
    assert share_upper_bound(2, 100) == pytest.approx(0.070, abs=0.001)

"""The study of how often a baseline is wrong, on lanes whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from baselines import KPIS, kpis_of

from benchmarks.baseline_study import LANES, between, caught, judged, other_seeds, same_seeds
from pytest_soak.comparing.groups import Hours


def lanes(name: str, loss: float = 0.0) -> dict[int, Hours]:
    return {
        seed: {n: kpis_of(name, seed, n, {"net_bps": -loss}) for n in range(5, 11)}
        for seed in range(1, 2 * LANES + 1)
    }


def test_of_the_same_bot_few_fail_and_of_a_worse_one_all() -> None:
    good, again, bad = lanes("a"), lanes("b"), lanes("c", 0.4)
    assert judged(other_seeds(good), 5).failed == 0
    assert judged(same_seeds(good, again), 5).failed == 0
    found = judged(same_seeds(good, bad), 10)
    assert (found.failed, found.cells[0]) == (10, "100.0% [72.2, 100.0]")


def test_the_sides_of_other_seeds_are_disjoint() -> None:
    before, after = other_seeds(lanes("a"))(np.random.default_rng(1))
    assert (len(before), len(after)) == (LANES, LANES)
    assert not before.keys() & after.keys()


def test_a_lane_between_two_has_their_mean_hour_by_hour() -> None:
    low, high = lanes("a"), lanes("a", 0.4)
    half = between(low, high, 0.5)
    assert half[3][7]["net_bps"] == pytest.approx((low[3][7]["net_bps"] or 0) - 0.2)
    assert set(half[3][7]) == set(KPIS)


def test_the_size_that_is_caught_lies_a_little_beyond_the_limit() -> None:
    """The limit is 0.2 bps, and a size takes 0.1 bps of each."""
    causes = [lanes("c", 0.1 * size) for size in (1.0, 3.0)]
    found = caught(lanes("a"), 0.0, (1.0, 3.0), causes, 8)
    assert found is not None
    assert 2.0 < found < 2.4
    assert caught(lanes("a"), 0.0, (1.0,), causes[:1], 5) is None

from __future__ import annotations

from typing import Any

import numpy as np
from market_harness import compiled

from pytest_soak.market.kernel import rng


@compiled
def draws(count: int) -> Any:
    keys = np.zeros(3, np.uint64)
    rng.set_keys(keys, 42, 7)
    table = np.empty((4, count))
    for number in range(count):
        table[0, number] = rng.uniform(keys[0], number)
        table[1, number] = rng.normal(keys[0], number)
        table[2, number] = rng.exponential(keys[1], number)
        table[3, number] = rng.uniform(keys[2], number)
    return table


def test_draws_have_their_distributions() -> None:
    uniform, normal, exponential, other = draws(200_000)
    assert uniform.min() > 0.0
    assert uniform.max() < 1.0
    assert abs(uniform.mean() - 0.5) < 0.003
    assert abs(normal.mean()) < 0.01
    assert abs(normal.std() - 1.0) < 0.01
    assert abs((normal**4).mean() - 3.0) < 0.1
    assert abs(exponential.mean() - 1.0) < 0.01
    assert abs(np.corrcoef(uniform, other)[0, 1]) < 0.01
    assert abs(np.corrcoef(uniform[1:], uniform[:-1])[0, 1]) < 0.01

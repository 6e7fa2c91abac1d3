"""Every parameter of the reference maker moves the KPI that its table names, the way it says.

A small set of the pairs behind docs/SENSITIVITY.md: both ends of a parameter's range meet the same
draws. No parameter is left out; one whose sign honest physics turned round would stand in TURNED
with the reason.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest
from market_harness import STEADY_SAFE, simulate

from pytest_soak.config.parameters import reference_table
from pytest_soak.kpi.edge import summarize
from pytest_soak.stats.paired import paired_effect
from pytest_soak.stats.sensitivity import expected_effects, study_range

HOUR = 3_600_000_000
SEEDS = range(1, 9)
MORE = {"impact_cap_ratio": range(1, 33), "tail_age_ms": range(1, 17)}
"""Seeds for the effects that are small beside what the hours differ by."""
MARKETS = ("calm", "volatile")
TURNED: dict[str, str] = {}


@functools.cache
def hours(market: str, name: str, value: float) -> tuple[dict[str, float | None], ...]:
    """The KPIs of one hour for each seed, with one parameter changed."""
    parameters = dict(STEADY_SAFE) | {name: value}
    return tuple(
        summarize(simulate(market, seed).observe(1, 0, HOUR, parameters, 0)).kpis
        for seed in MORE.get(name, SEEDS)
    )


def t_value(market: str, name: str, kpi: str) -> float:
    low, high = (
        np.array([kpis[kpi] for kpis in hours(market, name, value)], float)
        for value in study_range(reference_table()[name])
    )
    return paired_effect(low, high).t


@pytest.mark.parametrize("name", [n for n in reference_table() if n not in TURNED])
def test_a_parameter_moves_what_it_says_on_a_market(name: str) -> None:
    for kpi, sign in expected_effects(reference_table()[name]).items():
        assert any(sign * t_value(market, name, kpi) > 3.0 for market in MARKETS)


def test_every_parameter_says_what_it_moves() -> None:
    assert all(parameter.raises for parameter in reference_table().values())

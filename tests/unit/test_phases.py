from __future__ import annotations

import pytest
from builders import LIMITS, preset, preset_named
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.config.parameters import ParameterTable, reference_table
from pytest_soak.config.presets import Preset
from pytest_soak.tuning.conditions import Kpis
from pytest_soak.tuning.phases import Phase, in_force, phase_of, share

TABLE = reference_table()
START = TABLE.defaults()
SHIPPED = preset_named("warmup_conservative_v1")
WARMUP, RAMPDOWN, STEADY = Phase
SPREAD, RESCUE = "base_spread_bps_delta", "rescue_max_ratio"


def force(
    iteration: int,
    previous: Kpis | None = None,
    baseline: dict[str, float] = START,
    by: Preset | None = SHIPPED,
    table: ParameterTable = TABLE,
) -> dict[str, float]:
    return in_force(table, by, LIMITS.warmup, iteration, baseline, previous or {})


def test_four_iterations_warm_up_two_ramp_down_the_rest_is_steady() -> None:
    found = [phase_of(n, SHIPPED) for n in range(1, 9)]
    assert found == [WARMUP] * 4 + [RAMPDOWN] * 2 + [STEADY] * 2


def test_without_a_warm_up_a_lane_is_always_steady() -> None:
    assert {phase_of(n, None) for n in range(1, 9)} == {STEADY}
    assert [force(n, {"risk_ratio": 0.9, "p95_latency_ms": 900.0}, by=None) for n in (1, 5)] == [
        START,
        START,
    ]


def test_a_warm_up_need_not_ramp_down() -> None:
    short = preset({"tail_age_ms": {"add": 10}}, warmup=(1, 0))
    assert [phase_of(n, short) for n in (1, 2)] == [WARMUP, STEADY]
    assert [force(n, by=short)["tail_age_ms"] for n in (1, 2)] == [630.0, 620.0]


def test_the_example_of_the_specification() -> None:
    found = [force(n)["min_interval_ms"] for n in range(1, 8)]
    assert found == [90, 90, 90, 90, 90, 77.5, 65]


def test_the_ramp_down_falls_by_equal_steps() -> None:
    slow = preset({"tail_age_ms": {"add": 100}}, warmup=(1, 4))
    assert [share(n, slow) for n in range(1, 8)] == [1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    assert [force(n, by=slow)["tail_age_ms"] for n in range(1, 7)] == [720, 720, 695, 670, 645, 620]


def test_in_full_warm_up_the_preset_is_applied_whole() -> None:
    wanted = START | SHIPPED.apply(TABLE, START)[0]
    assert force(1) == force(4) == force(5) == wanted
    assert wanted["replace_rate_per_min"] == 210
    assert wanted["position_limit_notional"] == 48000
    assert force(6)["replace_rate_per_min"] == 245


def test_a_multiplied_and_a_set_value_ramp_down_too() -> None:
    by = preset({"min_interval_ms": {"set": 100}, "tail_age_ms": {"mul": 1.5}}, warmup=(1, 2))
    found = [(v["min_interval_ms"], v["tail_age_ms"]) for n in (2, 3, 4) if (v := force(n, by=by))]
    assert found == [(100, 930), (82.5, 775), (65, 620)]


values = st.fixed_dictionaries({name: st.floats(*row.limits) for name, row in TABLE.items()})
kpis = st.fixed_dictionaries(
    {
        "risk_ratio": st.none() | st.floats(0, 1),
        "p95_latency_ms": st.none() | st.floats(0, 500) | st.just(1e100),
    }
)


@given(st.integers(1, 9), values, kpis)
def test_what_is_in_force_is_within_the_bounds_and_changes_nothing_it_is_given(
    iteration: int, drawn: dict[str, float], previous: Kpis
) -> None:
    baseline = {name: TABLE[name].clamp(value) for name, value in drawn.items()}
    before = dict(baseline)
    found = force(iteration, previous, baseline)
    assert baseline == before
    assert all(TABLE.check(name, value, "x") == value for name, value in found.items())
    assert list(found) == list(baseline)
    if phase_of(iteration, SHIPPED) is STEADY:
        assert {n for n in found if found[n] != baseline[n]} <= {RESCUE}


def test_the_same_baseline_gives_the_same_however_often() -> None:
    once = force(2)
    assert [force(2) for _ in range(5)] == [once] * 5
    assert force(3, baseline=START | {"min_interval_ms": 75.0})["min_interval_ms"] == 100


@pytest.mark.parametrize(
    ("p95", "more"),
    [
        *((350, 0), (350.4, 0), (351, 0.001), (360, 0.01)),
        *((385, 0.035), (400, 0.05), (401, 0.05), (1e100, 0.05)),
    ],
)
def test_a_slow_hour_widens_the_spread_of_the_next_in_warm_up(p95: float, more: float) -> None:
    plain = force(2)[SPREAD]
    assert force(2, {"p95_latency_ms": p95})[SPREAD] == pytest.approx(plain + more)
    assert force(5, {"p95_latency_ms": p95})[SPREAD] == plain
    assert force(7, {"p95_latency_ms": p95})[SPREAD] == START[SPREAD]


def test_the_wider_spread_stays_within_the_bounds() -> None:
    wide = START | {SPREAD: 0.58}
    assert force(2, {"p95_latency_ms": 900.0}, wide)[SPREAD] == 0.6


@pytest.mark.parametrize(
    ("iteration", "previous", "off"),
    [
        (2, {"risk_ratio": 0.45}, False),
        (2, {"risk_ratio": 0.4501}, True),
        (2, {"p95_latency_ms": 360.0}, False),
        (2, {"p95_latency_ms": 360.1}, True),
        (2, {"risk_ratio": None, "p95_latency_ms": None}, False),
        (4, {"risk_ratio": 0.5}, True),
        (5, {"risk_ratio": 0.5}, False),
        (5, {"risk_ratio": 0.55}, False),
        (5, {"risk_ratio": 0.5501}, True),
        (7, {"risk_ratio": 0.5501}, True),
        (7, {"p95_latency_ms": 400.0}, False),
        (7, {"p95_latency_ms": 400.1}, True),
    ],
)
def test_rescue_is_off_after_an_hour_of_much_risk_or_latency(
    iteration: int, previous: Kpis, off: bool
) -> None:
    plain = force(iteration)[RESCUE]
    assert plain > 0
    assert force(iteration, previous)[RESCUE] == (0.0 if off else plain)


def test_a_table_without_spread_and_rescue_warms_up_without_them() -> None:
    own = ParameterTable.of({"min_interval_ms": {"default": 60, "bounds": [1, 100]}}, "bot")
    hot = {"risk_ratio": 0.9, "p95_latency_ms": 900.0}
    found = force(2, hot, {"min_interval_ms": 60.0}, table=own)
    assert found == {"min_interval_ms": 85.0}

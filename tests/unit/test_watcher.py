"""The rules, written out once more as plain code, against the rules as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from builders import LIMITS, RULES
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.config.parameters import Parameter, ParameterTable, reference_table
from pytest_soak.kpi.summary import drivers, summary_of
from pytest_soak.tuning.view import Proposal, View
from pytest_soak.tuning.watcher import propose, rules_off, within_range

TABLE = reference_table()
START = TABLE.defaults()
Kpis = Mapping[str, float | None]
QUIET: Kpis = {"net_bps": 2.9, "gross_bps": 3.6, "risk_ratio": 0.37}


def view_of(
    table: ParameterTable, kpis: Kpis, *, baseline: dict[str, float], warmup: bool = False
) -> View:
    return View(table, baseline, kpis, drivers(kpis), warmup, (), {}, LIMITS, RULES)


def suggest(kpis: Kpis, *, warmup: bool = False, baseline: dict[str, float] = START) -> Proposal:
    return propose(view_of(TABLE, kpis, baseline=baseline, warmup=warmup))


def fired(kpis: Kpis, eaten_by: Sequence[str] = (), *, warmup: bool = False) -> list[str]:
    return [rule.name for rule in RULES if rule.fires(kpis, eaten_by, warmup=warmup)]


def specified(kpis: Kpis, eaten_by: Sequence[str], *, warmup: bool) -> dict[str, dict[str, float]]:
    """The table: the rules that fire, with their deltas."""

    def of(name: str) -> float:
        value = kpis.get(name)
        return float("nan") if value is None else value  # nothing holds of NaN

    found: dict[str, dict[str, float]] = {}
    net, risk, high = of("net_bps"), of("risk_ratio"), 0.50 if warmup else 0.60
    if net < 3.0 and ("slippage_bps" in eaten_by or -of("slippage_bps") > 2.0):
        found["slippage"] = {"base_spread_bps_delta": 0.02, "tail_age_ms": 30}
    if net < 3.0 and ("adverse_bps" in eaten_by or of("adverse_bps") > 10):
        found["adverse"] = {"impact_cap_ratio": -0.01, "max_delta_ratio": -0.01}
    if of("min_interval_pct") > 35:
        found["min-interval blocks"] = {"min_interval_ms": 10}
    if of("concurrency_pct") > 30:
        found["concurrency blocks"] = {"replace_rate_per_min": -30}
    if risk >= high:
        found["risk high"] = {"min_interval_ms": 5, "impact_cap_ratio": -0.01, "tail_age_ms": 30}
    elif risk >= 0.40:
        found["risk raised"] = {"min_interval_ms": 5, "impact_cap_ratio": -0.005}
    if risk < 0.35 and net >= 3.0:
        found["relax"] = {"min_interval_ms": -3, "impact_cap_ratio": 0.005}
    return found


def near(*limits: float) -> st.SearchStrategy[float | None]:
    """Values at and around the limits, any other, and none."""
    edges = [x + d for x in limits for d in (-0.001, 0.0, 0.001)]
    return st.sampled_from([*edges, None]) | st.floats(-20, 100)


metrics = st.fixed_dictionaries(
    {
        "net_bps": near(3.0),
        "gross_bps": near(0.0, 5.0),
        "slippage_bps": near(-2.0, -1.0),
        "adverse_bps": near(10.0, 1.0),
        "risk_ratio": near(0.35, 0.40, 0.50, 0.60),
        "min_interval_pct": near(35.0),
        "concurrency_pct": near(30.0),
    }
)


@given(metrics, st.booleans())
def test_each_rule_fires_exactly_when_the_specification_says(kpis: Kpis, warmup: bool) -> None:
    eaten_by = drivers(kpis)
    wanted = specified(kpis, eaten_by, warmup=warmup)
    assert fired(kpis, eaten_by, warmup=warmup) == list(wanted)


@given(metrics, st.booleans())
def test_the_deltas_of_all_rules_for_a_parameter_are_summed(kpis: Kpis, warmup: bool) -> None:
    sums: dict[str, float] = {}
    for deltas in specified(kpis, drivers(kpis), warmup=warmup).values():
        for name, delta in deltas.items():
            sums[name] = sums.get(name, 0.0) + delta
    found = suggest(kpis, warmup=warmup)
    assert found.deltas == pytest.approx({name: d for name, d in sums.items() if round(d, 9)})
    assert not found.swallowed
    assert len(found.rationale) == len(specified(kpis, drivers(kpis), warmup=warmup))


def test_the_rules_have_the_deltas_of_the_specification() -> None:
    bad = {"net_bps": 0.0, "slippage_bps": -9.0, "adverse_bps": 11.0, "risk_ratio": 0.7}
    blocked = {"min_interval_pct": 36.0, "concurrency_pct": 31.0}
    table = specified(bad | blocked, (), warmup=False)
    table |= specified({"net_bps": 3.0, "risk_ratio": 0.1}, (), warmup=False)
    table |= specified({"risk_ratio": 0.5}, (), warmup=False)
    assert {rule.name: rule.deltas for rule in RULES} == table


@pytest.mark.parametrize(
    ("kpis", "names"),
    [
        ({"net_bps": 2.999, "slippage_bps": -2.001}, ["slippage"]),
        ({"net_bps": 3.0, "slippage_bps": -2.001}, []),
        ({"net_bps": 2.999, "slippage_bps": -2.0}, []),
        ({"net_bps": 2.999, "adverse_bps": 10.001}, ["adverse"]),
        ({"net_bps": 2.999, "adverse_bps": 10.0}, []),
        ({"min_interval_pct": 35.001}, ["min-interval blocks"]),
        ({"min_interval_pct": 35.0}, []),
        ({"concurrency_pct": 30.001}, ["concurrency blocks"]),
        ({"concurrency_pct": 30.0}, []),
        ({"risk_ratio": 0.60}, ["risk high"]),
        ({"risk_ratio": 0.5999}, ["risk raised"]),
        ({"risk_ratio": 0.40}, ["risk raised"]),
        ({"risk_ratio": 0.3999}, []),
        ({"risk_ratio": 0.3499, "net_bps": 3.0}, ["relax"]),
        ({"risk_ratio": 0.35, "net_bps": 3.0}, []),
        ({"risk_ratio": 0.3499, "net_bps": 2.9999}, []),
    ],
)
def test_the_limits_of_the_rules_are_exact(kpis: Kpis, names: list[str]) -> None:
    assert fired(kpis) == names


def test_a_driver_fires_a_rule_whose_limit_is_not_reached() -> None:
    assert fired({"net_bps": 2.0, "slippage_bps": -1.0}, ["slippage_bps"]) == ["slippage"]
    assert fired({"net_bps": 2.0, "adverse_bps": 1.0}, ["adverse_bps"]) == ["adverse"]
    assert fired({"net_bps": 2.0}, ["fees_eff_bps", "inventory_bps"]) == []


@pytest.mark.parametrize(
    ("risk", "steady", "warmup"),
    [
        (0.49, "risk raised", "risk raised"),
        (0.50, "risk raised", "risk high"),
        (0.5999, "risk raised", "risk high"),
        (0.60, "risk high", "risk high"),
    ],
)
def test_in_warm_up_the_upper_threshold_of_the_risk_rule_is_a_half(
    risk: float, steady: str, warmup: str
) -> None:
    assert fired({"risk_ratio": risk}) == [steady]
    assert fired({"risk_ratio": risk}, warmup=True) == [warmup]


@given(st.dictionaries(st.sampled_from(list(QUIET)), st.just(float("nan")), min_size=1))
def test_a_metric_that_is_missing_or_was_nan_fires_no_rule(odd: dict[str, float]) -> None:
    given: dict[str, Any] = {"net_bps": 1.0, "gross_bps": 3.0, "risk_ratio": 0.7} | odd
    kpis = summary_of(given, None).kpis
    assert all(kpis[name] is None for name in odd)
    wanted = [] if "risk_ratio" in odd else ["risk high"]
    assert fired(kpis, drivers(kpis)) == wanted


def test_with_no_metric_at_all_nothing_is_suggested() -> None:
    assert suggest({}) == Proposal()
    assert suggest(summary_of({}, None).kpis, warmup=True) == Proposal()
    assert suggest(QUIET) == Proposal()


def test_drivers_are_costs_of_a_fifth_of_gross_or_more_largest_first() -> None:
    kpis = {
        "gross_bps": 5.0,
        "fees_eff_bps": -1.0,
        "slippage_bps": -3.0,
        "inventory_bps": -0.999,
        "adverse_bps": 2.0,
    }
    assert drivers(kpis) == ["slippage_bps", "adverse_bps", "fees_eff_bps"]
    assert drivers(kpis | {"gross_bps": None}) == []
    assert drivers({"gross_bps": 0.0, "fees_eff_bps": 0.2, "slippage_bps": 0.0}) == []


def test_a_reason_says_what_was_seen_and_what_is_advised() -> None:
    kpis = {"net_bps": 2.0, "gross_bps": 6.0, "slippage_bps": -3.5, "risk_ratio": 0.4321}
    assert suggest(kpis).rationale == (
        "slippage_bps=3.50 (driver) -> widen spread +0.02, tail +30ms",
        "risk_ratio=0.43 -> slow down, min interval +5ms, impact cap -0.005",
    )


def test_opposite_deltas_cancel_and_a_sum_of_zero_is_no_suggestion() -> None:
    kpis = {"min_interval_pct": 40.0, "risk_ratio": 0.3, "net_bps": 3.5}
    assert suggest(kpis).deltas == {"min_interval_ms": 7.0, "impact_cap_ratio": 0.005}


ROW = Parameter(default=65, bounds=[40, 300], tuner_range=[40, 90], decimals=1)


@pytest.mark.parametrize(
    ("value", "delta", "step"),
    [
        (65, 10, 10),
        (85, 10, 5),
        (90, 10, 0),
        (42, -3, -2),
        (40, -3, 0),
        (120, 10, 0),  # above the range: the clamp would turn a rise into a fall
        (120, -3, -3),  # back towards the range, by no more than was suggested
        (65, 0.04, 0),
        (65, 0.06, 0.1),
    ],
)
def test_a_sum_is_clamped_once_to_the_tuner_range_and_never_turned_round(
    value: float, delta: float, step: float
) -> None:
    assert within_range(ROW, value, delta) == step


def test_below_the_range_a_step_down_is_none_and_a_step_up_is_as_suggested() -> None:
    row = Parameter(default=600, bounds=[400, 1000], tuner_range=[500, 800], decimals=1)
    assert within_range(row, 450, -10) == 0
    assert within_range(row, 450, 30) == 30
    assert within_range(row, 480, 30) == 30


def test_the_clamp_comes_after_the_sum() -> None:
    kpis = {"min_interval_pct": 40.0, "risk_ratio": 0.3, "net_bps": 3.5}
    found = suggest(kpis, baseline=START | {"min_interval_ms": 85.0, "impact_cap_ratio": 0.12})
    assert found.deltas == {"min_interval_ms": 5.0}  # 85 + 10 - 3, not 85 + 5 - 3


@given(
    st.floats(-1e6, 1e6),
    st.floats(-1e3, 1e3),
    st.tuples(st.none() | st.floats(-1e3, 0), st.none() | st.floats(0, 1e3)),
)
def test_a_step_keeps_its_direction_and_ends_within_the_range_or_nearer_to_it(
    value: float, delta: float, span: tuple[float | None, float | None]
) -> None:
    row = Parameter(default=0, tuner_range=list(span), decimals=3)
    value = row.round(value)
    step = within_range(row, value, delta)
    low, high = (
        -1e9 if span[0] is None else span[0] - 0.001,
        1e9 if span[1] is None else span[1] + 0.001,
    )
    assert step * delta >= 0
    assert abs(step) <= abs(delta) + 0.0005
    if step and low <= value <= high:
        assert low <= value + step <= high


def test_a_parameter_without_a_tuner_range_is_left_alone() -> None:
    assert within_range(Parameter(default=3, bounds=[1, 16]), 3, 1) == 0
    named = {name for rule in RULES for name in rule.deltas}
    assert all(TABLE[name].tuner_range is not None for name in named)


def test_a_rule_that_names_a_parameter_the_table_lacks_is_off_as_a_whole() -> None:
    own = ParameterTable({n: TABLE[n] for n in ("min_interval_ms", "tail_age_ms")}, "bot")
    off = ["slippage", "adverse", "concurrency blocks", "risk high", "risk raised", "relax"]
    assert rules_off(RULES, own) == off
    assert rules_off(RULES, TABLE) == []
    kpis = {"min_interval_pct": 40.0, "risk_ratio": 0.7, "net_bps": 0.0, "slippage_bps": -9.0}
    found = propose(view_of(own, kpis, baseline=own.defaults()))
    assert found.deltas == {"min_interval_ms": 10.0}
    assert len(found.rationale) == 1


def test_a_proposal_changes_nothing_that_it_is_given() -> None:
    kpis = {"net_bps": 1.0, "slippage_bps": -4.0, "risk_ratio": 0.7}
    baseline = dict(START)
    assert suggest(kpis, baseline=baseline).deltas
    assert baseline == START


def test_a_cost_of_exactly_a_fifth_of_gross_is_a_driver() -> None:
    for gross in (3.0, 0.7, 1e-3, 12.3):
        assert drivers({"gross_bps": gross, "slippage_bps": -gross / 5}) == ["slippage_bps"]
        assert drivers({"gross_bps": gross, "slippage_bps": -gross * 0.1999999}) == []
    assert 0.6 < 0.2 * 3.0

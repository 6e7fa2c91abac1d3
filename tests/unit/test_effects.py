"""The tuner that goes by the table's effects and by evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from builders import LIMITS
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.config.parameters import ParameterTable, reference_table
from pytest_soak.tuning.effects import propose, without_effects
from pytest_soak.tuning.view import Proposal, Reading, Side, View, goals

NET = ("net_bps", Side.ABOVE)
RISK = ("risk_ratio", Side.BELOW)


def row(effects: Mapping[str, float], **more: Any) -> dict[str, Any]:
    """A parameter at 50 of 0 to 100, that may move by 20 an hour."""
    base = {"default": 50.0, "tuner_range": [0, 100], "max_change_per_hour": 20, "decimals": 3}
    return {**base, "effects": dict(effects), **more}


def table(**rows: Mapping[str, float]) -> ParameterTable:
    return ParameterTable.of({name: row(effects) for name, effects in rows.items()}, "bot")


def view(
    of: ParameterTable,
    *hours: Mapping[str, float | None],
    wanted: Mapping[tuple[str, Side], float] | None = None,
    under: Sequence[Mapping[str, float]] = (),
    baseline: Mapping[str, float] | None = None,
) -> View:
    """`hours` were measured under `under`, or under the baseline."""
    values = of.defaults() | dict(baseline or {})
    overrides = [values | dict(one) for one in under] or [values] * len(hours)
    readings = [Reading(overrides=o, kpis=dict(k)) for o, k in zip(overrides, hours, strict=True)]
    goals_ = {NET: 3.0} if wanted is None else wanted
    return View(of, values, hours[-1] if hours else {}, (), False, readings, goals_, LIMITS, ())


LEVER = table(lever={"net_bps": 5.0})  # a full step of 20 is worth 1.0


def test_without_evidence_nothing_is_suggested() -> None:
    assert propose(view(LEVER)) == Proposal()
    assert propose(view(LEVER, {"net_bps": None})) == Proposal()
    assert propose(view(LEVER, {"risk_ratio": 0.9})) == Proposal()
    assert propose(view(LEVER, {"net_bps": 0.0}, wanted={})) == Proposal()


def test_a_missed_goal_moves_the_lever_that_way_and_says_why() -> None:
    found = propose(view(LEVER, {"net_bps": 2.5}))
    assert found.deltas == {"lever": 20.0}
    assert found.rationale == ("net_bps=2.50, wanted >= 3 by 2 sd -> lever +20 (+1.00)",)
    moved = propose(view(LEVER, {"net_bps": 2.1}, under=[{"lever": 45.0}]))
    estimated = "net_bps=2.10 (estimated 2.35 at the present values), wanted >= 3 by 2 sd"
    assert moved.rationale == (f"{estimated} -> lever +20 (+1.00)",)
    down = table(lever={"risk_ratio": 1.0})
    assert propose(view(down, {"risk_ratio": 0.6}, wanted={RISK: 0.4})).deltas == {"lever": -20.0}


def test_a_goal_that_is_met_by_two_deviations_is_left_alone() -> None:
    assert propose(view(LEVER, {"net_bps": 3.18})) == Proposal()  # 3 % of 3.0 is the least noise
    assert propose(view(LEVER, {"net_bps": 3.0})).deltas


def test_a_step_must_be_worth_more_than_the_doubt() -> None:
    """A shortfall of half a deviation: no reason after one hour, one after eight."""
    short = {"net_bps": 3.18 - 0.045}
    assert propose(view(LEVER, short)) == Proposal()
    assert propose(view(LEVER, *[short] * 8)).deltas


def test_noise_that_was_seen_widens_the_margin() -> None:
    steady, noisy = [3.2, 3.2, 3.2, 3.2], [3.6, 2.8, 3.6, 2.8]
    assert propose(view(LEVER, *({"net_bps": x} for x in steady))) == Proposal()
    assert propose(view(LEVER, *({"net_bps": x} for x in noisy))).deltas


def test_readings_from_before_a_step_count_as_if_they_came_after_it() -> None:
    under = [{"lever": 30.0}] * 4  # since then it rose by 20, worth 1.0
    hours = [{"net_bps": 2.4}] * 4
    assert propose(view(LEVER, *hours, under=under)) == Proposal()
    assert propose(view(LEVER, *hours)).deltas == {"lever": 20.0}


def test_of_levers_that_reach_the_goals_the_cheaper_one_moves() -> None:
    of = table(
        dear={"net_bps": 5.0, "net_quote": -100.0}, cheap={"net_bps": 5.0, "net_quote": -10.0}
    )
    found = propose(view(of, {"net_bps": 2.5, "net_quote": 1000.0}))
    assert list(found.deltas) == ["cheap"]


def test_two_goals_take_two_parameters_and_never_more() -> None:
    of = table(a={"net_bps": 5.0}, b={"risk_ratio": -0.5}, c={"p95_latency_ms": -500.0})
    seen = {"net_bps": 2.0, "risk_ratio": 0.7, "p95_latency_ms": 900.0}
    wanted = {NET: 3.0, RISK: 0.4, ("p95_latency_ms", Side.BELOW): 350.0}
    assert len(propose(view(of, seen, wanted=wanted)).deltas) == 2


def test_where_no_goal_is_missed_it_earns_and_stops_before_one_is() -> None:
    of = table(lever={"net_bps": -5.0, "net_quote": 1000.0})
    rich = propose(view(of, {"net_bps": 5.0, "net_quote": 1000.0}))
    assert rich.deltas == {"lever": 20.0}
    assert rich.rationale == ("no goal further away -> lever +20 (net_quote +200)",)
    near = propose(view(of, {"net_bps": 3.5, "net_quote": 1000.0}))
    assert near.deltas == {"lever": 5.0}
    assert propose(view(of, {"net_bps": 3.2, "net_quote": 1000.0})) == Proposal()


def test_a_gain_too_small_to_matter_is_no_reason() -> None:
    of = table(lever={"net_quote": 90.0})  # a full step is worth 18
    assert propose(view(of, {"net_bps": 5.0, "net_quote": 1000.0})) == Proposal()
    assert propose(view(of, {"net_bps": 5.0, "net_quote": 800.0})).deltas == {"lever": 20.0}


def test_it_stays_within_the_tuner_range_and_never_leads_out_of_it() -> None:
    low = {"net_bps": 1.0}
    assert propose(view(LEVER, low, baseline={"lever": 95.0})).deltas == {"lever": 5.0}
    assert propose(view(LEVER, low, baseline={"lever": 100.0})) == Proposal()
    assert propose(view(LEVER, low, baseline={"lever": 130.0})) == Proposal()


@pytest.mark.parametrize("more", [{"tuner_range": None}, {"effects": {}}])
def test_a_parameter_without_range_or_effects_is_left_alone(more: dict[str, Any]) -> None:
    of = ParameterTable.of({"lever": row({"net_bps": 5.0}) | more}, "bot")
    assert propose(view(of, {"net_bps": 1.0})) == Proposal()


def test_a_table_without_effects_gives_it_nothing_to_go_by() -> None:
    assert without_effects(table(a={}, b={}))
    assert not without_effects(table(a={}, b={"net_bps": 1.0}))
    assert not without_effects(reference_table())


numbers = st.none() | st.floats(-1e100, 1e100) | st.floats(-10, 10)
kpis = st.fixed_dictionaries(
    dict.fromkeys(("net_bps", "risk_ratio", "p95_latency_ms", "net_quote"), numbers)
)


@given(
    st.lists(kpis, max_size=8),
    st.dictionaries(st.sampled_from([NET, RISK]), st.floats(-1e6, 1e6)),
    st.fixed_dictionaries({n: st.floats(0, 1) for n in reference_table()}),
)
def test_whatever_was_measured_a_step_is_small_within_the_ranges_and_has_a_reason(
    hours: list[dict[str, float | None]],
    wanted: dict[tuple[str, Side], float],
    place: dict[str, float],
) -> None:
    of = reference_table()
    baseline = {
        name: of[name].clamp(1e-2 + x * (of[name].bounds[1] or 1e6)) for name, x in place.items()
    }
    found = propose(view(of, *hours, wanted=wanted, baseline=baseline))
    assert len(found.deltas) <= 2
    assert bool(found.deltas) == bool(found.rationale)
    for name, delta in found.deltas.items():
        low, high = of[name].tuner_range or (None, None)
        most = of[name].max_change_per_hour
        assert low is not None
        assert high is not None
        assert most is not None
        assert 0 < abs(delta) <= most
        assert low - 1e-9 <= baseline[name] + delta <= high + 1e-9


def test_goals_are_the_strictest_limits_by_metric_and_side() -> None:
    found = goals(
        [
            ("net_bps", ">= 2.7"),
            ("net_bps", "> 2.8"),
            ("net_bps", "<= 9"),
            ("risk_ratio", "<= 0.4"),
            ("risk_ratio", "< 0.5"),
            ("num_fills", "!= 0"),
        ]
    )
    assert found == {NET: 2.8, ("net_bps", Side.BELOW): 9.0, RISK: 0.4}

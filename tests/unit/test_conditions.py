from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pytest_soak.tuning.conditions import Condition, all_hold, any_holds


def condition(**given: str) -> Condition:
    return Condition.model_validate(given)


HIGH = condition(metric="risk_ratio", **{"is": ">= 0.60", "warmup": ">= 0.50"})


@pytest.mark.parametrize(
    ("risk", "steady", "warmup"),
    [(0.49, False, False), (0.50, False, True), (0.599, False, True), (0.60, True, True)],
)
def test_a_warm_up_has_its_own_expression(risk: float, steady: bool, warmup: bool) -> None:
    assert HIGH.holds({"risk_ratio": risk}) is steady
    assert HIGH.holds({"risk_ratio": risk}, warmup=True) is warmup


def test_without_its_own_expression_a_warm_up_goes_by_the_other() -> None:
    low = condition(metric="risk_ratio", **{"is": "< 0.35"})
    assert low.holds({"risk_ratio": 0.3}, warmup=True)
    assert not low.holds({"risk_ratio": 0.35}, warmup=True)


def test_a_driver_must_be_among_the_drivers_whatever_its_value() -> None:
    slippage = condition(driver="slippage_bps")
    assert slippage.holds({}, ["adverse_bps", "slippage_bps"])
    assert not slippage.holds({"slippage_bps": -9.0}, ["adverse_bps"])


def test_a_cost_is_a_metric_with_its_sign_turned() -> None:
    dear = condition(cost="slippage_bps", **{"is": "> 2.0"})
    assert dear.holds({"slippage_bps": -2.01})
    assert not dear.holds({"slippage_bps": -2.0})
    assert not dear.holds({"slippage_bps": 5.0})


@given(st.sampled_from(["<", "<=", ">", ">=", "!=", "=="]), st.floats(-9, 9))
def test_nothing_holds_of_a_metric_without_a_value(symbol: str, limit: float) -> None:
    for subject in ("metric", "cost"):
        asked = condition(**{subject: "x", "is": f"{symbol} {limit:.3f}"})
        assert not asked.holds({})
        assert not asked.holds({"x": None})
        assert not asked.holds({"x": math.nan})


@pytest.mark.parametrize(
    "given",
    [
        {"metric": "x"},
        {"is": "> 1"},
        {"metric": "x", "cost": "x", "is": "> 1"},
        {"driver": "x", "metric": "x", "is": "> 1"},
        {"metric": "x", "is": "=> 1"},
        {"metric": "x", "is": "> 1", "warmup": "high"},
        {"metric": "x", "is": "> 1", "more": "1"},
    ],
)
def test_a_condition_without_one_subject_and_a_good_expression_is_refused(
    given: dict[str, str],
) -> None:
    with pytest.raises(ValidationError):
        condition(**given)


def test_all_of_nothing_holds_and_any_of_nothing_does_not() -> None:
    yes, no = condition(metric="x", **{"is": "> 1"}), condition(metric="x", **{"is": "> 3"})
    assert [all_hold([], {}), any_holds([], {})] == [True, False]
    assert [all_hold([yes, no], {"x": 2}), any_holds([yes, no], {"x": 2})] == [False, True]
    assert [all_hold([yes], {"x": 2}), any_holds([no], {"x": 2})] == [True, False]

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from builders import blocks, fills, observation
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from pytest_soak.gates.engine import Sample, Verdict, judge
from pytest_soak.gates.model import gate_shelf, load_gate
from pytest_soak.kpi.definitions import COMPONENTS, COSTS, HEADLINES, KPIS, Kpi
from pytest_soak.kpi.edge import components_quote, summarize
from pytest_soak.kpi.summary import Summary, checked, drivers, summary_of
from pytest_soak.observation.columns import (
    BLOCK,
    BLOCK_REASONS,
    LATENCY,
    MARK,
    MARKED_FILL,
    TICK,
    Observation,
)

prices = st.floats(90.0, 110.0)
rows = st.tuples(
    st.sampled_from([1, -1]),
    st.booleans(),
    prices,
    st.floats(0.001, 10.0),
    st.floats(-0.5, 0.5),
    prices,
    prices,
)
windows = st.builds(
    lambda rows, held, start, end: observation(
        fills=fills(rows), inventory_start=held, mid_start=start, mid_end=end
    ),
    st.lists(rows, max_size=40),
    st.floats(-50, 50),
    prices,
    prices,
)


def pnl_by_cash(window: Observation) -> tuple[float, float]:
    """The PnL from cash and inventory alone, and the size of the sums it is a difference of."""
    cash, held = 0.0, window.inventory_start
    turnover = abs(held) * (window.mid_start + window.mid_end)
    for fill in window.fills:
        paid = float(fill["side"]) * float(fill["price"]) * float(fill["quantity"])
        cash -= paid + float(fill["fee_quote"])
        held += float(fill["side"]) * float(fill["quantity"])
        turnover += 2 * abs(paid) + abs(float(fill["fee_quote"]))
    opening = window.inventory_start * window.mid_start
    return cash + held * window.mid_end - opening, turnover


@settings(max_examples=100)
@given(windows)
def test_the_four_parts_sum_to_the_pnl_of_an_independent_cash_account(window: Observation) -> None:
    pnl, turnover = pnl_by_cash(window)
    assert abs(sum(components_quote(window).values()) - pnl) <= 1e-12 * turnover
    net = summarize(window).kpis["net_quote"]
    assert net is not None
    assert abs(net - pnl) <= 1e-12 * turnover


@settings(max_examples=100)
@given(windows)
def test_net_in_bps_is_the_sum_of_its_parts_and_agrees_with_the_money(window: Observation) -> None:
    kpis = {name: value for name, value in summarize(window).kpis.items() if value is not None}
    if not len(window.fills):
        assert "net_bps" not in kpis
        return
    parts = [kpis[f"{part}_bps"] for part in ("gross", "fees_eff", "slippage", "inventory")]
    assert abs(kpis["net_bps"] - sum(parts)) <= 1e-12 * sum(map(abs, parts))
    in_bps = kpis["net_quote"] / kpis["volume_quote"] * 1e4
    assert abs(kpis["net_bps"] - in_bps) <= 1e-12 * sum(map(abs, parts))
    notional = sum(float(f["price"]) * float(f["quantity"]) for f in window.fills)
    assert kpis["volume_quote"] == pytest.approx(notional, rel=1e-12)


@given(windows)
def test_every_kpi_is_within_its_range_or_null_with_a_reason(window: Observation) -> None:
    found = summarize(window)
    assert list(found.kpis) == list(KPIS)
    assert checked(found) == found
    assert set(found.reasons) == {name for name, value in found.kpis.items() if value is None}
    assert all(found.reasons.values())


def test_a_maker_buy_below_the_mid_earns_gross_and_a_taker_buy_above_it_pays_slippage() -> None:
    window = observation(
        fills=fills(
            [
                (1, True, 99.0, 2.0, 0.1, 100.0, 100.0),
                (-1, True, 101.0, 2.0, -0.1, 100.0, 100.0),
                (1, False, 100.5, 1.0, 0.2, 100.0, 100.0),
            ]
        )
    )
    parts = components_quote(window)
    assert parts["gross"] == pytest.approx(4.0)
    assert parts["slippage"] == pytest.approx(-0.5)
    assert parts["fees"] == pytest.approx(-0.2)
    assert parts["inventory"] == 0.0
    kpis = summarize(window).kpis
    assert kpis["volume_quote"] == pytest.approx(500.5)
    assert kpis["maker_taker_ratio"] == pytest.approx(400 / 500.5)
    assert kpis["slippage_bps_p95"] == pytest.approx(50.0)
    assert kpis["gross_bps"] == pytest.approx(4.0 / 500.5 * 1e4)
    assert kpis["fees_eff_bps"] == pytest.approx(-0.2 / 500.5 * 1e4)


def test_inventory_gains_when_the_mid_moves_its_way() -> None:
    long = observation(inventory_start=3.0, mid_start=100.0, mid_end=101.0)
    assert components_quote(long)["inventory"] == pytest.approx(3.0)
    short = observation(inventory_start=-3.0, mid_start=100.0, mid_end=101.0)
    assert components_quote(short)["inventory"] == pytest.approx(-3.0)


@pytest.mark.parametrize(
    ("side", "later", "bps"), [(1, 99.0, 100), (1, 101.0, -100), (-1, 101.0, 100), (-1, 99.0, -100)]
)
def test_a_markout_is_positive_when_the_mid_moves_against_the_fill(
    side: int, later: float, bps: float
) -> None:
    window = observation(fills=fills([(side, True, 100.0, 1.0, 0.0, 100.0, later)]))
    kpis = summarize(window).kpis
    assert kpis["adverse_bps"] == pytest.approx(bps)
    assert kpis["adverse_bps_p95"] == pytest.approx(bps)


def test_markouts_are_of_maker_fills_that_have_one_weighted_by_notional() -> None:
    window = observation(
        fills=fills(
            [
                (1, True, 100.0, 3.0, 0.0, 100.0, 99.0),
                (1, True, 100.0, 1.0, 0.0, 100.0, 101.0),
                (1, True, 100.0, 9.0, 0.0, 100.0, math.nan),
                (1, False, 100.0, 9.0, 0.0, 100.0, 90.0),
            ]
        )
    )
    found = summarize(window)
    assert found.kpis["adverse_bps"] == pytest.approx((3 * 100 - 1 * 100) / 4)
    assert found.kpis["adverse_bps_p95"] == pytest.approx(np.percentile([100, -100], 95))
    assert found.samples["adverse_bps_p95"] == 2
    assert found.samples["slippage_bps_p95"] == 1


@pytest.mark.parametrize(
    ("side", "before", "bps"),
    [(1, 101.0, 100), (1, 99.0, -100), (-1, 99.0, 100), (-1, 101.0, -100)],
)
def test_a_pickoff_is_positive_when_the_mid_came_against_the_quote(
    side: int, before: float, bps: float
) -> None:
    rows = [(side, True, 100.0, 1.0, 0.0, 100.0, math.nan)] * 3
    table = fills([*rows, (side, False, 100.0, 9.0, 0.0, 100.0, math.nan)])
    table["mid_1s_before"] = (before, before, math.nan, 50.0)
    found = summarize(observation(fills=table))
    assert found.kpis["pickoff_bps"] == pytest.approx(bps)
    assert found.samples["pickoff_bps"] == 2


def test_nothing_happened_is_null_with_reasons_never_a_good_looking_default() -> None:
    found = summarize(observation())
    given = {name: value for name, value in found.kpis.items() if value is not None}
    assert given == {"net_quote": 0.0, "volume_quote": 0.0, "num_fills": 0.0}
    assert found.reasons["net_bps"] == "no fills"
    assert found.reasons["maker_taker_ratio"] == "no fills"
    assert found.reasons["adverse_bps"] == "no maker fill with a mid one second later"
    assert found.reasons["slippage_bps_p95"] == "no taker fills"
    assert found.reasons["risk_ratio"] == "no intended quote changes"
    assert found.reasons["p95_latency_ms"] == "no acknowledged orders"
    assert found.reasons["md_cache_hit_ratio"] == "no pipeline ticks"
    assert found.reasons["cancel_ratio"] == "no orders sent"
    assert found.reasons["risk_time_share"] == "the bot never wanted to quote"


def test_block_shares_are_of_intended_changes() -> None:
    window = observation(
        intended_changes=200,
        blocks=blocks(risk=50, inventory=10, min_interval=20, concurrency=30, throttle=4),
    )
    found = summarize(window)
    assert found.kpis["risk_ratio"] == pytest.approx(0.25)
    assert found.kpis["inventory_pct"] == pytest.approx(5.0)
    assert found.kpis["min_interval_pct"] == pytest.approx(10.0)
    assert found.kpis["concurrency_pct"] == pytest.approx(15.0)
    assert found.kpis["throttle_pct"] == pytest.approx(2.0)
    assert found.block_counts == dict.fromkeys(BLOCK_REASONS, 0) | {
        "risk": 50,
        "inventory": 10,
        "min_interval": 20,
        "concurrency": 30,
        "throttle": 4,
    }
    assert found.samples["risk_ratio"] == 200


def test_a_change_intended_before_the_window_makes_no_share_exceed_one() -> None:
    found = summarize(observation(intended_changes=2, blocks=blocks(risk=3, throttle=3)))
    assert (found.kpis["risk_ratio"], found.kpis["throttle_pct"]) == (1.0, 100.0)


def test_the_other_ratios_and_percentiles_are_of_their_own_events() -> None:
    ticks = np.zeros(4, TICK)
    ticks["fetch_md_ms"], ticks["total_ms"] = [1, 2, 3, 4], [10, 20, 30, 40]
    ticks["cache_hit"], ticks["deadline_miss"] = [1, 1, 1, 0], [0, 0, 0, 1]
    acks = np.zeros(3, LATENCY)
    acks["latency_ms"] = [100, 200, 300]
    marks = np.zeros(5, MARK)
    marks["equity_quote"] = [0, 5, 2, 6, 1]
    marks["time_us"] = np.arange(5) * 1_000_000
    window = observation(
        end_us=5_000_000,
        ticks=ticks,
        acks=acks,
        marks=marks,
        ws_lag_ms=np.array([1.0, 2.0]),
        order_age_ms=np.array([7.0]),
        orders_sent=10,
        cancels_sent=8,
        side_time_us=1000,
        side_time_risk_blocked_us=250,
    )
    found = summarize(window)
    wanted = {
        "p95_latency_ms": np.percentile([100, 200, 300], 95),
        "fetch_md_p95_ms": np.percentile([1, 2, 3, 4], 95),
        "tick_total_p95_ms": np.percentile([10, 20, 30, 40], 95),
        "ws_lag_p95_ms": np.percentile([1, 2], 95),
        "order_age_p95_ms": 7.0,
        "md_cache_hit_ratio": 0.75,
        "deadline_miss_ratio": 0.25,
        "cancel_ratio": 0.8,
        "risk_time_share": 0.25,
        "max_drawdown_quote": 5.0,
    }
    assert {name: found.kpis[name] for name in wanted} == pytest.approx(wanted)
    assert found.samples["p95_latency_ms"] == 3
    assert found.samples["deadline_miss_ratio"] == 4


def test_what_an_exchange_tells_is_a_kpi_or_its_reason() -> None:
    told = {"repeated_intents": 2.0, "position_gap_base": "the bot told nothing"}
    found = summarize(observation(exchange=told))
    assert found.kpis["repeated_intents"] == 2.0
    assert found.kpis["position_gap_base"] is None
    assert found.reasons["position_gap_base"] == "the bot told nothing"
    assert "repeated_intents" not in found.reasons


@given(npst.arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6)))
def test_the_drawdown_is_the_largest_fall_from_a_peak(equity: Any) -> None:
    marks = np.zeros(len(equity), MARK)
    marks["equity_quote"] = equity
    marks["time_us"] = np.arange(len(equity)) * 1_000_000
    end = len(equity) * 1_000_000
    falls = [a - b for n, a in enumerate(equity) for b in equity[n:]]
    window = observation(end_us=end, marks=marks)
    assert summarize(window).kpis["max_drawdown_quote"] == max(falls)


@pytest.mark.parametrize(
    ("seconds", "gap"),
    [([0, 3600], 3600), ([0, 30, 66], 3534), ([36, 3599], 3563), ([*range(0, 3600, 37)], 37)],
)
def test_marks_that_leave_too_much_of_the_window_out_give_no_drawdown(
    seconds: list[int], gap: int
) -> None:
    marks = np.zeros(len(seconds), MARK)
    marks["time_us"] = np.array(seconds) * 1_000_000
    found = summarize(observation(marks=marks))
    assert found.kpis["max_drawdown_quote"] is None
    why = f"no mark for {gap} s of the window, 36 s at most"
    assert found.reasons["max_drawdown_quote"] == why
    enough = np.zeros(101, MARK)
    enough["time_us"] = np.arange(0, 3601, 36) * 1_000_000
    assert summarize(observation(marks=enough)).kpis["max_drawdown_quote"] == 0.0


def test_a_maker_share_never_exceeds_one_by_rounding() -> None:
    beyond = 0
    for seed in range(1, 51):
        rng = np.random.default_rng(seed)
        many = np.zeros(1001, MARKED_FILL)
        many["maker"], many["mid"], many["side"], many["quantity"] = True, 1.0, 1, 1.0
        many["price"] = rng.uniform(0.1, 1.0, 1001)
        many["maker"][::7], many["price"][::7] = False, 1e-30
        ratio = summarize(observation(fills=many)).kpis["maker_taker_ratio"]
        assert ratio is not None
        assert 0.999999 < ratio <= 1.0
        beyond += bool(np.sum(many["price"][many["maker"]]) > np.sum(many["price"]))
    assert beyond  # the plain quotient would have


@given(st.dictionaries(st.sampled_from([*KPIS, "mine"]), st.floats()))
def test_only_what_can_be_true_stays_a_value(values: dict[str, float]) -> None:
    found = checked(Summary(kpis=values))
    bad = {name for name, x in values.items() if not abs(x) <= 1e100 or not in_range(name, x)}
    assert {name for name, value in found.kpis.items() if value is None} == bad
    assert bad == set(found.reasons)
    assert len(found.faults) == len(bad)
    assert all(any(fault.startswith(f"{name}: ") for fault in found.faults) for name in bad)


def test_a_null_without_a_reason_is_given_one_and_a_reason_is_kept() -> None:
    given = Summary(kpis={"net_bps": None, "risk_ratio": None}, reasons={"net_bps": "asleep"})
    found = checked(given)
    assert found.reasons == {"net_bps": "asleep", "risk_ratio": "the target gave none"}
    assert found.faults == ()


def in_range(name: str, value: float) -> bool:
    kpi = KPIS.get(name)
    return kpi is None or kpi.low <= value <= kpi.high


class Rude:
    """Raises what nobody expects when it is taken for a number."""

    def __float__(self) -> float:
        raise RuntimeError("rude")


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (math.nan, "risk_ratio: expected 0 to 1, got nan"),
        (math.inf, "risk_ratio: expected 0 to 1, got inf"),
        (1.5, "risk_ratio: expected 0 to 1, got 1.5"),
        (-0.1, "risk_ratio: expected 0 to 1, got -0.1"),
        ("0.5", "risk_ratio: expected 0 to 1, got str '0.5'"),
        (True, "risk_ratio: expected 0 to 1, got bool True"),
        ([0.5], "risk_ratio: expected 0 to 1, got list [0.5]"),
        (10**400, "risk_ratio: expected 0 to 1, got 1000"),
        (Rude(), "risk_ratio: expected 0 to 1, got "),
    ],
)
def test_what_a_target_gave_that_is_no_measurement_is_a_fault(value: Any, fault: str) -> None:
    found = summary_of({"risk_ratio": value}, None)
    assert found.kpis["risk_ratio"] is None
    assert found.faults[0].startswith(fault)
    assert found.reasons["risk_ratio"] == found.faults[0]


def test_numbers_of_any_kind_are_measurements() -> None:
    given = {"net_bps": np.float32(2.5), "num_fills": np.int64(3), "risk_ratio": 0}
    found = summary_of(given, None)
    assert found.faults == ()
    assert (found.kpis["net_bps"], found.kpis["num_fills"], found.kpis["risk_ratio"]) == (2.5, 3, 0)


def test_what_is_not_given_or_none_is_null_with_the_reason() -> None:
    found = summary_of({"net_bps": None}, ("net_bps", "risk_ratio"))
    assert found.kpis == {"net_bps": None, "risk_ratio": None}
    assert found.reasons == {
        "net_bps": "the target gave none",
        "risk_ratio": "not given by the target",
    }
    assert found.faults == ("risk_ratio: declared, but not given",)
    assert set(summary_of({}, None).kpis) == set(KPIS)


def test_an_unknown_kpi_is_a_fault_unless_it_is_declared() -> None:
    found = summary_of({"net_bsp": 3.0}, None)
    assert found.faults == (
        "unknown KPI 'net_bsp'; did you mean 'net_bps'? (or declare it in `kpis`)",
    )
    assert "net_bsp" not in found.kpis
    assert summary_of({"net_bsp": 3.0}, ("net_bsp",)).kpis == {"net_bsp": 3.0}
    assert summary_of({3: 1.0}, None).faults[0].startswith("unknown KPI '3'")


def test_the_table_has_the_kpis_of_the_specification() -> None:
    assert set(KPIS) == {
        *("net_bps", "gross_bps", "fees_eff_bps", "slippage_bps", "inventory_bps"),
        *("adverse_bps", "adverse_bps_p95", "slippage_bps_p95", "net_quote", "volume_quote"),
        "pickoff_bps",
        *("num_fills", "maker_taker_ratio", "risk_ratio", "risk_time_share", "inventory_pct"),
        *("min_interval_pct", "concurrency_pct", "throttle_pct", "cancel_ratio"),
        *("order_age_p95_ms", "p95_latency_ms", "ws_lag_p95_ms", "md_cache_hit_ratio"),
        *("fetch_md_p95_ms", "tick_total_p95_ms", "deadline_miss_ratio", "max_drawdown_quote"),
    }
    for name, kpi in KPIS.items():
        if name.endswith(("_ratio", "_share")) and name != "cancel_ratio":
            assert (kpi.low, kpi.high) == (0, 1)
        if name.endswith("_pct"):
            assert (kpi.low, kpi.high) == (0, 100)


def test_a_kpi_says_why_there_is_none_and_each_part_of_the_edge_is_one() -> None:
    assert all(kpi.missing for kpi in KPIS.values())
    with pytest.raises(TypeError):
        Kpi("mine_bps", "up", "what it means")  # type: ignore[call-arg]
    assert {*COMPONENTS, *COSTS, *(headline.name for headline in HEADLINES)} <= set(KPIS)


def test_drivers_are_the_costs_of_at_least_a_fifth_of_gross_largest_first() -> None:
    kpis: dict[str, float | None] = {
        "gross_bps": 10.0,
        "fees_eff_bps": -1.99,
        "slippage_bps": -2.0,
        "inventory_bps": 5.0,
        "adverse_bps": 4.0,
    }
    assert drivers(kpis) == ["adverse_bps", "slippage_bps"]
    assert drivers(kpis | {"adverse_bps": -4.0}) == ["slippage_bps"]
    assert drivers(kpis | {"slippage_bps": None}) == ["adverse_bps"]
    assert drivers(kpis | {"gross_bps": None}) == []
    assert drivers({}) == []


@given(st.fixed_dictionaries({n: st.floats(-50, 50) for n in ("gross_bps", *COSTS)}))
def test_only_costs_are_drivers_whatever_the_gross(kpis: dict[str, float | None]) -> None:
    found = drivers(kpis)
    for name in found:
        value = kpis[name]
        assert value is not None
        assert (value > 0) == (name == "adverse_bps")
    costs = [abs(kpis[name] or 0.0) for name in found]
    assert costs == sorted(costs, reverse=True)


def test_a_window_without_fills_fails_the_soak_gate_for_want_of_data() -> None:
    from pathlib import Path

    nowhere = Path("/nowhere")
    soak = load_gate("soak", gate_shelf(nowhere), nowhere, "test")
    found = summarize(observation())
    judgement = judge(soak, "calm", [Sample(values=found.kpis, reasons=found.reasons)])
    assert judgement.verdict is Verdict.FAIL
    assert judgement.no_data_failed
    assert "net_bps: no data (no fills) (soak)" in judgement.reasons()


def test_a_block_reason_outside_the_list_is_refused() -> None:
    odd = np.zeros(1, BLOCK)
    odd["reason"] = len(BLOCK_REASONS)
    with pytest.raises(ValueError, match="zip"):
        summarize(observation(blocks=odd, intended_changes=1))

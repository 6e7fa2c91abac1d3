from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from statistics import NormalDist, fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.kpi.definitions import KPIS
from pytest_soak.kpi.summary import Summary, checked
from pytest_soak.targets.base import LaneInfo, Window
from pytest_soak.targets.mock import MockTarget

N = 8_000
# Mean and standard deviation.
CALM = {
    "net_bps": (3.0, 0.5),
    "adverse_bps_p95": (2.0, 0.3),
    "risk_ratio": (0.30, 0.05),
    "maker_taker_ratio": (0.90, 0.03),
    "p95_latency_ms": (250.0, 50.0),
    "num_fills": (100.0, 20.0),
}
VOLATILE = CALM | {
    "net_bps": (2.5, 1.5),
    "adverse_bps_p95": (3.0, 1.0),
    "risk_ratio": (0.40, 0.15),
}
IN_SPIKE = {"net_bps": 1.0, "adverse_bps_p95": 8.0, "risk_ratio": 0.70}


def draw(
    market: str, iteration: int, seed: int = 42, knobs: Mapping[str, float] | None = None
) -> Summary:
    lane = LaneInfo("x", "p", market, seed, market_settings=knobs or {})
    return MockTarget(lane).run({}, Window(iteration, 0.0, 60.0))


@cache
def many(market: str, *knobs: tuple[str, float]) -> list[Summary]:
    return [draw(market, n, knobs=dict(knobs)) for n in range(1, N + 1)]


def check_moments(found: list[Summary], wanted: Mapping[str, tuple[float, float]]) -> None:
    """Mean and standard deviation of each KPI, within five standard errors."""
    assert len(found) > 300
    for name, (mean, sd) in wanted.items():
        values = [value for s in found if (value := s.kpis[name]) is not None]
        assert len(values) == len(found)
        low, high = KPIS[name].low, KPIS[name].high
        if (mean - low) / sd > 3.2 and (high - mean) / sd > 3.2:  # hardly ever clamped
            assert fmean(values) == pytest.approx(mean, abs=5 * sd / len(values) ** 0.5), name
            assert stdev(values) == pytest.approx(sd, rel=5 / (2 * len(values)) ** 0.5), name


def without_gaps(found: list[Summary]) -> list[Summary]:
    return [s for s in found if not s.market["gap_events"]]


def test_calm_and_volatile_have_the_means_and_sds_of_the_specification() -> None:
    check_moments(without_gaps(many("calm")), CALM)
    check_moments(without_gaps(many("volatile")), VOLATILE)


def test_spike_is_calm_but_for_its_episodes() -> None:
    found = without_gaps(many("spike"))
    check_moments([s for s in found if not s.market["spike_count"]], CALM)
    for spike in (s for s in found if s.market["spike_count"]):
        assert {name: spike.kpis[name] for name in IN_SPIKE} == IN_SPIKE


def test_the_money_is_consistent_with_net_and_volume() -> None:
    for found in many("calm", ("gap_bps", 50.0))[:2_000]:
        kpis = {name: value or 0.0 for name, value in found.kpis.items()}
        assert kpis["net_quote"] == pytest.approx(kpis["net_bps"] * 1e-4 * kpis["volume_quote"])
        assert kpis["max_drawdown_quote"] >= max(0.0, -kpis["net_quote"])
    volumes = [s.kpis["volume_quote"] or 0.0 for s in many("calm")]
    assert fmean(volumes) == pytest.approx(100 * 3000.0, rel=0.02)


@pytest.mark.parametrize(("probability", "wanted"), [(None, 0.05), (0.3, 0.3), (0.0, 0.0)])
def test_episodes_come_with_the_probability_asked_for(
    probability: float | None, wanted: float
) -> None:
    knobs = () if probability is None else (("spike_prob", probability),)
    share = fmean(s.market["spike_count"] for s in many("spike", *knobs))
    assert share == pytest.approx(wanted, abs=5 * (wanted * (1 - wanted) / N) ** 0.5)


def test_only_the_spike_market_has_episodes() -> None:
    assert not any(s.market["spike_count"] for m in ("calm", "volatile") for s in many(m))


def test_a_gap_comes_one_time_in_fifty_and_takes_its_size_off_net() -> None:
    for knobs, size in (((), 10.0), ((("gap_bps", 4.0),), 4.0)):
        found = many("calm", *knobs)
        gaps = [s.kpis["net_bps"] or 0.0 for s in found if s.market["gap_events"]]
        assert len(gaps) / N == pytest.approx(0.02, abs=5 * (0.02 * 0.98 / N) ** 0.5)
        assert fmean(gaps) == pytest.approx(3.0 - size, abs=5 * 0.5 / len(gaps) ** 0.5)


def test_sigma_scales_every_standard_deviation() -> None:
    halved = {name: (mean, sd / 2) for name, (mean, sd) in CALM.items()}
    check_moments(without_gaps(many("calm", ("sigma", 0.005))), halved)
    still = draw("calm", 1, knobs={"sigma": 0.0}).kpis
    money = {"volume_quote": 3e5, "net_quote": 90.0, "max_drawdown_quote": 0.0}
    assert still == pytest.approx({name: mean for name, (mean, _) in CALM.items()} | money)


def test_net_is_floored_at_minus_ten() -> None:
    found = many("calm", ("gap_bps", 50.0))
    assert min(s.kpis["net_bps"] or 0.0 for s in found) == -10.0
    assert all(s.kpis["net_bps"] == -10.0 for s in found if s.market["gap_events"])


@given(
    st.sampled_from(["calm", "volatile", "spike"]),
    st.integers(1, 10**6),
    st.integers(0, 10**9),
    st.floats(0, 1),
)
def test_whatever_sigma_every_kpi_is_in_its_valid_range(
    market: str, iteration: int, seed: int, sigma: float
) -> None:
    found = draw(market, iteration, seed, {"sigma": sigma})
    assert checked(found) == found
    assert set(found.kpis) == set(MockTarget.kpis)
    fills = found.kpis["num_fills"]
    assert fills is not None
    assert fills == int(fills) >= 0


def test_a_draw_depends_on_seed_market_and_iteration_alone() -> None:
    assert draw("calm", 3) == draw("calm", 3)
    lane = LaneInfo("x", "p", "calm", 42)
    target = MockTarget(lane)
    target.run({}, Window(1, 0.0, 60.0))
    assert target.run({"tail_age_ms": 1.0}, Window(3, 120.0, 60.0)) == draw("calm", 3)
    others = [draw("calm", 4), draw("calm", 3, seed=43), draw("spike", 3)]
    assert all(other.kpis != draw("calm", 3).kpis for other in others)
    latency = "p95_latency_ms"  # of the same distribution on every market
    assert draw("volatile", 3).kpis[latency] != draw("calm", 3).kpis[latency]


def test_by_chance_the_soak_gate_fails_about_as_often_as_the_distributions_say() -> None:
    too_low = sum((s.kpis["net_bps"] or 0.0) < 2.0 for s in without_gaps(many("calm")))
    wanted = NormalDist(3.0, 0.5).cdf(2.0)
    assert too_low / len(without_gaps(many("calm"))) == pytest.approx(wanted, rel=0.25)

"""An instrument that is not the reference one: price 0.25, tick 0.0001, lot 1."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from market_harness import STEADY_SAFE, check_agent_orders, check_book, check_schedule

from pytest_soak.config.instruments import Instrument, Latency, Venue
from pytest_soak.config.scenarios import BUILT_IN, Scenario
from pytest_soak.kpi.edge import summarize
from pytest_soak.market.exchange import Exchange
from pytest_soak.market.feeds import REJECT_REASONS
from pytest_soak.market.maker_config import MakerConfig
from pytest_soak.market.regimes import build_market
from pytest_soak.market.simulation import Simulation
from pytest_soak.observation.columns import Observation
from pytest_soak.observation.validate import validated

MINUTE = 60_000_000
INSTRUMENT = Instrument(price=0.25, tick=0.0001, lot=1.0)
DOGE = BUILT_IN["calm"].model_copy(update={"name": "doge", "instrument": INSTRUMENT})


@cache
def simulated(scenario: str) -> tuple[Simulation, Observation]:
    """An hour of a maker that has learnt, after half an hour."""
    market = build_market({"doge": DOGE, **BUILT_IN}[scenario], {})
    simulation = Simulation(market, 42, MakerConfig(0.0))
    simulation.observe(1, 0, 30 * MINUTE, STEADY_SAFE, 0)
    return simulation, simulation.observe(2, 30 * MINUTE, 90 * MINUTE, STEADY_SAFE, 0)


def multiples(values: object, step: float) -> bool:
    steps = np.asarray(values, float) / step
    return bool((np.abs(steps - np.round(steps)) < 1e-6).all() and len(steps) > 30)


def test_prices_are_multiples_of_the_tick_and_quantities_of_the_lot() -> None:
    _, seen = simulated("doge")
    assert multiples(seen.fills["price"], 0.0001)
    assert multiples(seen.fills["mid"], 0.00005)
    assert multiples(seen.fills["quantity"], 1.0)
    assert 0.2 < seen.fills["price"].min() < seen.fills["price"].max() < 0.3
    assert all(len(f"{price!r}") <= len("0.2501") for price in seen.fills["price"].tolist())


def test_its_kpis_are_of_the_order_of_the_reference_instruments() -> None:
    own, reference = (summarize(simulated(name)[1]).kpis for name in ("doge", "calm"))
    for name in ("net_bps", "gross_bps", "adverse_bps_p95", "p95_latency_ms"):
        mine, theirs = own[name], reference[name]
        assert mine is not None
        assert theirs is not None
        assert 1 / 3 < mine / theirs < 3
    assert (own["maker_taker_ratio"] or 0.0) > 0.8


def test_money_is_conserved_and_the_world_is_whole() -> None:
    simulation, seen = simulated("doge")
    found = validated(seen, 60.0)
    assert (found.faults, found.notes) == ((), ())
    fills = seen.fills
    cash = -(fills["side"] * fills["quantity"] * fills["price"]).sum() - fills["fee_quote"].sum()
    worth = seen.inventory_end * seen.mid_end - seen.inventory_start * seen.mid_start
    assert summarize(seen).kpis["net_quote"] == pytest.approx(cash + worth, abs=1e-6)
    assert fills["side"] @ fills["quantity"] == seen.inventory_end - seen.inventory_start
    for check in (check_book, check_agent_orders, check_schedule):
        check(simulation.world)


def test_fees_are_the_instruments() -> None:
    dear = INSTRUMENT.model_copy(update={"maker_fee_bps": 1.0, "taker_fee_bps": 5.0})
    market = build_market(DOGE.model_copy(update={"instrument": dear}), {})
    seen = Simulation(market, 42, MakerConfig(0.0)).observe(1, 0, 20 * MINUTE, STEADY_SAFE, 0)
    fills = seen.fills
    rate = fills["fee_quote"] / (fills["price"] * fills["quantity"]) * 1e4
    assert rate == pytest.approx(np.where(fills["maker"], 1.0, 5.0))


def test_a_contract_of_which_one_is_so_much_base_trades_as_base() -> None:
    contract = Instrument(price=0.25, tick=0.0001, lot=0.5, contract_value=2.0)
    market = build_market(DOGE.model_copy(update={"instrument": contract}), {})
    seen = Simulation(market, 42, MakerConfig(0.0)).observe(1, 0, 5 * MINUTE, STEADY_SAFE, 0)
    again = Simulation(build_market(DOGE, {}), 42, MakerConfig(0.0))
    assert seen.fills.tobytes() == again.observe(1, 0, 5 * MINUTE, STEADY_SAFE, 0).fills.tobytes()


def on_venue(**limits: object) -> Exchange:
    venue = Venue().model_copy(update=limits)
    return Exchange(BUILT_IN["calm"].model_copy(update={"venue": venue}), 1)


def reasons(exchange: Exchange) -> list[str]:
    exchange.advance(exchange.now_us + 20_000_000)
    return [REJECT_REASONS[n] for n in exchange.take_events().reports["reason"]]


def test_an_agent_meets_the_limits_of_its_venue() -> None:
    exchange = on_venue(open_orders=3)
    bid = exchange.book().bid
    orders = [exchange.submit("buy", bid - 400 * exchange.tick, exchange.lot) for _ in range(4)]
    assert sorted(reasons(exchange)) == ["", "", "", "too_many_orders"]
    exchange.cancel(orders[0])
    exchange.advance(exchange.now_us + 5_000_000)
    exchange.submit("buy", bid - 400 * exchange.tick, exchange.lot)
    assert reasons(exchange) == ["", ""]
    exchange = on_venue(requests_under_way=2)
    for _ in range(5):
        exchange.submit("buy", bid - 400 * exchange.tick, exchange.lot)
    assert sorted(reasons(exchange)) == ["", "", *["too_many_requests"] * 3]
    exchange = on_venue(messages_per_minute=4.0)
    for _ in range(6):
        exchange.submit("buy", bid - 400 * exchange.tick, exchange.lot)
    assert sorted(reasons(exchange)) == ["", "", "", "", "rate_limit", "rate_limit"]
    exchange = on_venue(band_ticks=100)
    for behind in (40, 400):
        exchange.submit("buy", exchange.book().bid - behind * exchange.tick, exchange.lot)
    assert sorted(reasons(exchange)) == ["", "price_out_of_range"]


@pytest.mark.parametrize("way", ["to_gateway", "from_gateway", "service"])
def test_each_delay_of_the_venue_is_on_the_way_of_an_answer(way: str) -> None:
    waited = []
    for base in (0.0, 700.0):
        slow = getattr(Venue(), way).model_copy(update={"base_ms": base})
        exchange = on_venue(**{way: slow})
        exchange.submit("buy", exchange.book().bid - 40 * exchange.tick, exchange.lot)
        exchange.advance(5_000_000)
        (report,) = exchange.take_events().reports
        waited.append(int(report["time_us"] - report["sent_us"]))
    least = 688_000 if way != "service" else 700_000
    assert waited[1] - waited[0] >= least


def test_market_data_lags_by_the_venues_delay_and_never_by_more_than_is_kept() -> None:
    lags = []
    for median in (18.0, 500.0, 5_000.0):
        exchange = on_venue(market_data=Latency(median_ms=median, log_sd=0.1))
        exchange.advance(60_000_000)
        lags.append(exchange.now_us - exchange.book().time_us)
    assert lags[0] < 80_000 < 400_000 < lags[1] < 800_000 < lags[2] <= 3_200_000


def test_an_exchange_restored_from_another_instruments_checkpoint_has_its_units() -> None:
    exchange, other = Exchange(DOGE, 1), Exchange("calm", 1)
    other.restore(exchange.checkpoint())
    assert (other.tick, other.lot) == (exchange.tick, exchange.lot) == (0.0001, 1.0)
    assert isinstance(DOGE, Scenario)
    with pytest.raises(ValueError, match=r"price=0\.25005 is not a multiple of 0\.0001"):
        other.submit("buy", 0.25005, 10.0)
    with pytest.raises(ValueError, match=r"quantity=1\.5 is not a multiple of 1"):
        other.submit("buy", 0.25, 1.5)

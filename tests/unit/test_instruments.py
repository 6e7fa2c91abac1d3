"""Instruments and venues as data: what the compiled market can hold, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
from builders import usage_error

from pytest_soak.config import sizes
from pytest_soak.config.documents import parse_yaml, validate
from pytest_soak.config.instruments import Instrument, Venue, decimals
from pytest_soak.config.scenarios import BUILT_IN


def told(text: str, model: Any = Instrument) -> str:
    return usage_error(lambda: validate(model, parse_yaml(text, "doge.yaml")))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tick: 0", "doge.yaml:1: tick: expected greater than 0, got 0"),
        ("tick: -0.5", "doge.yaml:1: tick: expected greater than 0, got -0.5"),
        ("tick: .nan", "doge.yaml:1: tick: expected a finite number, got nan"),
        ("tick: .inf", "doge.yaml:1: tick: expected a finite number, got inf"),
        ('tick: "1"', "doge.yaml:1: tick: expected a valid number, got '1'"),
        ("tick: true", "doge.yaml:1: tick: expected a valid number, got True"),
        ("tick: 0.3", "price: expected 300 to 24576 at a tick of 0.3 (the book holds 8192 ticks"),
        ("price: 81.921", "doge.yaml:1: price: expected 1 to 81.92 at a tick of 0.001"),
        ("price: 0.999", "doge.yaml:1: price: expected 1 to 81.92 at a tick of 0.001"),
        ("price: 3.3005", "doge.yaml:1: price: expected a multiple of the tick, 0.001, got 3.3005"),
        ("tick: 0.0007", "price: expected a multiple of the tick, 0.0007, got 3.3"),
        ("price: -1", "doge.yaml:1: price: expected greater than 0, got -1"),
        ("lot: 0", "doge.yaml:1: lot: expected greater than 0, got 0"),
        (
            "lot: 364",
            "doge.yaml:1: lot: expected 3.0303e-05 to 363.636 at a price of 3.3 (a typical",
        ),
        ("lot: 3.0e-5", "doge.yaml:1: lot: expected 3.0303e-05 to 363.636"),
        ("contract_value: 13", "lot: expected 2.331e-06 to 27.972"),
        ("maker_fee_bps: -10.5", "maker_fee_bps: expected greater than or equal to -10"),
        ("taker_fee_bps: 101", "taker_fee_bps: expected less than or equal to 100"),
        ("taker_fee_bps: .nan", "taker_fee_bps: expected a finite number, got nan"),
        ("kind: inverse", "doge.yaml:1: kind: expected 'linear', got 'inverse'"),
        ("ticks: 1", "doge.yaml:1: unknown key 'ticks'; did you mean 'tick'?"),
    ],
)
def test_an_impossible_instrument_is_told_with_key_value_and_remedy(
    text: str, problem: str
) -> None:
    assert problem in told(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("open_orders: 257", "open_orders: expected less than or equal to 256, got 257"),
        ("open_orders: 0", "open_orders: expected greater than or equal to 1, got 0"),
        ("requests_under_way: 1025", "expected less than or equal to 1024, got 1025"),
        ("band_ticks: 2049", "band_ticks: expected less than or equal to 2048, got 2049"),
        ("band_ticks: 2.5", "band_ticks: expected a valid integer"),
        ("messages_per_minute: 0", "messages_per_minute: expected greater than or equal to 1"),
        ("service: {median_ms: 0, log_sd: 0.5}", "service.median_ms: expected greater than 0"),
        ("service: {median_ms: 9999, log_sd: 0.5}", "service.median_ms: expected less than"),
        ("service: {median_ms: 9}", "missing key 'service.log_sd'"),
        ("service: {base_ms: -1, median_ms: 9, log_sd: 0.5}", "service.base_ms: expected greater"),
        ("to_gateway: 5", "to_gateway: expected keys (base_ms, median_ms, log_sd), got 5"),
    ],
)
def test_an_impossible_venue_is_told(text: str, problem: str) -> None:
    assert problem in told(text, Venue)


def test_the_reference_instrument_is_that_of_the_documents() -> None:
    reference = Instrument()
    assert (reference.price, reference.tick, reference.lot) == (3.3, 0.001, 30.0)
    assert reference.lot_base * reference.price == pytest.approx(99.0)
    assert reference.tick / reference.price * 1e4 == pytest.approx(3.03, abs=0.005)
    assert (reference.maker_fee_bps, reference.taker_fee_bps) == (-0.9, 3.5)
    assert all(scenario.instrument == reference for scenario in BUILT_IN.values())
    assert all(scenario.venue == Venue() for scenario in BUILT_IN.values())


def test_what_the_venue_allows_by_itself_is_all_that_the_market_holds() -> None:
    venue = Venue()
    held = (sizes.AGENT_ORDERS, sizes.MOST_REQUESTS, sizes.BAND)
    assert (venue.open_orders, venue.requests_under_way, venue.band_ticks) == held


def test_a_contract_is_counted_in_base() -> None:
    contract = Instrument(lot=1.0, contract_value=30.0)
    assert contract.lot_base == Instrument().lot_base


@pytest.mark.parametrize(
    ("step", "count"), [(1.0, 0), (100.0, 0), (0.5, 1), (0.0001, 4), (1e-8, 8)]
)
def test_a_step_has_so_many_decimals(step: float, count: int) -> None:
    assert decimals(step) == count
    assert decimals(math.nextafter(step, math.inf)) == count

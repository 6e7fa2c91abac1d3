"""How a world begins: an instrument, a venue and a flow written into an empty one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_soak.config.sizes import ORDER_QUOTE
from pytest_soak.market.kernel.crowd import Crowd
from pytest_soak.market.kernel.design import Design
from pytest_soak.market.kernel.state import empty_world

if TYPE_CHECKING:
    from pytest_soak.config.instruments import Instrument, Latency, Venue
    from pytest_soak.market.regimes import Market

MARKET_QUOTE = 2_800.0
"""Median size of the takers' orders, at the opening price."""

FIRST_HALF_SPREAD_BPS = 3.0
"""What an agent is shown before the book has filled."""


def open_world(market: Market, seed: int) -> Any:
    """Return a world in which nobody has come yet, at the instrument's opening price."""
    world = empty_world()
    for record, flow in zip(
        world["flow"]["regimes"], (market.ordinary, market.episode), strict=True
    ):
        _write(record, flow)
    _write(world["flow"]["crowd"], Crowd())
    _write(world["maker"]["design"], Design())
    world["window"]["seed"] = seed
    world["window"]["gap_bps"] = market.gap_bps
    _write_instrument(world, market.instrument)
    _write_venue(world["venue"], market.venue)
    _write_price(world, market.instrument.price_ticks)
    return world


def _write(record: Any, source: object) -> None:
    """Copy the fields of a record's names."""
    for name in record.dtype.names:
        record[name] = getattr(source, name)


def _write_instrument(world: Any, instrument: Instrument) -> None:
    """The units, and in lots what the crowd and the account's guard reckon in money."""
    record = world["instrument"]
    record["tick_quote"] = instrument.tick
    record["lot_base"] = instrument.lot_base
    record["lot_tick_quote"] = instrument.lot_base * instrument.tick
    record["maker_fee"] = instrument.maker_fee_bps / 1e4
    record["taker_fee"] = instrument.taker_fee_bps / 1e4
    lot_quote = instrument.lot_base * instrument.price
    world["flow"]["limit_lots"] = ORDER_QUOTE / lot_quote
    world["flow"]["market_lots"] = MARKET_QUOTE / lot_quote
    world["maker"]["house_exposure_lots"] = (
        world["maker"]["design"]["house_exposure_quote"] / lot_quote
    )
    world["maker"]["house_speed_lots"] = world["maker"]["design"]["house_speed_quote"] / lot_quote


def _write_venue(record: Any, venue: Venue) -> None:
    for name in ("to_gateway", "from_gateway", "service", "market_data"):
        _write_latency(record[name], getattr(venue, name))
    record["messages_per_minute"] = venue.messages_per_minute
    record["most_orders"] = venue.open_orders
    record["most_requests"] = venue.requests_under_way
    record["band_ticks"] = venue.band_ticks


def _write_latency(record: Any, latency: Latency) -> None:
    record["base_us"] = round(latency.base_ms * 1e3)
    record["median_us"] = latency.median_ms * 1e3
    record["log_sd"] = latency.log_sd


def _write_price(world: Any, ticks: int) -> None:
    touch = max(1, round(FIRST_HALF_SPREAD_BPS * ticks * 1e-4))
    world["mid"] = ticks
    for price in ("efficient", "consensus", "consensus_lagged"):
        world["flow"][price] = ticks
    snapshots = world["venue"]["snapshots"]
    snapshots["bid"] = ticks - touch
    snapshots["ask"] = ticks + touch
    snapshots["mid"] = ticks

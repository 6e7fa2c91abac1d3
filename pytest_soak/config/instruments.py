"""What is traded and where: an instrument and a venue as data, checked against what the book holds.

The defaults are the reference instrument and the reference venue.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from pytest_soak.config import sizes

Positive = Annotated[float, Field(gt=0), AllowInfNan(False)]
Fee = Annotated[float, Field(ge=-10, le=100), AllowInfNan(False)]
Kind = Literal["linear", "inverse", "spot"]
"""A contract on base, settled in quote; one on quote, settled in base; base itself."""
_CLOSE = 1e-9  # relative; a price is a multiple of its tick up to the digits of a float


class Instrument(BaseModel):
    """A linear instrument: units of price and quantity, opening price, fees.

    `price` and `tick` are in quote currency a unit of base. `lot` is the step of a quantity as the
    venue counts it, of which one is `contract_value` units of base (1 where it counts base itself).
    Fees are in bps of the notional: a cost is positive, a rebate negative.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)

    kind: Literal["linear"] = "linear"
    tick: Positive = 0.001
    price: Positive = 3.3
    contract_value: Positive = 1.0
    lot: Positive = 30.0
    maker_fee_bps: Fee = -0.9
    taker_fee_bps: Fee = 3.5

    @field_validator("price")
    @classmethod
    def _fits_the_book(cls, price: float, known: ValidationInfo) -> float:
        tick = known.data.get("tick")
        if tick is None:
            return price
        ticks = price / tick
        if not sizes.FEWEST_TICKS <= ticks <= sizes.MOST_TICKS:
            raise ValueError(
                f"{sizes.FEWEST_TICKS * tick:g} to {sizes.MOST_TICKS * tick:g} at a tick of "
                f"{tick:g} (the book holds {sizes.LEVELS} ticks; change the tick or the price)"
            )
        if abs(ticks - round(ticks)) > _CLOSE * ticks:
            raise ValueError(f"a multiple of the tick, {tick:g}")
        return price

    @field_validator("lot")
    @classmethod
    def _fits_the_orders(cls, lot: float, known: ValidationInfo) -> float:
        price, value = known.data.get("price"), known.data.get("contract_value")
        if price is None or value is None:
            return lot
        if not sizes.SMALLEST_LOT_QUOTE <= lot * value * price <= sizes.ORDER_QUOTE:
            least, most = (
                x / (value * price) for x in (sizes.SMALLEST_LOT_QUOTE, sizes.ORDER_QUOTE)
            )
            raise ValueError(
                f"{least:g} to {most:g} at a price of {price:g} (a typical order of the book, and "
                f"so the least position limit, is worth {sizes.ORDER_QUOTE:g}; give a smaller lot)"
            )
        return lot

    @property
    def lot_base(self) -> float:
        """What one lot is in base."""
        return self.lot * self.contract_value

    @property
    def price_ticks(self) -> int:
        """The opening price in ticks."""
        return round(self.price / self.tick)


class Contract(Instrument):
    """What a recorded feed trades: not bound by what the built-in book holds.

    `contract_value` of an inverse one is in quote.
    """

    kind: Kind = "linear"  # type: ignore[assignment]  # the built-in market's are linear

    @property
    def lot_base(self) -> float:
        """What one lot is in base; of an inverse contract, at `price`."""
        base = super().lot_base
        return base / self.price if self.kind == "inverse" else base

    @property
    def lot_quote(self) -> float:
        """What one lot of an inverse contract is in quote at any price; 0 of all others."""
        return super().lot_base if self.kind == "inverse" else 0.0

    @field_validator("price")
    @classmethod
    def _fits_the_book(cls, price: float, known: ValidationInfo) -> float:
        return price

    @field_validator("lot")
    @classmethod
    def _fits_the_orders(cls, lot: float, known: ValidationInfo) -> float:
        return lot


class Latency(BaseModel):
    """A delay: `base_ms`, and lognormal beyond it with its median and the sd of its logarithm."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    base_ms: Annotated[float, Field(ge=0, le=5_000), AllowInfNan(False)] = 0.0
    median_ms: Annotated[float, Field(gt=0, le=5_000), AllowInfNan(False)]
    log_sd: Annotated[float, Field(ge=0, le=1.5), AllowInfNan(False)]


class Venue(BaseModel):
    """What stands between an agent and the book.

    `to_gateway` and `from_gateway` are the network's one-way delays, `service` is what the gateway
    takes for one message while few are sent, `market_data` the lag of the stream of the book.
    Service slows as the account nears `messages_per_minute`; beyond it orders are refused where the
    venue refuses at all (see `market.exchange`). The other limits are counts: open orders, messages
    under way, ticks between the mid and an order that may rest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    to_gateway: Latency = Latency(base_ms=12.0, median_ms=28.0, log_sd=0.55)
    from_gateway: Latency = Latency(base_ms=12.0, median_ms=28.0, log_sd=0.55)
    service: Latency = Latency(median_ms=24.0, log_sd=0.5)
    market_data: Latency = Latency(median_ms=18.0, log_sd=0.6)
    messages_per_minute: Annotated[float, Field(ge=1, le=1e6), AllowInfNan(False)] = 900.0
    open_orders: Annotated[int, Field(ge=1, le=sizes.AGENT_ORDERS)] = sizes.AGENT_ORDERS
    requests_under_way: Annotated[int, Field(ge=1, le=sizes.MOST_REQUESTS)] = sizes.MOST_REQUESTS
    band_ticks: Annotated[int, Field(ge=1, le=sizes.BAND)] = sizes.BAND


def decimals(step: float) -> int:
    """How many decimals a multiple of `step` has."""
    return next((n for n in range(16) if math.isclose(step, round(step, n), rel_tol=1e-12)), 16)

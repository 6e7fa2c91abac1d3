"""What is traded: symbols as data, and the units that orders are held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field, field_validator

from pytest_soak.config.documents import Document, read_document, shipped, validate
from pytest_soak.config.instruments import Instrument, Venue
from pytest_soak.config.names import shown_path
from pytest_soak.errors import SoakUsageError, unknown
from pytest_soak.exchange.numbers import exact

Category = Literal["linear", "spot"]
CATEGORIES: tuple[Category, ...] = ("linear", "spot")
Coin = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,16}$")]
SHIPPED = "instruments.yaml"


class Listing(BaseModel):
    """A symbol in a user's file.

    `market` is what `--market` takes, where the symbol has its own; a recorded feed (`feed:PATH`)
    brings its units and its opening price along, and `feed_settings` are its own, as
    `--soak-feed-set` takes them. `venue` has the delays of the scenario where it is left out.
    `least_value` of an order is in quote currency.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    category: Category
    base: Coin
    quote: Coin
    instrument: Instrument = Instrument()
    market: str | None = None
    feed_settings: list[str] = []
    venue: Venue | None = None
    most_leverage: Annotated[int, Field(ge=1, le=125)] = 100
    least_value: Annotated[float, Field(ge=0), AllowInfNan(False)] = 5.0

    @field_validator("instrument")
    @classmethod
    def _counts_base(cls, instrument: Instrument) -> Instrument:
        if instrument.contract_value != 1.0:
            raise ValueError("a contract_value of 1: quantities on the wire are in base")
        return instrument


def of_their_coins(symbols: dict[str, Listing]) -> dict[str, Listing]:
    """The symbols; ValueError for one that is not its base and its quote."""
    for symbol, listing in symbols.items():
        if symbol != listing.base + listing.quote or listing.base == listing.quote:
            raise ValueError(
                f"each symbol to be base and quote, as clients take it apart: {symbol} is "
                f"{listing.base} and {listing.quote}"
            )
    return symbols


class InstrumentsFile(BaseModel):
    """What stands in the file of the instruments."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    description: str = ""
    symbols: Annotated[dict[str, Listing], Field(min_length=1, max_length=32)]

    @field_validator("symbols")
    @classmethod
    def _are_their_coins(cls, symbols: dict[str, Listing]) -> dict[str, Listing]:
        return of_their_coins(symbols)


@dataclass(frozen=True)
class Traded:
    """A symbol with its units: prices in quote, quantities in base, fees as shares of the value."""

    symbol: str
    category: Category
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    price: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    most_leverage: int
    least_value: Decimal

    @property
    def settle(self) -> str:
        """The coin of margin and profit."""
        return self.quote

    @property
    def most_quantity(self) -> Decimal:
        """Of one order: what a few hundred of the market's own would be worth."""
        lots = max(1, int(MOST_VALUE / (self.price * self.lot)))
        return lots * self.lot


MOST_VALUE = Decimal(10_000_000)
"""Of one order, in quote currency."""


def traded(symbol: str, listing: Listing, instrument: Instrument) -> Traded:
    """The units of a symbol, as those of its instrument."""
    return Traded(
        symbol=symbol,
        category=listing.category,
        base=listing.base,
        quote=listing.quote,
        tick=exact(instrument.tick),
        lot=exact(instrument.lot),
        price=exact(instrument.price),
        maker_fee=exact(instrument.maker_fee_bps) / 10_000,
        taker_fee=exact(instrument.taker_fee_bps) / 10_000,
        most_leverage=listing.most_leverage,
        least_value=exact(listing.least_value),
    )


def read_instruments(path: Path | None, base: Path) -> InstrumentsFile:
    """The instruments of a user's file, or those that ship; SoakUsageError for what is wrong."""
    document: Document = (
        shipped("pytest_soak.exchange", SHIPPED)
        if path is None
        else read_document(path, shown_path(path, base))
    )
    return validate(InstrumentsFile, document)


def chosen(
    listings: Mapping[str, Listing], symbols: Sequence[str], source: str
) -> dict[str, Listing]:
    """The symbols that are asked for; all without any. SoakUsageError for an unknown one."""
    for symbol in symbols:
        if symbol not in listings:
            raise SoakUsageError(source, unknown("symbol", symbol, listings))
    return {name: listings[name] for name in symbols or listings}

"""What a contract is, as far as it is known: by who typed it, by its file, by its venue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.instruments import Contract, Fee, Instrument, Kind, Positive
from pytest_soak.errors import SoakUsageError, unknown

KINDS = ("linear", "inverse", "spot")


class Span(NamedTuple):
    """From where to where a number may be."""

    low: float
    high: float


RANGES: Mapping[str, Span] = {
    "tick": Span(1e-12, 1e9),
    "lot": Span(1e-12, 1e9),
    "contract_value": Span(1e-12, 1e9),
    "maker_fee_bps": Span(-10.0, 100.0),
    "taker_fee_bps": Span(-10.0, 100.0),
}
"""The numbers that can be typed of a contract."""


class Terms(BaseModel):
    """A contract; what is None is not known. Units are those of `config.instruments.Contract`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    symbol: str | None = None
    kind: Kind | None = None
    tick: Positive | None = None
    lot: Positive | None = None
    contract_value: Positive | None = None
    maker_fee_bps: Fee | None = None
    taker_fee_bps: Fee | None = None

    def __str__(self) -> str:
        known = self.model_dump(exclude_none=True)
        return ", ".join(f"{name} {value}" for name, value in known.items())

    def over(self, other: Terms) -> Terms:
        """These, and what they leave open as `other` has it.

        The value of a contract is that of its kind: where the kinds differ, `other` has none.
        """
        known = other.model_dump()
        if self.kind is not None and other.kind not in (None, self.kind):
            known["contract_value"] = None
        return Terms(**(known | self.model_dump(exclude_none=True)))

    def value(self, shown: str) -> float:
        """What a size of 1 is; SoakUsageError for an inverse contract of unknown value."""
        if self.contract_value is not None:
            return self.contract_value
        if self.kind == "inverse":
            problem = "is inverse: give contract_value, which is what one contract is in quote"
            raise SoakUsageError(shown, problem)
        return 1.0

    def contract(self, price: float, shown: str) -> Contract:
        """What is traded; raises as `value` does.

        Fees that nobody gave are those of the reference instrument.
        """
        self.value(shown)
        given = self.model_dump(exclude_none=True, exclude={"symbol"})
        return Contract(**given, price=price)


def fees_of(instrument: Instrument) -> dict[str, Any]:
    """The fees of an instrument by their names in Terms."""
    return {name: getattr(instrument, name) for name in ("maker_fee_bps", "taker_fee_bps")}


def typed_number(text: object, span: Span, at: str, key: str = "") -> float:
    """A number as it was typed, of `key`; SoakUsageError for one that is not within `span`."""
    low, high = span
    try:
        value = float(str(text))
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        got = repr(text) if isinstance(text, str) else f"{value:g}"
        problem = f"expected a number from {low:g} to {high:g}, got {got}"
        raise SoakUsageError(at, f"{key}: {problem}" if key else problem)
    return value


def typed_kind(text: str, at: str) -> str:
    """A kind as it was typed; SoakUsageError for none of KINDS."""
    if text not in KINDS:
        raise SoakUsageError(at, unknown("kind", text, KINDS))
    return text

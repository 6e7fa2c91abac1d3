"""The knobs of a market's regime, as they are typed."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_soak.config.overrides import parse_set
from pytest_soak.errors import SoakUsageError, unknown
from pytest_soak.options import KNOBS


def parse_knobs(items: Iterable[str], at: str) -> dict[str, float]:
    """`KEY=VALUE` items by the name of a knob; SoakUsageError for any other name."""
    typed = parse_set(items, at, "sigma=0.02")
    for name in typed:
        if name not in KNOBS:
            raise SoakUsageError(at, unknown("market setting", name, KNOBS))
    return typed


def check_knob(name: str, value: float, at: str) -> None:
    """Raise SoakUsageError unless a knob can be turned so far."""
    _, _, high = KNOBS[name]
    if not 0 <= value <= high:
        raise SoakUsageError(at, f"{name}: expected 0 to {high:g}, got {value:g}")

"""The calibration that fits a lane."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_soak.artifacts.calibration import CalibratedGate, CalibrationKey
from pytest_soak.calibration.key import WORDS, first_difference


def find(gates: Iterable[CalibratedGate], key: CalibrationKey) -> CalibratedGate | str:
    """The first of `gates` that is of `key`; else why there is none, by the nearest of them."""
    order = list(WORDS)
    nearest = -1
    why = "there is none of any lane"
    for gate in gates:
        name = first_difference(gate.key, key)
        if name is None:
            return gate
        if order.index(name) > nearest:
            nearest = order.index(name)
            why = f"the nearest is of another {WORDS[name]}: {getattr(gate.key, name)}"
            if not name.endswith("_hash"):
                why += f", not {getattr(key, name)}"
    return why

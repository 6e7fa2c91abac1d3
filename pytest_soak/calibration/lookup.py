"""The calibration that fits a lane."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_soak.artifacts.calibration import CalibratedGate, CalibrationKey
from pytest_soak.calibration.key import WORDS, first_difference

ORDER = list(WORDS)


def find(gates: Iterable[CalibratedGate], key: CalibrationKey) -> CalibratedGate | str:
    """The first of `gates` that is of `key`; else why there is none, by the nearest of them."""
    nearest: tuple[str, CalibrationKey] | None = None
    for gate in gates:
        name = first_difference(gate.key, key)
        if name is None:
            return gate
        if nearest is None or ORDER.index(name) > ORDER.index(nearest[0]):
            nearest = name, gate.key
    return "there is none of any lane" if nearest is None else _why(*nearest, key)


def _why(name: str, nearest: CalibrationKey, key: CalibrationKey) -> str:
    told = f"the nearest is of another {WORDS[name]}"
    if name.endswith("_hash"):
        return told
    return f"{told}: {getattr(nearest, name)}, not {getattr(key, name)}"

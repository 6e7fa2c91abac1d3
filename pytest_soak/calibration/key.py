"""Which lanes a calibration is of."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from pytest_soak.artifacts.calibration import CalibrationKey
from pytest_soak.calibration.lanes import RecordedLane
from pytest_soak.canonical import compact
from pytest_soak.engine.plan import LanePlan
from pytest_soak.gates.model import Gate
from pytest_soak.version import __version__

_OF_THE_KEY = {"id", "profile", "market", "seed", "minutes"}
_SETTINGS = {"criteria", "warmup", "auto_tune", "guards"}

WORDS = {
    "gate": "gate",
    "market": "market",
    "profile": "profile",
    "iterations": "number of iterations",
    "minutes": "length of iterations",
    "gate_mode": "gate mode",
    "target": "target",
    "target_version": "version of the target",
    "pytest_soak": "version of pytest-soak",
    "gate_hash": "text of the gate",
    "settings_hash": "settings (overrides, flags, market, stop criteria)",
}
"""What each field of a key says, the most telling first."""


def key_of(lane: RecordedLane) -> CalibrationKey:
    """The key that all lanes share which differ from `lane` by their seed alone."""
    plan, market = lane.plan, lane.plan.lane.market
    return CalibrationKey(
        gate=plan.gate.name,
        market=market,
        profile=plan.lane.profile,
        iterations=plan.planned,
        minutes=plan.lane.minutes,
        gate_mode=plan.gate_mode,
        target=plan.target,
        target_version=lane.version,
        pytest_soak=__version__,
        gate_hash=_hash([_on_market(gate, market) for gate in plan.finals if gate.on(market)]),
        settings_hash=_hash(_settings(plan)),
    )


def first_difference(key: CalibrationKey, other: CalibrationKey) -> str | None:
    """The field in which two keys differ first; None where they do not."""
    return next((name for name in WORDS if getattr(key, name) != getattr(other, name)), None)


def _on_market(gate: Gate, market: str) -> dict[str, Any]:
    update = {"thresholds": gate.on(market), "failed": gate.failed_on(market)}
    alone = gate.model_copy(update={**update, "markets": {}, "description": "", "final": []})
    return alone.model_dump(mode="json", exclude_defaults=True)


def _settings(plan: LanePlan) -> dict[str, Any]:
    told = plan.model_dump(mode="json", include={"lane": True, "overrides": {"values"}})
    told["lane"] = {
        name: value
        for name, value in told["lane"].items()
        if name not in _OF_THE_KEY and value is not None
    }
    return told | plan.model_dump(mode="json", include=_SETTINGS)


def _hash(value: Any) -> str:
    return sha256(compact(value).encode()).hexdigest()[:16]

"""CALIBRATION.json: how often gates are wrong, and of which lanes that is known."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pytest_soak.artifacts.artifact import Artifact, Number

CALIBRATION = "CALIBRATION.json"


class CalibrationKey(BaseModel):
    """The lanes that a calibration is of: it says nothing of any other."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    gate: str
    market: str
    profile: str
    iterations: int
    minutes: float
    gate_mode: str
    target: str
    target_version: str | None = Field(description="Of `sim`: the digest of its kernel.")
    pytest_soak: str
    gate_hash: str = Field(description="Of the gate and those that judge the end with it.")
    settings_hash: str = Field(description="Of overrides, flags, market settings, stop criteria.")


class Rate(BaseModel):
    """A share of lanes that FAIL, from 0 to 1, with its 95 % interval (Wilson)."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    lanes: int
    failed: int
    share: float
    low: float
    high: float


class Detectable(BaseModel):
    """Changes of a KPI, all other KPIs as they were, by the per cent of lanes that FAIL by them."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kpi: str
    median: Number = Field(description="Over all iterations of the lanes, without the change.")
    changes: dict[str, Number] = Field(description="In the KPI's unit; null: none is enough.")
    reason: str | None = Field(description="Why there are none.")


class Caused(BaseModel):
    """A cause of harm that was made in the market or the maker, and how many lanes FAIL by it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    cause: str
    unit: str
    size: float
    rate: Rate


class CalibratedGate(BaseModel):
    """The error rates of one gate on one kind of lane."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    key: CalibrationKey
    seeds: list[int]
    false_alarms: Rate | None
    lacking: str | None = Field(description="Why there is no rate of false alarms.")
    draws: int = Field(description="Lanes drawn in blocks for the changes; 0: those recorded.")
    detectable: list[Detectable]
    causes: list[Caused]


class Calibration(Artifact):
    """CALIBRATION.json: the error rates of gates, each on one kind of lane."""

    schema_: Literal["pytest-soak/calibration/1"] = Field(
        "pytest-soak/calibration/1", alias="schema"
    )
    gates: list[CalibratedGate]

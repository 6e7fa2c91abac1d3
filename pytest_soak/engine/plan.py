"""What a lane is going to do, fixed before its first iteration."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.overrides import Overrides
from pytest_soak.gates.model import Gate
from pytest_soak.targets.base import LaneInfo


class GateMode(StrEnum):
    """What a failed gate does: end the lane at once, fail it at its end, or nothing."""

    HARD = "hard"
    SOFT = "soft"
    OFF = "off"


class LanePlan(BaseModel):
    """The settings of one lane.

    `iterations` is how many will run, `planned` how many were asked for: a selection of a lane's
    items runs a prefix of it. `declared` are the KPIs the target says it gives.
    """

    model_config = ConfigDict(frozen=True)

    lane: LaneInfo
    target: str
    iterations: int
    planned: int
    gate: Gate
    finals: tuple[Gate, ...]
    gate_mode: GateMode
    overrides: Overrides
    declared: tuple[str, ...] | None = None

"""What a lane is going to do, fixed before its first iteration."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.overrides import Overrides
from pytest_soak.config.parameters import Parameter, ParameterTable
from pytest_soak.config.presets import Preset
from pytest_soak.engine.pace import Allowance
from pytest_soak.gates.criteria import OFF, Criteria
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.lasting import needed_series
from pytest_soak.gates.model import Gate
from pytest_soak.targets.base import LaneInfo
from pytest_soak.tuning.limits import Limits
from pytest_soak.tuning.rules import Rule
from pytest_soak.tuning.view import Side, goals


class GateMode(StrEnum):
    """What a failed gate does: end the lane at once, fail it at its end, or nothing."""

    HARD = "hard"
    SOFT = "soft"
    OFF = "off"


_STEPS_BEFORE = 3
"""How many times its last, unmoved part a lane is long, at least, for there to be one."""


def succeeds(verdict: Verdict | None, mode: GateMode) -> bool:
    """Whether a session with this verdict does: only `hard` wants it decided; None does not."""
    held = verdict is Verdict.HOLD and mode is not GateMode.HARD
    return held or verdict in (Verdict.PASS, Verdict.WARN)


class LanePlan(BaseModel):
    """The settings of one lane.

    `iterations` is how many will run, `planned` how many were asked for: a selection of a lane's
    items runs a prefix of it. `declared` are the KPIs the target says it gives, `deterministic`
    says that it calls itself so. `fallback` is what
    a panic reverts to before the lane's first freeze. Unless `tuned`, nothing is suggested.
    `clocks` is how far apart the wall clock and the monotonic one may come. `criteria` may stop
    the lane.
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
    parameters: dict[str, Parameter]
    tuner: str
    limits: Limits
    rules: tuple[Rule, ...]
    clocks: Allowance
    criteria: Criteria = OFF
    tuned: bool = True
    deterministic: bool = False
    declared: tuple[str, ...] | None = None
    auto_tune: bool = False
    guards: bool = True
    warmup: Preset | None = None
    fallback: dict[str, float] = {}

    @cached_property
    def goals(self) -> dict[tuple[str, Side], float]:
        """What the gates want on the lane's market."""
        thresholds = [t for gate in self.finals for t in gate.on(self.lane.market)]
        return goals(
            (t.metric, text) for t in thresholds if (text := t.warn_unless or t.fail_unless)
        )

    @cached_property
    def series(self) -> frozenset[str]:
        """The metrics of which the lane's end wants every steady graded iteration."""
        return needed_series(self.finals, self.lane.market)

    def is_final(self, iteration: int) -> bool:
        """Whether a step after `iteration` leaves fewer iterations than the lane's end asks for.

        A lane so short that this would leave it hardly any step has none that are final.
        """
        least = self.gate.min_final
        return self.planned >= _STEPS_BEFORE * least and iteration > self.planned - least

    @cached_property
    def table(self) -> ParameterTable:
        """The target's parameters."""
        return ParameterTable(self.parameters, self.target)

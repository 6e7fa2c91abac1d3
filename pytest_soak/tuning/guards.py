"""The guards: which of the suggested steps are safe to take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import fsum

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.parameters import Parameter, ParameterTable
from pytest_soak.tuning.limits import GuardLimits


class Guard(StrEnum):
    """Why a step was not taken, in the order in which the guards are asked.

    MICRO_STEP is asked of all steps that are left together; TUNER_RANGE is the tuner's own.
    """

    FREEZE = "freeze"
    OPERATOR = "operator"
    FINAL = "final"
    OSCILLATION = "oscillation"
    VELOCITY = "velocity"
    COOLDOWN = "cooldown"
    BOUNDS = "bounds"
    MICRO_STEP = "micro_step"
    TUNER_RANGE = "tuner_range"


class Move(BaseModel):
    """A change that a decision made: after which iteration, when, of what, from where to where."""

    model_config = ConfigDict(frozen=True)

    iteration: int
    minute: float
    parameter: str
    before: float
    after: float


class Decision(BaseModel):
    """What becomes of a proposal: the steps taken, and the guard that stopped each other one."""

    model_config = ConfigDict(frozen=True)

    applied: dict[str, float] = {}
    suppressed: dict[str, Guard] = {}


class Situation(BaseModel):
    """What the guards look at beside the proposal.

    `iteration` is the one that just ended, at `minute` on the target's clock; `moves` are the
    decisions' changes so far, oldest first; `held` are parameters that an operator just set. After
    `final` too few iterations are left to judge a lane by what it would end with.
    """

    model_config = ConfigDict(frozen=True)

    iteration: int
    minute: float
    baseline: dict[str, float]
    moves: tuple[Move, ...]
    frozen: bool
    warmup: bool
    held: tuple[str, ...] = ()
    final: bool = False


def decide(
    table: ParameterTable,
    limits: GuardLimits,
    now: Situation,
    deltas: Mapping[str, float],
    *,
    enabled: bool,
) -> Decision:
    """Put `deltas` through the guards; `enabled=False` leaves locks, operators and bounds."""
    asked = [_Step(table[name], limits, now, name, delta) for name, delta in deltas.items()]
    stopped = {step.name: _stopped_by(step, enabled=enabled) for step in asked}
    steps = {step.name: step.size for step in asked if stopped[step.name] is None}
    beyond = _beyond_micro_step(table, limits, steps) if enabled else []
    suppressed = {name: guard for name, guard in stopped.items() if guard is not None}
    return Decision(
        applied={name: size for name, size in steps.items() if name not in beyond},
        suppressed=suppressed | dict.fromkeys(beyond, Guard.MICRO_STEP),
    )


@dataclass(frozen=True)
class _Step:
    """A step that was suggested, and what the guards look at."""

    row: Parameter
    limits: GuardLimits
    now: Situation
    name: str
    delta: float

    @property
    def before(self) -> float:
        return self.now.baseline[self.name]

    @property
    def after(self) -> float:
        return self.row.clamp(self.before + self.delta)

    @property
    def size(self) -> float:
        """What the bounds and the rounding leave of it."""
        return self.row.round(self.after - self.before)

    @property
    def moves(self) -> list[Move]:
        """What was decided of the parameter so far, oldest first."""
        return [move for move in self.now.moves if move.parameter == self.name]


def _stopped_by(step: _Step, *, enabled: bool) -> Guard | None:
    asked = (guard for guard in Guard if guard in (_STOPS if enabled else _ALWAYS))
    return next((guard for guard in asked if _STOPS[guard](step)), None)


def _oscillates(step: _Step) -> bool:
    """Whether the value is the one before last among the values of the last iterations.

    The last N iterations are i - N + 1 ... i; the value that a decision after iteration k left
    behind was still in force in iteration k.
    """
    oldest = step.now.iteration - step.limits.oscillation_iterations + 1
    recent = [move for move in step.moves if move.iteration >= oldest]
    return bool(recent) and recent[-1].before == step.after


def _too_fast(step: _Step) -> bool:
    most, limits, now = step.row.max_change_per_hour, step.limits, step.now
    if most is None:
        return False
    changed = fsum(abs(m.after - m.before) for m in step.moves if _recent(limits, m, now.minute))
    allowed = most * (limits.velocity_warmup_factor if now.warmup else 1.0)
    return changed + abs(step.after - step.before) > allowed * (1 + 1e-12)


def _too_soon(step: _Step) -> bool:
    since = (step.now.iteration - move.iteration for move in step.moves)
    return any(iterations < step.limits.cooldown_iterations for iterations in since)


_STOPS: dict[Guard, Callable[[_Step], bool]] = {
    Guard.FREEZE: lambda step: step.now.frozen,
    Guard.OPERATOR: lambda step: step.name in step.now.held,
    Guard.FINAL: lambda step: step.now.final,
    Guard.OSCILLATION: _oscillates,
    Guard.VELOCITY: _too_fast,
    Guard.COOLDOWN: _too_soon,
    Guard.BOUNDS: lambda step: not step.size * step.delta > 0,
}
_ALWAYS = (Guard.FREEZE, Guard.OPERATOR, Guard.BOUNDS)
"""The guards that cannot be switched off."""


def _recent(limits: GuardLimits, move: Move, minute: float) -> bool:
    """Whether a move is so young that the velocity counts it, to the microsecond."""
    return round((minute - move.minute) * _US) < round(limits.velocity_minutes * _US)


_US = 60_000_000  # in a minute


def _beyond_micro_step(
    table: ParameterTable, limits: GuardLimits, steps: Mapping[str, float]
) -> list[str]:
    """The steps after the largest ones, relative to the tuner range."""

    def size(name: str) -> float:
        low, high = table[name].tuner_range or (None, None)
        width = (high - low) if low is not None and high is not None else 0.0
        return abs(steps[name]) / width if width else 0.0

    ranked = sorted(steps, key=lambda name: (-size(name), name))
    return ranked[limits.parameters_a_step :]


def keep_recent(
    limits: GuardLimits, moves: Iterable[Move], iteration: int, minute: float
) -> tuple[Move, ...]:
    """The moves that a guard may still look at."""
    span = max(limits.oscillation_iterations, limits.cooldown_iterations)
    return tuple(
        move for move in moves if _recent(limits, move, minute) or move.iteration > iteration - span
    )

"""The guards: which of the suggested steps are safe to take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from math import fsum

from pydantic import BaseModel, ConfigDict

from pytest_soak.config.parameters import ParameterTable
from pytest_soak.tuning.limits import GuardLimits


class Guard(StrEnum):
    """Why a step was not taken, in the order in which the guards are asked."""

    FREEZE = "freeze"
    OPERATOR = "operator"
    OSCILLATION = "oscillation"
    VELOCITY = "velocity"
    COOLDOWN = "cooldown"
    MICRO_STEP = "micro_step"
    BOUNDS = "bounds"
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
    decisions' changes so far, oldest first; `held` are parameters that an operator just set.
    """

    model_config = ConfigDict(frozen=True)

    iteration: int
    minute: float
    baseline: dict[str, float]
    moves: tuple[Move, ...]
    frozen: bool
    warmup: bool
    held: tuple[str, ...] = ()


def decide(
    table: ParameterTable,
    limits: GuardLimits,
    now: Situation,
    deltas: Mapping[str, float],
    *,
    enabled: bool,
) -> Decision:
    """Put `deltas` through the guards; `enabled=False` leaves locks, operators and bounds."""
    suppressed: dict[str, Guard] = {}
    steps: dict[str, float] = {}
    for name, delta in deltas.items():
        guard = _stopped_by(table, limits, now, name, delta) if enabled else _barred(now, name)
        if guard is not None:
            suppressed[name] = guard
            continue
        step = table[name].round(table[name].clamp(now.baseline[name] + delta) - now.baseline[name])
        if step * delta > 0:
            steps[name] = step
        else:
            suppressed[name] = Guard.BOUNDS
    if enabled:
        for name in _beyond_micro_step(table, limits, steps):
            suppressed[name] = Guard.MICRO_STEP
            del steps[name]
    return Decision(applied=steps, suppressed=suppressed)


def _barred(now: Situation, name: str) -> Guard | None:
    if now.frozen:
        return Guard.FREEZE
    return Guard.OPERATOR if name in now.held else None


def _stopped_by(
    table: ParameterTable, limits: GuardLimits, now: Situation, name: str, delta: float
) -> Guard | None:
    barred = _barred(now, name)
    if barred is not None:
        return barred
    moves = [move for move in now.moves if move.parameter == name]
    value = table[name].clamp(now.baseline[name] + delta)
    if _oscillates(limits, now, moves, value):
        return Guard.OSCILLATION
    if _too_fast(table, limits, now, moves, name, abs(value - now.baseline[name])):
        return Guard.VELOCITY
    if any(now.iteration - move.iteration < limits.cooldown_iterations for move in moves):
        return Guard.COOLDOWN
    return None


def _oscillates(limits: GuardLimits, now: Situation, moves: Iterable[Move], value: float) -> bool:
    """Whether `value` is the one before last among the values of the last iterations.

    The last N iterations are i - N + 1 ... i; the value that a decision after iteration k left
    behind was still in force in iteration k.
    """
    oldest = now.iteration - limits.oscillation_iterations + 1
    recent = [move for move in moves if move.iteration >= oldest]
    return bool(recent) and recent[-1].before == value


def _too_fast(
    table: ParameterTable,
    limits: GuardLimits,
    now: Situation,
    moves: Iterable[Move],
    name: str,
    step: float,
) -> bool:
    most = table[name].max_change_per_hour
    if most is None:
        return False
    changed = fsum(abs(m.after - m.before) for m in moves if _recent(limits, m, now.minute))
    allowed = most * (limits.velocity_warmup_factor if now.warmup else 1.0)
    return changed + step > allowed * (1 + 1e-12)


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

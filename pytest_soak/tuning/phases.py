"""Phases of a lane with a warm-up: what is in force while it lasts and fades."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pytest_soak.config.parameters import ParameterTable
from pytest_soak.config.presets import Preset
from pytest_soak.tuning.conditions import Kpis, any_holds
from pytest_soak.tuning.limits import Buffer, WarmupLimits


class Phase(StrEnum):
    """Where an iteration stands; a lane without a warm-up is always steady."""

    WARMUP = "warmup"
    RAMPDOWN = "rampdown"
    STEADY = "steady"


def phase_of(iteration: int, preset: Preset | None) -> Phase:
    """The phase of an iteration, counted from 1."""
    if preset is None or preset.warmup is None:
        return Phase.STEADY
    if iteration <= preset.warmup.iterations:
        return Phase.WARMUP
    ended = preset.warmup.iterations + preset.warmup.rampdown
    return Phase.RAMPDOWN if iteration <= ended else Phase.STEADY


def share(iteration: int, preset: Preset | None) -> float:
    """How much of the preset is in force: 1 in warm-up, then falling by equal steps to 0."""
    phase = phase_of(iteration, preset)
    if phase is Phase.STEADY or preset is None or preset.warmup is None:
        return 0.0
    if phase is Phase.WARMUP:
        return 1.0
    step = iteration - preset.warmup.iterations - 1
    return 1.0 - step / preset.warmup.rampdown


def in_force(
    table: ParameterTable,
    preset: Preset | None,
    limits: WarmupLimits,
    iteration: int,
    baseline: Mapping[str, float],
    previous: Kpis,
) -> dict[str, float]:
    """The overrides of an iteration, from the baseline afresh: a phase never compounds.

    `previous` are the KPIs of the iteration before; empty for the first.
    """
    values = dict(baseline)
    if preset is None:
        return values
    part = share(iteration, preset)
    changed, _ = preset.apply(table, baseline)
    for name, target in changed.items():
        values[name] = table[name].clamp(baseline[name] + part * (target - baseline[name]))
    phase = phase_of(iteration, preset)
    if phase is Phase.WARMUP:
        _buffer(table, limits.buffer, values, previous)
    rescue = limits.rescue
    conditions = rescue.warmup if phase is Phase.WARMUP else rescue.steady
    if rescue.parameter in table and any_holds(conditions, previous):
        values[rescue.parameter] = table[rescue.parameter].clamp(0.0)
    return values


def _buffer(
    table: ParameterTable, buffer: Buffer, values: dict[str, float], previous: Kpis
) -> None:
    metric = previous.get(buffer.metric)
    if metric is None or metric <= buffer.above or buffer.parameter not in table:
        return
    more = min(buffer.most, (metric - buffer.above) / buffer.per * buffer.add)
    values[buffer.parameter] = table[buffer.parameter].clamp(values[buffer.parameter] + more)

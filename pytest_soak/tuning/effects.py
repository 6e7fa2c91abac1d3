"""The tuner `effects`: reach the gate's goals at the least cost in money, on evidence only.

The parameter table says how far each parameter moves each KPI over its tuner range (`effects`).
Every reading is carried over to the present baseline with them, so that all of them are evidence
about it. The tuner then takes the step that brings the goals nearest and, where none is missed, the
one that earns most and misses none; at most so many parameters as the guards let through.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from pytest_soak.config.parameters import Parameter, ParameterTable
from pytest_soak.stats.spread import deviation
from pytest_soak.tuning.view import Proposal, Side, View

MONEY = "net_quote"
_Step = dict[str, float]
_Moves = Sequence[Mapping[str, float]]


def propose(view: View) -> Proposal:
    """The best step that there is evidence for; none without readings."""
    moves = _moves(view)
    before, earnings = _goals(view, moves), _earnings(view, moves)
    if not before:
        return Proposal()
    goals = before
    doubt = 1.0 / math.sqrt(len(view.readings))
    if earnings.worth == math.inf and math.fsum(goal.shortfall() for goal in goals) <= doubt:
        return Proposal()
    parts = view.limits.effects.parts
    choices = {name: _sizes(row, view.baseline[name], parts) for name, row in view.table.items()}
    step: _Step = {}
    for _ in range(view.limits.guards.parameters_a_step):
        found = _best(goals, earnings, choices, doubt)
        if found is None:
            break
        name, delta = found
        step[name] = delta
        goals = [goal.after(name, delta) for goal in goals]
        del choices[name]
    return Proposal(deltas=step, rationale=_reasons(before, goals, earnings, step))


def without_effects(table: ParameterTable) -> bool:
    """Whether the table gives this tuner nothing to go by."""
    return not any(row.effects for row in table.values())


@dataclass(frozen=True)
class _Goal:
    """A metric at the present baseline: its limit, the estimate, the noise of one iteration.

    `slopes` are what it changes by with each parameter; `measured` is the median of what was read;
    `margin` is how many times the noise the estimate should be inside the limit.
    """

    metric: str
    side: Side
    limit: float
    estimate: float
    noise: float
    slopes: Mapping[str, float]
    measured: float
    margin: float

    def after(self, name: str, delta: float) -> _Goal:
        """The same when a parameter has moved."""
        return replace(self, estimate=self.estimate + delta * self.slopes.get(name, 0.0))

    def shortfall(self, change: float = 0.0) -> float:
        """How far a change leaves the metric from where it should be, in standard deviations."""
        above = (self.estimate + change - self.limit) / self.noise
        return max(0.0, self.margin - (above if self.side is Side.ABOVE else -above))


@dataclass(frozen=True)
class _Earnings:
    """What each parameter earns, and the least gain that is worth a step."""

    slopes: Mapping[str, float]
    worth: float


def _goals(view: View, moves: _Moves) -> list[_Goal]:
    limits, found = view.limits.effects, []
    for (metric, side), limit in view.goals.items():
        slopes = view.table.slopes(metric)
        values = _carried(view, moves, metric, slopes)
        if values:
            least = limits.least_noise * abs(limit) or limits.least_noise  # never 0
            estimate = fmean(values)
            noise = max(least, deviation(values, estimate) if len(values) > 2 else 0.0)
            seen = (reading.kpis.get(metric) for reading in view.readings)
            measured = median(value for value in seen if value is not None)
            found.append(
                _Goal(metric, side, limit, estimate, noise, slopes, measured, limits.margin)
            )
    return found


def _earnings(view: View, moves: _Moves) -> _Earnings:
    slopes = view.table.slopes(MONEY)
    money = _carried(view, moves, MONEY, slopes)
    worth = view.limits.effects.least_gain * abs(fmean(money)) if money else math.inf
    return _Earnings(slopes, worth)


def _moves(view: View) -> _Moves:
    """How far each parameter has moved since each reading, where it has."""
    now = view.baseline
    return [
        {n: now[n] - then for n, then in reading.overrides.items() if now[n] != then}
        for reading in view.readings
    ]


def _carried(view: View, moves: _Moves, metric: str, slopes: Mapping[str, float]) -> list[float]:
    """The readings of a metric as they would have been at the present baseline."""
    return [
        value + math.fsum(delta * slopes[name] for name, delta in moved.items() if name in slopes)
        for reading, moved in zip(view.readings, moves, strict=True)
        if (value := reading.kpis.get(metric)) is not None
    ]


def _best(
    goals: Sequence[_Goal],
    earnings: _Earnings,
    choices: Mapping[str, Sequence[float]],
    doubt: float,
) -> tuple[str, float] | None:
    """The parameter to move and by how much: nearer to the goals if possible, else richer.

    It must come nearer by more than the doubt of the estimates, or earn without going further away.
    """
    short = math.fsum(goal.shortfall() for goal in goals)
    nearer, richer = [], []
    for name, deltas in choices.items():
        moved = [(goal, goal.slopes[name]) for goal in goals if name in goal.slopes]
        rest = math.fsum(goal.shortfall() for goal in goals if name not in goal.slopes)
        earns = earnings.slopes.get(name, 0.0)
        for delta in deltas:
            if short <= doubt and delta * earns <= earnings.worth:
                continue
            left = rest + math.fsum(goal.shortfall(delta * slope) for goal, slope in moved)
            if short - left > doubt:
                nearer.append((round(left, 2), -delta * earns, name, delta))
            elif left <= short and delta * earns > earnings.worth:
                richer.append((-delta * earns, name, delta))
    if nearer:
        return min(nearer)[2:]
    return min(richer)[1:] if richer else None


def _sizes(row: Parameter, value: float, parts: Sequence[float]) -> Sequence[float]:
    """The steps that a parameter can take: `parts` of the largest, within its tuner range."""
    low, high = row.tuner_range or (None, None)
    if low is None or high is None or not row.effects:
        return ()
    largest = high - low if row.max_change_per_hour is None else row.max_change_per_hour
    found = set()
    for part in parts:
        step = row.round(row.clamp(min(max(value + part * largest, low), high)) - value)
        if step * part > 0 and abs(step) <= largest:
            found.add(step)
    return sorted(found)


def _reasons(
    before: Sequence[_Goal], after: Sequence[_Goal], earnings: _Earnings, step: _Step
) -> tuple[str, ...]:
    """One line for each goal that the step brings nearer; else what it earns."""
    if not step:
        return ()
    lines = [
        f"{_shown(was)}, wanted {was.side} {was.limit:g} by {was.margin:g} sd"
        f" -> {_told(step)} ({will.estimate - was.estimate:+.2f})"
        for was, will in zip(before, after, strict=True)
        if will.shortfall() < was.shortfall()
    ]
    gain = math.fsum(delta * earnings.slopes.get(name, 0.0) for name, delta in step.items())
    return tuple(lines) or (f"no goal further away -> {_told(step)} ({MONEY} {gain:+.0f})",)


def _shown(goal: _Goal) -> str:
    """What was measured and, where it differs, what that would be at the present values."""
    measured, estimate = f"{goal.measured:.2f}", f"{goal.estimate:.2f}"
    now = "" if estimate == measured else f" (estimated {estimate} at the present values)"
    return f"{goal.metric}={measured}{now}"


def _told(step: _Step) -> str:
    return ", ".join(f"{name} {delta:+.4g}" for name, delta in step.items())

"""The tuner `effects`: reach the gate's goals at the least cost in money, on evidence only.

The parameter table says how far each parameter moves each KPI over its tuner range (`effects`).
Every reading is carried over to the present baseline with them, so that all of them are evidence
about it. The tuner then takes the step that brings the goals nearest and, where none is missed, the
one that earns most and misses none; at most so many parameters as the guards let through.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from statistics import fmean, stdev

from pytest_soak.config.parameters import Parameter, ParameterTable
from pytest_soak.tuning.limits import limits
from pytest_soak.tuning.view import Proposal, Side, View

MONEY = "net_quote"
_Step = dict[str, float]


def propose(view: View) -> Proposal:
    """The best step that there is evidence for; none without readings."""
    standings = _standings(view)
    if not standings:
        return Proposal()
    step: _Step = {}
    for _ in range(limits().guards.parameters_a_step):
        step = _extended(view, standings, step) or step
    return Proposal(deltas=step, rationale=_reasons(view, standings, step))


def without_effects(table: ParameterTable) -> bool:
    """Whether the table gives this tuner nothing to go by."""
    return not any(row.effects for row in table.values())


@dataclass(frozen=True)
class _Standing:
    """A metric at the present baseline: its goal, the estimate, and the noise of one iteration.

    `slopes` are what it changes by with each parameter.
    """

    metric: str
    side: Side
    limit: float
    estimate: float
    noise: float
    slopes: Mapping[str, float]

    def shortfall(self, step: Mapping[str, float]) -> float:
        """How far `step` leaves the metric from where it should be, in standard deviations."""
        above = (self.estimate + _change(self.slopes, step) - self.limit) / self.noise
        return max(0.0, limits().effects.margin - (above if self.side is Side.ABOVE else -above))


def _standings(view: View) -> list[_Standing]:
    found = []
    for (metric, side), limit in view.goals.items():
        slopes = _slopes(view.table, metric)
        values = _carried(view, metric, slopes)
        if values:
            least = limits().effects.least_noise * (abs(limit) or 1.0)
            noise = max(least, stdev(values) if len(values) > 2 else 0.0)
            found.append(_Standing(metric, side, limit, fmean(values), noise, slopes))
    return found


def _carried(view: View, metric: str, slopes: Mapping[str, float]) -> list[float]:
    """The readings of a metric as they would have been at the present baseline."""
    found = []
    for reading in view.readings:
        value = reading.kpis.get(metric)
        if value is not None:
            moved = {name: view.baseline[name] - reading.overrides[name] for name in slopes}
            found.append(value + _change(slopes, moved))
    return found


def _slopes(table: ParameterTable, metric: str) -> dict[str, float]:
    """The change of a metric per unit of each parameter that moves it."""
    found = {}
    for name, row in table.items():
        low, high = row.tuner_range or (None, None)
        if metric in row.effects and low is not None and high is not None and low < high:
            found[name] = row.effects[metric] / (high - low)
    return found


def _change(slopes: Mapping[str, float], step: Mapping[str, float]) -> float:
    return sum(delta * slopes.get(name, 0.0) for name, delta in step.items())


def _extended(view: View, standings: Sequence[_Standing], step: _Step) -> _Step | None:
    """`step` and one parameter more: the nearer to the goals the better, then the richer.

    It must come nearer by more than the doubt of the estimates, or earn without going further away.
    """

    def judge(of: _Step) -> tuple[float, float]:
        return sum(one.shortfall(of) for one in standings), _change(slopes, of)

    slopes = _slopes(view.table, MONEY)
    money = _carried(view, MONEY, slopes)
    worth = limits().effects.least_gain * abs(fmean(money)) if money else math.inf
    doubt = 1.0 / math.sqrt(len(view.readings))
    short, gain = judge(step)
    nearer, richer = [], []
    for name in view.table:
        for delta in _sizes(view.table[name], view.baseline[name]) if name not in step else ():
            longer = {**step, name: delta}
            left, more = judge(longer)
            if short - left > doubt:
                nearer.append((round(left, 2), -more, longer))
            elif left <= short and more - gain > worth:
                richer.append((left, -more, longer))
    if nearer:
        return min(nearer, key=itemgetter(0, 1))[2]
    return min(richer, key=itemgetter(1))[2] if richer else None


def _sizes(row: Parameter, value: float) -> Iterable[float]:
    low, high = row.tuner_range or (None, None)
    if low is None or high is None or not row.effects:
        return ()
    largest = high - low if row.max_change_per_hour is None else row.max_change_per_hour
    found = set()
    for part in limits().effects.parts:
        step = row.round(row.clamp(min(max(value + part * largest, low), high)) - value)
        if step * part > 0 and abs(step) <= largest:
            found.add(step)
    return sorted(found)


def _reasons(view: View, standings: Sequence[_Standing], step: _Step) -> tuple[str, ...]:
    """One line for each goal that the step brings nearer; else what it earns."""
    if not step:
        return ()
    margin = limits().effects.margin
    lines = [
        f"{one.metric}={one.estimate:.2f}, wanted {one.side} {one.limit:g} by {margin:g} sd"
        f" -> {_told(step)} ({_change(one.slopes, step):+.2f})"
        for one in standings
        if one.shortfall(step) < one.shortfall({})
    ]
    gain = _change(_slopes(view.table, MONEY), step)
    return tuple(lines) or (f"no goal further away -> {_told(step)} ({MONEY} {gain:+.0f})",)


def _told(step: _Step) -> str:
    return ", ".join(f"{name} {delta:+.4g}" for name, delta in step.items())

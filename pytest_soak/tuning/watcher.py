"""The watcher: what eats the edge, and which small steps might help."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_soak.config.parameters import Parameter, ParameterTable
from pytest_soak.tuning.rules import Rule
from pytest_soak.tuning.view import Proposal, View


def propose(view: View) -> Proposal:
    """What the rules suggest; a rule that names a parameter the table lacks is off."""
    table, sums, rationale = view.table, dict[str, float](), []
    for rule in view.rules:
        fires = rule.fires(view.kpis, view.drivers, warmup=view.warmup)
        if not set(rule.deltas) <= set(table) or not fires:
            continue
        rationale.append(rule.rationale(view.kpis, view.drivers))
        for name, delta in rule.deltas.items():
            sums[name] = sums.get(name, 0.0) + delta
    wanted = {name: rounded for name, d in sums.items() if (rounded := table[name].round(d))}
    deltas = {name: within_range(table[name], view.baseline[name], d) for name, d in wanted.items()}
    return Proposal(
        deltas={name: delta for name, delta in deltas.items() if delta},
        swallowed={name: d for name, d in wanted.items() if not deltas[name]},
        rationale=tuple(rationale),
    )


def rules_off(rules: Iterable[Rule], table: ParameterTable) -> list[str]:
    """The names of the rules that this table turns off."""
    return [rule.name for rule in rules if not set(rule.deltas) <= set(table)]


def within_range(row: Parameter, value: float, delta: float) -> float:
    """`delta` as far as the tuner range lets it; 0 where that would turn its direction round.

    From outside the range it leads back, by no more than `delta`.
    """
    if row.tuner_range is None:
        return 0.0
    low, high = row.tuner_range
    wanted = value + delta
    if low is not None:
        wanted = max(wanted, low)
    if high is not None:
        wanted = min(wanted, high)
    moved = row.round(row.clamp(wanted) - value)
    if moved * delta <= 0:
        return 0.0
    return moved if abs(moved) <= abs(delta) else row.round(delta)

"""What the differences of two groups of lanes come to, all KPIs together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_soak.artifacts.compare_models import Found, Way
from pytest_soak.comparing.design import Design, design
from pytest_soak.comparing.groups import Group
from pytest_soak.comparing.kpis import KpiChange, TooLittleError, kpi_change
from pytest_soak.kpi.definitions import KNOWN
from pytest_soak.kpi.spans import so_far
from pytest_soak.stats.holm import holm

FAMILY = 0.05
"""The chance that anything is found in a comparison where nothing differs."""


@dataclass(frozen=True)
class Finding:
    """A change, and what it is taken for.

    `chance` is that of so large a difference by chance, adjusted for the other KPIs; `detectable`
    the least difference that would have been found in 80 of 100 cases. None of what has no noise.
    """

    change: KpiChange
    gated: bool
    found: Found
    chance: float | None = None
    detectable: float | None = None


@dataclass(frozen=True)
class ComparedGroups:
    """Two groups, how they were compared, and what was found: gated KPIs first.

    `left_out` has why there is nothing of a KPI. `lacking` says what it takes where there is too
    little to say that nothing got worse; empty where there is enough.
    """

    before: Group
    after: Group
    design: Design
    findings: tuple[Finding, ...]
    left_out: dict[str, str]
    lacking: str

    @property
    def worse(self) -> list[str]:
        """The KPIs that got worse."""
        return self.of(Found.WORSE)

    def of(self, found: Found) -> list[str]:
        """The KPIs of which this was found."""
        return [one.change.kpi for one in self.findings if one.found is found]


def compare_groups(before: Group, after: Group) -> ComparedGroups:
    """Compare two groups of lanes on the same market."""
    made = design(before, after)
    wished = {**before.wished, **after.wished}
    changes, left_out = _changes(made, before, after)
    if made.way is Way.NONE and (left_out or not changes):
        return ComparedGroups(before, after, made, (), {}, made.lacking)
    changes.sort(key=lambda one: one.kpi not in wished)
    found = tuple(_findings(changes, wished))
    return ComparedGroups(before, after, made, found, left_out, _lacking(found, left_out, wished))


def _changes(made: Design, before: Group, after: Group) -> tuple[list[KpiChange], dict[str, str]]:
    changes, left_out = [], {}
    had, has = _kpis(before), _kpis(after)
    for kpi in [*had, *(kpi for kpi in has if kpi not in had)]:
        if kpi not in has or kpi not in had:
            left_out[kpi] = f"only in {(before if kpi in had else after).run}"
            continue
        try:
            changes.append(kpi_change(kpi, made, before, after))
        except TooLittleError as error:
            left_out[kpi] = str(error)
    return changes, left_out


def _kpis(group: Group) -> list[str]:
    """The KPIs of which it has any value: in the order of the table, then the bot's own by name."""
    found = {
        kpi
        for hours in group.lanes.values()
        for kpis in hours.values()
        for kpi, value in kpis.items()
        if value is not None
    }
    return [*(kpi for kpi in KNOWN if kpi in found), *sorted(found - KNOWN.keys())]


def _findings(changes: list[KpiChange], wished: dict[str, str]) -> Iterator[Finding]:
    noisy = [one for one in changes if not one.constant]
    chances = holm([one.difference.chance for one in noisy])
    adjusted = dict(zip((one.kpi for one in noisy), chances, strict=True))
    for change in changes:
        gated, chance = change.kpi in wished, adjusted.get(change.kpi)
        if chance is None:
            found = Found.IDENTICAL if change.identical else Found.CONSTANT
            yield Finding(change, gated, found)
            continue
        found = _direction(change, wished) if chance <= FAMILY else Found.NONE
        yield Finding(
            change, gated, found, chance, change.difference.detectable(FAMILY / len(noisy))
        )


def _direction(change: KpiChange, wished: dict[str, str]) -> Found:
    way = KNOWN[change.kpi].better if change.kpi in KNOWN else wished.get(change.kpi)
    if not way:
        return Found.CHANGED
    return Found.BETTER if (change.difference.mean > 0.0) == (way == "up") else Found.WORSE


def _lacking(found: tuple[Finding, ...], left_out: dict[str, str], wished: dict[str, str]) -> str:
    """Why it cannot be said that nothing got worse; empty where it can."""
    unsaid = {kpi: why for kpi, why in left_out.items() if kpi in wished and not so_far(kpi)}
    unsaid |= {
        one.change.kpi: "is worse by the same amount everywhere, of which chance cannot be told"
        for one in found
        if one.found is Found.CONSTANT and _direction(one.change, wished) is Found.WORSE
    }
    if unsaid or found:
        return "; ".join(f"{kpi} {why}" for kpi, why in unsaid.items())
    return next(iter(left_out.values()), "no graded steady iteration has a KPI")

"""Which lanes of a run stand against which of the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.comparing.groups import Group
from pytest_soak.errors import SoakUsageError

MINUTES = "minutes"


class Matched(NamedTuple):
    """Groups of the reference and of the other run, side by side; and what stands alone."""

    pairs: list[tuple[Group, Group]]
    notes: list[str]


def check_windows(reference: StoredRun, run: str, minutes: str | None) -> None:
    """Raise SoakUsageError for iterations of another length: their KPIs are no like quantities."""
    before = reference.result.settings.get(MINUTES)
    if _number(before) != _number(minutes):
        raise SoakUsageError(
            f"settings.{MINUTES}",
            f"{before} in {reference.given}, {minutes} in {run}; "
            "compare runs whose iterations are equally long",
        )


def match(reference: Sequence[Group], others: Sequence[Group]) -> Matched:
    """Each group beside the reference's of its market and profile, or its only one of that market.

    Raises SoakUsageError where nothing stands against anything.
    """
    pairs, notes = [], []
    for group in others:
        found = partner(reference, group)
        if found is None:
            notes.append(f"not compared: {group} of {group.run}: {why_alone(reference, group)}")
        else:
            pairs.append((found, group))
    if not pairs:
        raise SoakUsageError(
            others[0].run, "; ".join(why_alone(reference, group) for group in others)
        )
    used = [before for before, _ in pairs]
    notes += [f"only in {group.run}: {group}" for group in reference if group not in used]
    return Matched(pairs, notes)


def partner(reference: Sequence[Group], group: Group) -> Group | None:
    """The one of the reference that stands against a group; None where none does, or several."""
    there = [one for one in reference if one.market == group.market]
    alike = [one for one in there if one.kind == group.kind]
    found = alike or there
    return found[0] if len(found) == 1 else None


def why_alone(reference: Sequence[Group], group: Group) -> str:
    """Why nothing of the reference stands against a group."""
    where, name = reference[0].run, group.market.name
    alike = [one for one in reference if one.market.name == name]
    if not alike:
        markets = ", ".join(sorted({one.market.name for one in reference}))
        return f"{where} has no market {name}, it has {markets}"
    if all(one.market != group.market for one in alike):
        return f"{name} is another market in {where}: its scenario or settings differ"
    return f"{where} has several profiles on {name}, and no {group.kind}"


def _number(text: str | None) -> float | str | None:
    try:
        return float(text or "")
    except ValueError:
        return text

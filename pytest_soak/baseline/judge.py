"""A run judged beside its baseline: by the changes of its lanes, all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pytest_soak.artifacts.baseline_models import AgainstBaseline
from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.baseline.checks import Asked, check
from pytest_soak.baseline.reference import Baseline
from pytest_soak.comparing.design import alone, design
from pytest_soak.comparing.groups import Group, Hours, groups_of
from pytest_soak.comparing.match import partner, why_alone
from pytest_soak.engine.plan import GateMode
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.engine import Verdict, badness, worst
from pytest_soak.gates.model import Gate

FAMILY = 0.01
"""The chance that any limit of a run fails it where nothing changed, all of them together."""


def judge_run(
    run: StoredRun, baseline: Baseline, gates: Mapping[str, Sequence[Gate]]
) -> list[AgainstBaseline]:
    """Each group of lanes beside that of the baseline, by the gates of its profile.

    Raises SoakUsageError for a group that nothing stands against, and for a damaged file.
    """
    found = judge_groups(groups_of(run), baseline, gates)
    return found if run.result.gate_mode is not GateMode.OFF else list(map(_softened, found))


def judge_groups(
    groups: Sequence[Group], baseline: Baseline, gates: Mapping[str, Sequence[Gate]]
) -> list[AgainstBaseline]:
    """As `judge_run`, of groups of lanes that are all of it, in whichever mode."""
    asked = [_asked(gates[group.profile], group) for group in groups]
    limits = sum(map(len, asked))
    return [
        _judged(_partner(baseline, group), group, several, limits)
        for group, several in zip(groups, asked, strict=True)
        if several
    ]


def judge_group(before: Group, after: Group, gates: Sequence[Gate]) -> AgainstBaseline:
    """A group of lanes that is all of its run."""
    asked = _asked(gates, after)
    return _judged(before, after, asked, len(asked))


def _asked(gates: Sequence[Gate], group: Group) -> list[Asked]:
    return [Asked(gate.name, t) for gate in gates for t in gate.on_baseline(group.market.name)]


def _softened(one: AgainstBaseline) -> AgainstBaseline:
    return one.model_copy(update={"verdict": min(one.verdict, Verdict.WARN, key=badness)})


def _partner(baseline: Baseline, group: Group) -> Group:
    found = partner(baseline.groups, group)
    if found is None:
        raise SoakUsageError(group.run, why_alone(baseline.groups, group))
    return found


def _judged(before: Group, after: Group, asked: Sequence[Asked], limits: int) -> AgainstBaseline:
    """By what is asked of the group, of so many `limits` of the run."""
    before, after = _without_cold(_of_one_lane(before, after), after)
    made = design(before, after)
    checks = [check(one, made, before, after, FAMILY / limits) for one in asked]
    return AgainstBaseline(
        baseline=before.run,
        market=after.market.name,
        before=before.kind,
        after=after.kind,
        way=made.way,
        seeds=list(made.seeds),
        unpaired=made.unpaired,
        verdict=worst([check.verdict for check in checks]),
        checks=checks,
        notes=[*before.notes, *after.notes, *alone(made, before, after)],
    )


def _of_one_lane(before: Group, after: Group) -> Group:
    """The baseline's lane of the same seed beside a lone lane, else all of its lanes."""
    same = {seed: before.lanes[seed] for seed in after.lanes if seed in before.lanes}
    return replace(before, lanes=same) if same and len(after.lanes) == 1 else before


def _without_cold(before: Group, after: Group) -> tuple[Group, Group]:
    """Both from the iteration on from which the iterations of both count."""
    began = [min(hours) for group in (before, after) for hours in group.measured.values()]
    first = max(began, default=0)

    def warm(hours: Hours) -> Hours:
        return {number: kpis for number, kpis in hours.items() if number >= first}

    old, new = (
        replace(group, lanes={seed: warm(hours) for seed, hours in group.lanes.items()})
        for group in (before, after)
    )
    return old, new

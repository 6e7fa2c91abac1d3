"""The stored runs of a baseline: which may be one, and which run may be held against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from pytest_soak.artifacts.stored_run import StoredRun, run_in
from pytest_soak.canonical import compact
from pytest_soak.comparing.groups import Group, Hours, Kpis, groups_of, in_all
from pytest_soak.comparing.match import MINUTES, check_windows, partner, why_alone
from pytest_soak.errors import SoakUsageError
from pytest_soak.merging.evidence import check_evidence
from pytest_soak.merging.join import check_distinct
from pytest_soak.merging.whole import check_whole


class BaselineRuns(BaseModel):
    """Where the runs of a baseline lie, by the names they were given, and a digest of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folders: dict[str, Path]
    digest: str


@dataclass(frozen=True)
class Baseline:
    """The lanes of one or more runs that came to their end, as groups of lanes that are alike."""

    runs: tuple[StoredRun, ...]
    groups: tuple[Group, ...]

    @property
    def digest(self) -> str:
        """Of all that is compared, wherever it lies: the identity of a baseline."""
        told = [
            [one.kind, *one.market, one.target, one.deterministic, lanes]
            for one in self.groups
            if (lanes := {str(seed): _told(lane) for seed, lane in sorted(one.lanes.items())})
        ]
        return sha256(compact(sorted(told, key=compact)).encode()).hexdigest()[:16]


def read_baseline(folders: Mapping[str, Path]) -> Baseline:
    """The baseline that runs make, of which messages speak by the names that they are given.

    Raises SoakUsageError for what is no run, is not finished, had a drill, is damaged, or has the
    lanes of another or iterations of another length.
    """
    runs = [_read(name, path) for name, path in folders.items()]
    for run in runs[1:]:
        check_windows(runs[0], run.given, run.result.settings.get(MINUTES))
    check_distinct(runs)
    return Baseline(tuple(runs), tuple(_joined([one for run in runs for one in groups_of(run)])))


def read_again(runs: BaselineRuns) -> Baseline:
    """The baseline as it was found before; SoakUsageError where it has changed since."""
    found = read_baseline(runs.folders)
    if found.digest != runs.digest:
        raise SoakUsageError(found.runs[0].given, "has changed since this session began")
    return found


def check_against(
    baseline: Baseline, run: str, minutes: str | None, groups: Sequence[Group]
) -> None:
    """Raise SoakUsageError where a run of such groups cannot be held against the baseline."""
    check_windows(baseline.runs[0], run, minutes)
    for group in groups:
        if partner(baseline.groups, group) is None:
            told = f"nothing to hold {group} against: {why_alone(baseline.groups, group)}"
            raise SoakUsageError(baseline.runs[0].given, told)


def _read(name: str, folder: Path) -> StoredRun:
    run = replace(run_in(folder), given=name)
    if run.result.status != "finished" or run.result.unfinished:
        lanes = ", ".join(run.result.unfinished)
        problem = f"is not finished{f' ({lanes})' if lanes else ''}"
        raise SoakUsageError(run.given, f"{problem}; finish it with --soak-resume, or give another")
    check_evidence(run.given, run.result.lanes)
    check_whole(run)
    return run


def _joined(groups: Sequence[Group]) -> Iterator[Group]:
    """One group of those that differ by their run and seeds alone."""

    def alike(one: Group) -> tuple[str, ...]:
        return one.profile, one.variant, *one.market, one.target

    for _, several in groupby(sorted(groups, key=alike), key=alike):
        first, *rest = several
        lanes = {seed: lane for one in (first, *rest) for seed, lane in one.lanes.items()}
        run = ", ".join([first.run, *(one.run for one in rest)])
        notes = tuple(note for one in (first, *rest) for note in one.notes)
        same = in_all(one.deterministic for one in (first, *rest))
        yield replace(first, run=run, lanes=lanes, notes=notes, deterministic=same)


def _told(lane: Hours) -> dict[str, Kpis]:
    return {str(number): kpis for number, kpis in lane.items()}

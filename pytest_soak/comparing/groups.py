"""The lanes of a run that differ by their seed alone, with what of each of them counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from pytest_soak.artifacts.models import IterSummary, LaneOutcome
from pytest_soak.artifacts.names import summary_name
from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.errors import SoakUsageError
from pytest_soak.text import plural
from pytest_soak.tuning.phases import Phase

LARGEST = 1e60
"""Of products of two values and of their squares, a float holds the sums."""

Kpis = Mapping[str, float | None]
Hours = Mapping[int, Kpis]
"""The KPIs of a lane's graded steady iterations, by their numbers."""


class MarketId(NamedTuple):
    """What a market is: one name may stand for two files, or for other settings."""

    name: str
    scenario: str
    settings: str


@dataclass(frozen=True)
class Group:
    """Lanes of a run by seed; `wished` has each gated metric with the wished direction, if known.

    `deterministic` says whether the target calls itself so in every lane; None is not known.
    `notes` are what a reader should know of the lanes.
    """

    run: str
    profile: str
    variant: str
    market: MarketId
    target: str
    lanes: Mapping[int, Hours]
    wished: Mapping[str, str]
    deterministic: bool | None = None
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The profile, and the variant if there are several."""
        return f"{self.profile}-{self.variant}" if self.variant else self.profile

    def __str__(self) -> str:
        return f"{self.kind} on {self.market.name}"

    @property
    def measured(self) -> dict[int, Hours]:
        """The lanes of which anything counts."""
        return {seed: hours for seed, hours in self.lanes.items() if hours}


def groups_of(run: StoredRun) -> list[Group]:
    """The groups of a run's finished lanes; SoakUsageError without any, or with a damaged file."""
    ended = ended_lanes(run)
    if not ended:
        raise SoakUsageError(run.given, "has no lane that came to its end; finish the run first")
    lanes = groupby(sorted(ended, key=_kind), key=_kind)
    return [_group(run, list(alike)) for _, alike in lanes]


def ended_lanes(run: StoredRun) -> list[LaneOutcome]:
    """The lanes that came to their end."""
    return [lane for lane in run.result.lanes if lane.lane not in run.result.unfinished]


def in_all(said: Iterable[bool | None]) -> bool | None:
    """Whether all say so: False where one does not, else None where one is not known."""
    return min(said, key=(False, None, True).index)


def _kind(lane: LaneOutcome) -> tuple[str, str, str]:
    return lane.profile, lane.market, lane.variant


def _group(run: StoredRun, lanes: list[LaneOutcome]) -> Group:
    first = lanes[0]
    knobs = run.result.settings.get("market-set", "")
    return Group(
        run=run.given,
        profile=first.profile,
        variant=first.variant,
        market=MarketId(first.market, first.scenario_hash or "", knobs),
        target=run.result.source,
        lanes={lane.seed: _hours(run, lane.lane) for lane in lanes},
        wished=dict(_wishes(run, lanes)),
        deterministic=in_all(lane.deterministic for lane in lanes),
        notes=tuple(_notes(run.given, lanes)),
    )


def _hours(run: StoredRun, lane: str) -> Hours:
    found = sorted(run.files(lane).iterations.items())
    return {number: _kpis(run, one) for number, one in found if _counts(one)}


def _counts(iteration: IterSummary) -> bool:
    return iteration.summary.graded and iteration.summary.phase == Phase.STEADY


def _kpis(run: StoredRun, iteration: IterSummary) -> Kpis:
    kpis = iteration.summary.__pydantic_extra__
    for name, value in kpis.items():
        if value is not None and abs(value) > LARGEST:
            where = f"{run.given}: {iteration.lane}: {summary_name(iteration.iteration)}"
            raise SoakUsageError(where, f"{name}: expected {LARGEST:g} at most, got {value:g}")
    return kpis


def _wishes(run: StoredRun, lanes: list[LaneOutcome]) -> Iterator[tuple[str, str]]:
    """What the gates judge, with the direction in which their limits leave it free."""
    ways = {">": "up", "<": "down"}
    for lane in lanes:
        for check in run.checks(lane.lane):
            limit = check.fail_unless or check.warn_unless or ""
            yield check.metric, ways.get(limit.strip()[:1], "")


def _notes(run: str, lanes: list[LaneOutcome]) -> Iterator[str]:
    early = sum(lane.iterations < lane.planned for lane in lanes)
    if early:
        yield f"{plural(early, 'lane')} of {run} ended early, and count as far as they came"
    tuned = sum(bool(lane.changed) for lane in lanes)
    if tuned:
        yield f"{plural(tuned, 'lane')} of {run} had parameters moved under way"

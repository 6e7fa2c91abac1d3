"""A run as plain values: all that is shown afterwards, held thinly."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum
from pathlib import Path
from typing import NamedTuple

from pytest_soak.artifacts.models import (
    EdgeReport,
    FinalSummary,
    GateMetric,
    IterSummary,
    KpiGate,
    LaneOutcome,
    RunResult,
)
from pytest_soak.artifacts.names import COMPARISON, LATEST, RESULT, summary_name
from pytest_soak.artifacts.stored_run import artifacts, is_there, read
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.engine import FINAL_WINDOW, Verdict
from pytest_soak.kpi.curves import Curves
from pytest_soak.number import number
from pytest_soak.storage.lock import seems_held
from pytest_soak.tuning.phases import Phase


class ReportIteration(NamedTuple):
    """One iteration; `deltas` are in force in the next, in which the tuner may be `locked_next`.

    It took `seconds` of real time, None where that is not told.
    """

    number: int
    phase: str
    verdict: Verdict
    graded: bool
    reasons: tuple[str, ...]
    kpis: dict[str, float | None]
    overrides: dict[str, float]
    sources: dict[str, str]
    deltas: dict[str, float]
    rationale: tuple[str, ...]
    locked_next: bool
    panicked: bool
    notes: tuple[str, ...] = ()
    curves: Curves | None = None
    seconds: float | None = None
    stops: tuple[str, ...] = ()

    @property
    def steady(self) -> bool:
        """Whether a trend counts it: graded, in the steady phase."""
        return self.graded and self.phase == Phase.STEADY


@dataclass(frozen=True)
class ReportLane:
    """A lane: its iterations by number, and its outcome if it ended.

    `each_minutes` is how long an iteration lasts, None where nothing says so.

    `checks` are the newest ones of the gates, `gate` is the name of the one that judges each
    iteration; `blocks` count the newest iteration's stopped quote changes by reason.
    """

    id: str
    target: str
    market: str
    seed: int
    iterations: tuple[ReportIteration, ...]
    outcome: LaneOutcome | None
    gate: str = ""
    note: str = ""
    checks: tuple[GateMetric, ...] = ()
    blocks: Mapping[str, int] = field(default_factory=dict)
    each_minutes: float | None = None

    @property
    def minutes(self) -> float:
        """How long it was soaked, on its own clock, as far as that is known."""
        each = self.each_minutes or 0.0
        return fsum(one.curves.minutes if one.curves else each for one in self.iterations)

    @property
    def seconds(self) -> float:
        """How long its iterations took, of real time."""
        return fsum(one.seconds or 0.0 for one in self.iterations)

    @property
    def verdict(self) -> Verdict | None:
        """The final verdict; None of a lane that did not end."""
        return self.outcome.verdict if self.outcome else None

    def gated(self) -> list[str]:
        """The metrics of its gates that iterations have."""
        measured = {name for one in self.iterations for name in one.kpis}
        judged = dict.fromkeys(check.metric for check in self.checks)
        return [name for name in judged if name in measured]

    def kpis(self) -> list[str]:
        """Every KPI that it measured or was judged by: those of the gates, then by name."""
        measured = {
            name for one in self.iterations for name, v in one.kpis.items() if v is not None
        }
        gated = self.gated()
        return gated + sorted(measured.difference(gated))

    def last_graded(self) -> list[ReportIteration]:
        """The iterations that its final verdict rests on."""
        graded = [one for one in self.iterations if one.graded][-FINAL_WINDOW:]
        most = self.outcome.graded if self.outcome and self.outcome.graded else len(graded)
        return graded[-most:]


@dataclass(frozen=True)
class ReportRun:
    """The lanes of a run, RESULT.json if it is there, and whether a session goes on with it.

    `compared` says that a comparison with a reference was made when it was merged.
    """

    lanes: tuple[ReportLane, ...]
    result: RunResult | None
    under_way: bool = False
    compared: bool = False

    @property
    def done(self) -> int:
        """How many iterations are done, of all lanes."""
        return sum(len(lane.iterations) for lane in self.lanes)

    @property
    def planned(self) -> int | None:
        """How many iterations each lane is to have; None where nothing says so."""
        return None if self.result is None else _whole(self.result.settings.get("iterations", ""))

    @property
    def unfinished(self) -> str:
        """What to say of a run that has not come to its end: `in progress, 7 of 24`; else empty."""
        if self.result is None or self.result.status != "running":
            return ""
        lanes = {x.id for x in self.lanes} | set(self.result.unfinished)
        of = "" if self.planned is None else f" of {self.planned * len(lanes)}"
        return f"{'in progress' if self.under_way else 'not finished'}, {self.done}{of}"


class _Facts(NamedTuple):
    """What each summary of a lane says of the lane."""

    lane: str
    target: str
    market: str
    seed: int


@dataclass
class _Found:
    facts: _Facts | None = None
    iterations: list[ReportIteration] = field(default_factory=list)
    final: FinalSummary | None = None
    gate: KpiGate | None = None
    edge: EdgeReport | None = None


def read_run(path: Path) -> ReportRun:
    """The run at `path`: an artifact root (its latest run), a run, or a lane's folder.

    Raises SoakUsageError when there is none, or when a file of it is damaged.
    """
    latest = path / LATEST
    folder = latest if latest.is_dir() else path
    result, found = _collect(folder) if _is_run(folder) else (None, {})
    if result is None and not found:
        remedy = "give an artifact folder, a run in its runs/, or a lane's folder"
        raise SoakUsageError(str(path), f"holds no iteration of a soak; {remedy}")
    lanes, compared = tuple(_lanes(result, found)), is_there(folder / COMPARISON)
    return ReportRun(lanes, result, _under_way(folder), compared)


def _under_way(folder: Path) -> bool:
    return folder.name == LATEST and seems_held(folder.parent)


def _is_run(folder: Path) -> bool:
    """Whether it is a run or a lane's folder, and not one that has some somewhere below it."""
    if not folder.is_dir() or is_there(folder / RESULT):
        return True
    summaries = f"{summary_name('*')}*"
    return any(folder.glob(summaries)) or any(folder.glob(f"*/{summaries}"))


def _collect(folder: Path) -> tuple[RunResult | None, dict[str, _Found]]:
    """What the files of a run say, by the folder of their lane."""
    lanes: dict[str, _Found] = {}
    for home, artifact in artifacts(folder):
        lane = lanes.setdefault(home, _Found())
        match artifact:
            case IterSummary():
                _add(lane, artifact)
            case FinalSummary():
                lane.final = artifact
            case KpiGate():
                lane.gate = artifact
            case EdgeReport():
                lane.edge = artifact
    result = read(RunResult, folder / RESULT) if is_there(folder / RESULT) else None
    return result, {home: lane for home, lane in lanes.items() if lane.iterations or lane.final}


def _lanes(result: RunResult | None, found: Mapping[str, _Found]) -> Iterable[ReportLane]:
    """The lanes in the order of the result; then those that it does not know, by folder."""
    outcomes = {outcome.lane: outcome for outcome in result.lanes} if result else {}
    minutes = _float(result.settings.get("minutes", "")) if result else None
    lanes = [_lane(lane, outcomes, minutes) for _, lane in sorted(found.items())]
    seen = {lane.id for lane in lanes}
    target = result.source if result else ""
    lanes += [
        ReportLane(o.lane, target, o.market, o.seed, (), o)
        for o in outcomes.values()
        if o.lane not in seen
    ]
    order = {lane: n for n, lane in enumerate([*outcomes, *(result.unfinished if result else ())])}
    return sorted(lanes, key=lambda lane: order.get(lane.id, len(order)))


def _add(lane: _Found, found: IterSummary) -> None:
    summary = found.summary
    lane.facts = _Facts(found.lane, found.source, summary.market, summary.mock_seed)
    before = lane.iterations[-1] if lane.iterations else None
    lane.iterations.append(_iteration(found, before))


def _lane(found: _Found, outcomes: Mapping[str, LaneOutcome], minutes: float | None) -> ReportLane:
    final, gate, edge = found.final, found.gate, found.edge
    facts = found.facts
    if final is not None:
        result = final.result
        facts = _Facts(result.lane, final.source, result.market, result.seed)
    assert facts is not None
    return ReportLane(
        id=facts.lane,
        target=facts.target,
        market=facts.market,
        seed=facts.seed,
        iterations=tuple(sorted(found.iterations, key=lambda one: one.number)),
        outcome=final.result if final else outcomes.get(facts.lane),
        gate=gate.gate if gate else "",
        note=gate.note if gate else "",
        checks=tuple(gate.metrics) if gate else (),
        blocks={why: share.count for why, share in edge.block_reasons.items()} if edge else {},
        each_minutes=minutes,
    )


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None


def _iteration(found: IterSummary, before: ReportIteration | None) -> ReportIteration:
    """Without a second copy of what stands in the one read `before`: a run may have thousands."""
    summary, tuning = found.summary, found.tuning
    overrides, sources = found.overrides, found.sources
    if before is not None:
        overrides = before.overrides if before.overrides == overrides else overrides
        sources = before.sources if before.sources == sources else sources
    return ReportIteration(
        number=found.iteration,
        phase=sys.intern(summary.phase),
        verdict=summary.verdict,
        graded=summary.graded,
        reasons=tuple(summary.verdict_reasons),
        kpis={sys.intern(k): v for k, v in summary.__pydantic_extra__.items()},
        overrides=overrides,
        sources=sources,
        deltas={name: delta for name, delta in tuning.deltas.items() if delta},
        rationale=tuple(tuning.rationale),
        locked_next=tuning.freeze_active,
        panicked=tuning.panicked,
        notes=tuple(found.notes),
        curves=None if found.curves is None else _packed(found.curves),
        seconds=number(found.meta.get("seconds")),
        stops=tuple(map(str, found.stops)),
    )


def _packed(curves: Curves) -> Curves:
    """The same in a quarter of the memory."""
    account = curves.account
    if account is not None:
        columns = {n: array("d", x) for n, x in account if not isinstance(x, str)}
        account = account.model_copy(update=columns)
    return curves.model_copy(update={"account": account})

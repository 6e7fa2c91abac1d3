"""Reading a run from its files, once or again and again while it goes on."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pytest_soak.artifacts.ab_found import FoundAbs, abs_place, abs_stamp, found_abs
from pytest_soak.artifacts.models import (
    EdgeReport,
    FinalSummary,
    IterSummary,
    KpiGate,
    LaneOutcome,
    RunResult,
)
from pytest_soak.artifacts.names import COMPARISON, LATEST, RESULT, iteration_of, summary_name
from pytest_soak.artifacts.stored_run import artifacts, is_there, read
from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange.judged import FOLDER, JUDGED, Judged, read_judged
from pytest_soak.exchange.reproduce import again, piece_again
from pytest_soak.kpi.curves import Curves
from pytest_soak.number import number
from pytest_soak.report.values import ReportIteration, ReportLane, ReportRun
from pytest_soak.storage.lock import seems_held


class _Facts(NamedTuple):
    """What each summary of a lane says of the lane."""

    lane: str
    target: str
    market: str
    seed: int
    flags_hash: str | None = None


@dataclass
class _Found:
    """What was read of a lane; `made` is the lane made of it, None since there is news."""

    facts: _Facts | None = None
    iterations: list[ReportIteration] = field(default_factory=list)
    final: FinalSummary | None = None
    gate: KpiGate | None = None
    edge: EdgeReport | None = None
    judged: tuple[Judged, ...] = ()
    made: ReportLane | None = None


class NoRunError(SoakUsageError):
    """There is no run at a path."""


def read_run(path: Path, abs_folder: Path | None = None) -> ReportRun:
    """The run at `path`: an artifact root (its latest run), a run, or a lane's folder.

    A/Bs are those of `abs_folder`, by default of `ab/` beside the artifact root. Raises NoRunError
    when there is none, SoakUsageError when a file of it is damaged.
    """
    return Reader(path, abs_folder).read()


class Reader:
    """Reads the run at a path, as `read_run`, again and again: only what is new of it.

    A lane of which nothing is new is the very object that it was before.
    """

    def __init__(self, path: Path, abs_folder: Path | None = None) -> None:
        self._path = path
        self._abs_folder = abs_folder
        self._abs: tuple[object, FoundAbs | None] = (None, None)
        self._forget()

    def _forget(self) -> None:
        self._run: object = None
        self._stamps: dict[str, _Stamp | None] = {}
        self._found: dict[str, _Found] = {}

    def read(self) -> ReportRun:
        """The run as it is now; another one where that has taken its place."""
        folder = folder_of(self._path)
        try:
            result = self._collect(folder) if _is_run(folder) else None
        except SoakUsageError:
            self._forget()
            raise
        found = {home: one for home, one in self._found.items() if one.iterations or one.final}
        if result is None and not found:
            remedy = "give an artifact folder, a run in its runs/, or a lane's folder"
            raise NoRunError(str(self._path), f"holds no iteration of a soak; {remedy}")
        lanes = tuple(_lanes(result, found))
        compared = is_there(folder / COMPARISON)
        return ReportRun(lanes, result, is_under_way(folder), compared, self._read_abs(folder))

    def _read_abs(self, run: Path) -> FoundAbs | None:
        """The A/Bs where a run lies, read where there is news of them."""
        folder = self._abs_folder or abs_place(run)
        stamp = abs_stamp(folder)
        if folder is None or stamp is None:
            return None
        if self._abs[0] != (folder, stamp):
            self._abs = (folder, stamp), found_abs(folder)
        return self._abs[1]

    def _collect(self, folder: Path) -> RunResult | None:
        result = read(RunResult, folder / RESULT) if is_there(folder / RESULT) else None
        run = None if result is None else result.meta.get("run")
        if run is None or run != self._run:
            self._forget()
            self._run = run
        for home, artifact in artifacts(folder, lambda name: self._is_new(folder, name)):
            lane = self._found.setdefault(home, _Found())
            lane.made = None
            match artifact:
                case IterSummary():
                    _add(lane, artifact)
                case FinalSummary():
                    lane.final = artifact
                case KpiGate():
                    lane.gate = artifact
                case EdgeReport():
                    lane.edge = artifact
        for home, lane in self._found.items():
            self._judged(folder, home, lane)
        return result

    def _judged(self, folder: Path, home: str, lane: _Found) -> None:
        """What the exchange of a lane found, if it has one."""
        name = "/".join(filter(None, (home, FOLDER, JUDGED)))
        if is_there(folder / name) and self._is_new(folder, name):
            lane.judged, lane.made = read_judged(folder / name), None

    def _is_new(self, folder: Path, name: str) -> bool:
        """Whether a file was not read as it is now; what an iteration was never changes."""
        if name in self._stamps and iteration_of(name.rpartition("/")[2]) is not None:
            return False
        stamp = _stamp(folder / name)
        new = name not in self._stamps or self._stamps[name] != stamp
        self._stamps[name] = stamp
        return new


_Stamp = tuple[int, int]


def _stamp(path: Path) -> _Stamp | None:
    """By what a file is told from one that takes its place; None of a packed one."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def folder_of(path: Path) -> Path:
    """The folder (or archive) of the run that `path` means."""
    latest = path / LATEST
    return latest if latest.is_dir() else path


def is_under_way(folder: Path) -> bool:
    """Whether a session goes on with the run, or the lane, in a folder."""
    if folder.name != LATEST:
        folder = folder.parent
    return folder.name == LATEST and seems_held(folder.parent)


def _is_run(folder: Path) -> bool:
    """Whether it is a run or a lane's folder, and not one that has some somewhere below it."""
    if not folder.is_dir() or is_there(folder / RESULT):
        return True
    summaries = f"{summary_name('*')}*"
    return any(folder.glob(summaries)) or any(folder.glob(f"*/{summaries}"))


def _lanes(result: RunResult | None, found: Mapping[str, _Found]) -> Iterable[ReportLane]:
    """The lanes in the order of the result; then those that it does not know, by folder."""
    outcomes = {outcome.lane: outcome for outcome in result.lanes} if result else {}
    minutes = _float(result.settings.get("minutes", "")) if result else None
    settings = _options(result) if result else {}
    lanes = [_lane(lane, outcomes, minutes, settings) for _, lane in sorted(found.items())]
    seen = {lane.id for lane in lanes}
    target = result.source if result else ""
    lanes += [
        ReportLane(o.lane, target, o.market, o.seed, (), o)
        for o in outcomes.values()
        if o.lane not in seen
    ]
    order = {lane: n for n, lane in enumerate([*outcomes, *(result.unfinished if result else ())])}
    return sorted(lanes, key=lambda lane: order.get(lane.id, len(order)))


def _options(result: RunResult) -> Mapping[str, str]:
    """The settings of a run, its target among them where that was asked for."""
    target = result.meta.get("target")
    return {**result.settings, **({"target": target} if isinstance(target, str) else {})}


def _add(lane: _Found, found: IterSummary) -> None:
    summary = found.summary
    lane.facts = _Facts(
        found.lane, found.source, summary.market, summary.mock_seed, found.flags_hash
    )
    before = lane.iterations[-1] if lane.iterations else None
    lane.iterations.append(_iteration(found, before))


def _lane(
    found: _Found,
    outcomes: Mapping[str, LaneOutcome],
    minutes: float | None,
    settings: Mapping[str, str],
) -> ReportLane:
    final, gate, edge = found.final, found.gate, found.edge
    facts = found.facts
    if final is not None:
        result = final.result
        facts = _Facts(result.lane, final.source, result.market, result.seed, result.flags_hash)
    assert facts is not None
    outcome = final.result if final else outcomes.get(facts.lane)
    if found.made is None or found.made.outcome != outcome:
        iterations = tuple(sorted(found.iterations, key=lambda one: one.number))
        newest = iterations[-1].overrides if iterations else {}
        found.made = ReportLane(
            id=facts.lane,
            target=facts.target,
            market=facts.market,
            seed=facts.seed,
            iterations=iterations,
            outcome=outcome,
            gate=gate.gate if gate else "",
            note=gate.note if gate else "",
            checks=tuple(gate.metrics) if gate else (),
            blocks={why: share.count for why, share in edge.block_reasons.items()} if edge else {},
            each_minutes=minutes,
            overrides=(final.overrides if final else {}) or newest,
            flags_hash=facts.flags_hash,
            judged=found.judged,
            again=again(settings, facts.target, len(iterations)) if found.judged else "",
            piece=piece_again(settings, facts.target, found.judged),
        )
    return found.made


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


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

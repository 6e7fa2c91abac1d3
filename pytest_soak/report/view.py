"""What the report shows of a run, as plain values for its template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from pytest_soak.artifacts.names import COMPARISON
from pytest_soak.baseline.words import HEADS, reasons, rows_of, title
from pytest_soak.gates.engine import DRIFT, Verdict, badness, worst
from pytest_soak.report.ab_lanes import RunAbs, run_abs
from pytest_soak.report.lane_view import LaneView, lane_view
from pytest_soak.report.seeds import SeedGroup, lane_value, seed_groups
from pytest_soak.report.thin import Detail, detail
from pytest_soak.report.values import ReportLane, ReportRun
from pytest_soak.run.verdict import no_evidence
from pytest_soak.text import duration

MOST_LANES = 24
MOST_COLUMNS = 6


@dataclass(frozen=True)
class Cell:
    """A value of the table of lanes, and how the gates judged it."""

    value: float | None
    verdict: str


@dataclass(frozen=True)
class Row:
    """A lane in the table of lanes; `anchor` is empty where no more is shown of it.

    `drift` says what drifts as its gates judge it, empty where none of them looks.
    """

    lane: ReportLane
    anchor: str
    done: str
    drift: str
    counts: Mapping[str, int]
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Beside:
    """Lanes beside those of a baseline: how, a row of `HEADS` for each limit, and why."""

    title: str
    rows: Sequence[Sequence[str]]
    reasons: Sequence[str]


@dataclass(frozen=True)
class Page:
    """The whole report; `clock` are facts that differ from run to run.

    `drift` says what drifts as the gates judge it, empty where none of them looks; `pending` what
    stands in the place of a lane's verdict.
    """

    verdict: str
    headline: str
    drift: str
    pending: str
    facts: Sequence[tuple[str, str]]
    clock: Sequence[tuple[str, str]]
    reasons: Sequence[str]
    metrics: Sequence[str]
    rows: Sequence[Row]
    seeds: Sequence[SeedGroup]
    beside: Sequence[Beside]
    lanes: Sequence[LaneView]
    ab: RunAbs
    notes: Sequence[str]
    settings: Mapping[str, str]
    meta: Mapping[str, str]


ViewLane = Callable[[ReportLane, str, Detail, str], LaneView]


def page_view(
    run: ReportRun, rates: Mapping[str, str], *, beside: bool = False, view: ViewLane = lane_view
) -> Page:
    """What is shown of a run, and of the error rates of the gates that judged its lanes.

    `beside` says that the page has it beside a reference too; `view` is how a lane is shown.
    """
    shown = _shown(run.lanes)
    much = detail(max((len(lane.iterations) for lane in shown), default=0), len(shown) or 1)
    anchors = {id(lane): f"lane-{n}" for n, lane in enumerate(shown, 1)}
    metrics = list(dict.fromkeys(m for lane in run.lanes for m in lane.gated()))[:MOST_COLUMNS]
    result = run.result
    verdict = _verdict(run)
    return Page(
        verdict=verdict or _without_verdict(run),
        headline=_headline(run),
        drift=_drift(run.lanes),
        pending="running" if run.unfinished and run.under_way else "none",
        facts=_facts(run),
        clock=_clock(run),
        reasons=[
            f"{lane.id}: {reason}"
            for lane in run.lanes
            if lane.outcome
            for reason in lane.outcome.reasons
            if len(run.lanes) > 1
        ][:MOST_LANES],
        metrics=metrics,
        rows=[_row(lane, anchors.get(id(lane), ""), metrics, run.planned) for lane in run.lanes],
        seeds=seed_groups(run.lanes, metrics),
        beside=[
            Beside(title(one), [HEADS, *rows_of(one)], list(reasons(one)))
            for one in (result.baseline if result else ())
        ],
        lanes=[view(lane, anchors[id(lane)], much, rates.get(lane.id, "")) for lane in shown],
        ab=run_abs(run),
        notes=_notes(run, len(shown), much.size, beside=beside),
        settings=result.settings if result else {},
        meta={name: str(value) for name, value in result.meta.items()} if result else {},
    )


def _shown(lanes: Sequence[ReportLane]) -> list[ReportLane]:
    """The lanes that are shown in full: where there are too many, the worst ones.

    Among lanes of one verdict, or without one yet, those whose graded iterations are worse.
    """
    ranks = {Verdict.FAIL: 0, None: 1, Verdict.HOLD: 2, Verdict.WARN: 3, Verdict.PASS: 4}

    def rank(n: int) -> tuple[int, int]:
        graded = [one.verdict for one in lanes[n].iterations if one.graded]
        return ranks[lanes[n].verdict], -badness(worst(graded))

    ranked = sorted(range(len(lanes)), key=rank)
    return [lanes[n] for n in sorted(ranked[:MOST_LANES])]


def _verdict(run: ReportRun) -> Verdict | None:
    if run.result is not None:
        return run.result.verdict
    judged = [lane.verdict for lane in run.lanes if lane.verdict is not None]
    return worst(judged) if len(judged) == len(run.lanes) else None


def _without_verdict(run: ReportRun) -> str:
    """What stands in the place of the verdict: `IN PROGRESS`, `NOT FINISHED`, `NO VERDICT`."""
    return run.unfinished.partition(",")[0].upper() or "NO VERDICT"


def _clock(run: ReportRun) -> list[tuple[str, str]]:
    seconds = fsum(lane.seconds for lane in run.lanes)
    return [("wall clock of the windows", duration(seconds))] if seconds else []


def _headline(run: ReportRun) -> str:
    done = run.unfinished.partition(", ")[2]
    return f"{done}, {_what(run)}" if done else _what(run)


def _what(run: ReportRun) -> str:
    targets = ", ".join(dict.fromkeys(lane.target for lane in run.lanes if lane.target))
    if not run.lanes:
        return "no lane began"
    if len(run.lanes) == 1:
        return f"{run.lanes[0].id}, target {targets}"
    return f"{len(run.lanes)} lanes, target {targets}"


def _facts(run: ReportRun) -> list[tuple[str, str]]:
    minutes = fsum(lane.minutes for lane in run.lanes)
    soaked = "soaked" if len(run.lanes) == 1 else "soaked by all lanes"
    counts = {v: sum(lane.verdict == v for lane in run.lanes) for v in Verdict}
    facts = [
        ("lanes", str(len(run.lanes))),
        ("iterations", str(run.done)),
        *([(soaked, duration(60 * minutes))] if minutes else []),
        (" / ".join(counts), " / ".join(str(n) for n in counts.values())),
    ]
    if run.result is not None:
        exit_status = run.result.exit_status
        facts += [
            ("gate mode", run.result.gate_mode),
            ("session", run.result.status),
            ("exit status", "n/a" if exit_status is None else str(exit_status)),
        ]
    return facts


def _row(lane: ReportLane, anchor: str, metrics: Sequence[str], whole: int | None) -> Row:
    found: dict[str, int] = dict.fromkeys(Verdict, 0)
    for one in lane.iterations:
        found[one.verdict] += 1
    done = len(lane.iterations)
    planned = lane.outcome.planned if lane.outcome else whole or 0
    if lane.outcome:
        done = max(done, lane.outcome.iterations)
    return Row(
        lane=lane,
        anchor=anchor,
        done=str(done) if planned in (0, done) else f"{done} of {planned}",
        drift=_drift([lane]),
        counts=lane.outcome.counts if lane.outcome else found,
        cells=[_cell(lane, metric) for metric in metrics],
    )


def _drift(lanes: Sequence[ReportLane]) -> str:
    checks = [one for lane in lanes for one in lane.checks if one.metric.endswith(DRIFT)]
    bad = dict.fromkeys(one.metric for one in checks if one.verdict is not Verdict.PASS)
    found = ", ".join(metric.removesuffix(DRIFT) for metric in bad)
    return found or ("none seen" if checks else "")


def _cell(lane: ReportLane, metric: str) -> Cell:
    judged = [check.verdict for check in lane.checks if check.metric == metric]
    return Cell(lane_value(lane, metric), worst(judged) if judged else "")


def _notes(run: ReportRun, shown: int, size: int, *, beside: bool) -> list[str]:
    notes = []
    if drilled := no_evidence([lane.outcome for lane in run.lanes if lane.outcome]):
        notes.append(f"Trouble was made on purpose{drilled}.")
    if run.compared and not beside:
        notes.append(f"How it compares with a reference: see {COMPARISON} beside it.")
    if size > 1:
        notes.append(
            f"Thinned: up to {size} neighbouring iterations are drawn as one. A line is their "
            "median, the area around it reaches from the lowest to the highest value, a verdict "
            "is their worst. Figures are of all iterations; long tables show the newest."
        )
    if shown < len(run.lanes):
        notes.append(
            f"{shown} of {len(run.lanes)} lanes are shown in full, those with the worst verdicts; "
            "the table has all."
        )
    return notes

"""What the report shows of one lane."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from pytest_soak.artifacts.models import GateMetric
from pytest_soak.gates.engine import Verdict, worst
from pytest_soak.gates.expressions import Expression
from pytest_soak.kpi.definitions import COMPONENTS, KNOWN, PROCESS_KPIS, RESOURCE_KPIS
from pytest_soak.kpi.spans import over, so_far
from pytest_soak.report import charts
from pytest_soak.report.changes import PHASE, Change, changes
from pytest_soak.report.charts import Chart, Limit, Plot, Span
from pytest_soak.report.exchange_view import ExchangeView, exchange_view
from pytest_soak.report.gate_rows import Drifting, GateTable, expressions, gate_table
from pytest_soak.report.sheet import Sheet, sheet_of
from pytest_soak.report.thin import Detail, Group, groups, spans
from pytest_soak.report.trends import KpiTrend, drift_text, lane_trends
from pytest_soak.report.values import ReportIteration, ReportLane
from pytest_soak.text import duration, number
from pytest_soak.tuning.phases import Phase

_PHASES: dict[str, str] = {Phase.WARMUP: "warmup", Phase.RAMPDOWN: "rampdown"}
_USED = (*RESOURCE_KPIS, *PROCESS_KPIS)
_SIDES = {"<": 1, "<=": 1, ">": -1, ">=": -1}


@dataclass(frozen=True)
class KpiChart:
    """A curve with its heading."""

    name: str
    verdict: str
    value: float | None
    meaning: str
    limits: str
    chart: Chart


@dataclass(frozen=True)
class Block:
    """How often a reason stopped a quote change in the newest iteration."""

    reason: str
    count: int
    percent: float


@dataclass(frozen=True)
class LaneView:
    """One lane; long tables hold their newest rows, and `*_total` says of how many."""

    lane: ReportLane
    anchor: str
    verdict: str
    facts: Sequence[tuple[str, str]]
    reasons: Sequence[str]
    notes: Sequence[str]
    strip: Chart | None
    sheet: Sheet | None
    gates: GateTable
    rates: str
    kpis: Sequence[KpiChart]
    resources: Sequence[KpiChart]
    stops: Sequence[tuple[int, str]]
    others: Sequence[KpiChart]
    edge: Chart | None
    blocks: Sequence[Block]
    parameters: Sequence[KpiChart]
    phased: Sequence[KpiChart]
    changes: Sequence[Change]
    changes_total: int
    metrics: Sequence[str]
    iterations: Sequence[ReportIteration]
    iterations_total: int
    trends: Sequence[KpiTrend]
    exchange: ExchangeView | None
    again: str
    piece: str


def lane_view(lane: ReportLane, anchor: str, much: Detail, rates: str) -> LaneView:
    """What is shown of a lane; `rates` are how often its gate is wrong."""
    drawn = groups(lane.iterations, much.size)
    made = list(changes(lane.iterations))
    moved = [change for change in made if change.by != PHASE]
    names = list(dict.fromkeys(change.parameter for change in moved))
    phased = {change.parameter for change in made}
    trends = lane_trends(lane) if lane.iterations else []
    gated = lane.gated() or [name for name in ("net_bps", "risk_ratio") if name in lane.kpis()]
    plots = {name: _kpi(lane, name, drawn) for name in lane.kpis()} if drawn else {}
    return LaneView(
        lane=lane,
        anchor=anchor,
        verdict=lane.verdict or "NO VERDICT",
        facts=_facts(lane),
        reasons=lane.outcome.reasons if lane.outcome else (),
        notes=[f"iteration {it.number}: {x}" for it in lane.iterations for x in it.notes][
            -much.rows :
        ],
        strip=_strip(drawn) if drawn else None,
        sheet=sheet_of(lane, 2 * much.points),
        gates=gate_table(lane.checks, _drifts(trends)),
        rates=rates,
        kpis=[plots[name] for name in gated if name in plots],
        resources=[plots[name] for name in _USED if name in plots and name not in gated],
        stops=[(it.number, text) for it in lane.iterations for text in it.stops][-much.rows :],
        others=[plot for name, plot in plots.items() if name not in (*gated, *_USED)],
        edge=_edge(lane),
        blocks=_blocks(lane.blocks),
        parameters=[_parameter(name, drawn, made) for name in names],
        phased=[_parameter(name, drawn, made) for name in sorted(phased.difference(names))],
        changes=moved[-much.rows :],
        changes_total=len(moved),
        metrics=gated,
        iterations=lane.iterations[-much.rows :],
        iterations_total=len(lane.iterations),
        trends=trends,
        exchange=exchange_view(lane.judged),
        again=lane.again,
        piece=lane.piece,
    )


def _facts(lane: ReportLane) -> list[tuple[str, str]]:
    outcome = lane.outcome
    facts = [("market", lane.market), ("seed", str(lane.seed)), ("target", lane.target)]
    if outcome is not None:
        facts = [("profile", outcome.profile), *facts]
        facts += [
            ("iterations", f"{outcome.iterations} of {outcome.planned}"),
            ("ended by", outcome.ending),
            ("gate", outcome.gate),
        ]
    else:
        facts.append(("iterations", str(len(lane.iterations))))
    if lane.minutes:
        facts.append(("soaked", duration(60 * lane.minutes)))
    if lane.iterations and lane.iterations[0].number > 1:
        facts.append(("kept from iteration", str(lane.iterations[0].number)))
    return facts


def _strip(drawn: Sequence[Group]) -> Chart:
    verdicts = [
        Span(g.first, g.last, g.verdict, f"{g.name}, {g.iterations[-1].phase}: {g.verdict}")
        for g in drawn
    ]
    rows = [verdicts, [s._replace(title=f"{s.kind}") for s in _states(drawn)]]
    return charts.strip(drawn[0].first, drawn[-1].last, [r for r in rows if r], "verdicts")


def _states(drawn: Sequence[Group]) -> list[Span]:
    """Warm-up and ramp-down; in the steady phase, where the tuner was locked."""
    kinds, locked = [], False
    for group in drawn:
        kind = _PHASES.get(group.iterations[-1].phase, "")
        kinds.append((group, kind or ("locked" if locked else "")))
        locked = group.iterations[-1].locked_next
    return spans(kinds)


def _phases(drawn: Sequence[Group]) -> list[Span]:
    return spans([(group, _PHASES.get(group.iterations[-1].phase, "")) for group in drawn])


def _kpi(lane: ReportLane, name: str, drawn: Sequence[Group]) -> KpiChart:
    checks = [check for check in lane.checks if check.metric == name]
    limits = _limits([check for check in checks if check.gate == lane.gate])
    last = lane.last_graded()
    values = [v for one in last if (v := one.kpis.get(name)) is not None]
    value = over(name, values) if values else None
    points = [group.kpi(name) for group in drawn]
    rules = []
    if last and value is not None:
        end = last[0].number, last[-1].number
        kind = "last" if so_far(name) else "median"
        what = f"{kind} of the last {len(last)} graded: {number(value)}"
        rules = [(Span(*end, "median", what), value)]
        rules += [
            (Span(*end, "final", f"{check.gate}: {verdict} unless that {kind} {e.text}"), e.limit)
            for check in checks
            if check.gate != lane.gate
            for verdict, e in _expressions(check)
        ]
    marks = []
    for group, point in zip(drawn, points, strict=True):
        if point.value is not None and point.low is not None and point.high is not None:
            bad = worst([_side(limits, v) for v in (point.low, point.high)])
            if checks and (bad is not Verdict.PASS or group.single):
                height = next(v for v in (point.low, point.high) if _side(limits, v) is bad)
                title = f"{group.name}, {group.iterations[-1].phase}: {number(height)} ({bad})"
                title = title if group.single else ""
                grace = "" if group.iterations[-1].graded else " grace"
                marks.append((point.middle, height, f"{bad}{grace}", title))
    first, end_ = drawn[0].first, drawn[-1].last
    return KpiChart(
        name=name,
        verdict=str(worst([c.verdict for c in checks])) if checks else "",
        value=value,
        meaning=KNOWN[name].meaning if name in KNOWN else "",
        limits="; ".join(_said(check) for check in checks),
        chart=charts.draw(Plot(name, first, end_, points, limits, rules, _phases(drawn), marks)),
    )


def _said(check: GateMetric) -> str:
    words = [
        ("fail", check.fail_unless),
        ("fail at once", check.fail_at_once),
        ("warn", check.warn_unless),
    ]
    told = ", ".join(f"{word} unless {text}" for word, text in words if text)
    return f"{check.gate}: {told}"


def _limits(checks: Sequence[GateMetric]) -> list[Limit]:
    """The limits of a KPI, those of a warning before those of a failure."""
    found = sorted((e for check in checks for e in _expressions(check)), key=_hardness)
    return [Limit(e.limit, _SIDES.get(e.symbol, 0), kind) for kind, e in found]


def _hardness(found: tuple[str, Expression]) -> bool:
    return found[0] == "fail"


def _expressions(check: GateMetric) -> list[tuple[str, Expression]]:
    """The thresholds of a check that are numbers."""
    kinds = ("warn", "fail")
    return [(kind, e) for kind in kinds for e in expressions([check], f"{kind}_unless")]


def _side(limits: Sequence[Limit], value: float) -> Verdict:
    broken = [x for x in limits if x.bad * (value - x.value) > 0]
    return worst([Verdict(x.kind.upper()) for x in broken])


def _drifts(trends: Sequence[KpiTrend]) -> dict[str, Drifting]:
    return {
        one.name: Drifting(one.whole.slope, drift_text(one.name, one.whole.drift)) for one in trends
    }


def _edge(lane: ReportLane) -> Chart | None:
    """Where the edge went, over the graded iterations and weighted by their volume."""
    names = [*COMPONENTS, "net_bps"]
    rows = [
        (one.kpis.get("volume_quote") or 1.0, [one.kpis.get(name) for name in names])
        for one in lane.iterations
        if one.graded
    ]
    kept = [(w, [v for v in row if v is not None]) for w, row in rows]
    kept = [(w, row) for w, row in kept if len(row) == len(names)]
    total = fsum(weight for weight, _ in kept)
    if not total:
        return None
    means = [fsum(w * row[n] for w, row in kept) / total for n in range(len(names))]
    steps = list(zip(COMPONENTS.values(), means, strict=False))
    return charts.waterfall(steps, ("net", means[-1]), "edge in bps of volume")


def _blocks(counts: Mapping[str, int]) -> list[Block]:
    total = sum(counts.values())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Block(why, n, 100.0 * n / total) for why, n in ranked if n]


def _parameter(name: str, drawn: Sequence[Group], made: Sequence[Change]) -> KpiChart:
    points = [group.override(name) for group in drawn]
    marks = []
    for n, change in sorted(_newest(name, drawn, made).items()):
        group, value = drawn[n], points[n].value
        if value is not None:
            told = (
                f"{number(change.before)} to {number(change.after)}, {change.by}: {change.reason}"
            )
            title = f"{group.name}: {told}" if group.single else ""
            marks.append((group.first - 0.5, value, change.by, title))
    plot = Plot(
        name,
        drawn[0].first,
        drawn[-1].last,
        points,
        spans=_states(drawn),
        marks=marks,
        steps=True,
        height=110.0,
    )
    return KpiChart(name, "", points[-1].value, "", "", charts.draw(plot))


def _newest(name: str, drawn: Sequence[Group], made: Sequence[Change]) -> dict[int, Change]:
    """By group, the newest change of a parameter; one of a phase only where there is no other."""
    starts = [group.first for group in drawn]
    newest: dict[int, Change] = {}
    for change in made:
        if change.parameter == name:
            n = bisect_right(starts, change.iteration) - 1
            if change.by != PHASE or newest.get(n, change).by == PHASE:
                newest[n] = change
    return newest

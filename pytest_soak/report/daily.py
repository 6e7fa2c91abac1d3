"""The report of a day as Markdown, made from its JSON: no number here that is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pytest_soak.artifacts.daily_models import DailyFigure, DailyLane, DailyReport
from pytest_soak.report.markdown import safe, table
from pytest_soak.text import number, setting

_BESIDE = ("day", "day before", "median before", "days")
_NOT_REPORTED = "not reported"


def daily_lines(report: DailyReport, following: str) -> Iterator[str]:
    """What to print: the criteria that are no PASS, then the verdict, and what is next."""
    for one in report.criteria:
        told = f": {one.told[-1]}" if one.told else ""
        yield f"{one.verdict or 'n/a '}  {one.lane}, {one.name} {one.state}{told}"
    earned = report.figures.get("net_quote")
    net = f", net {number(earned.value)} quote" if earned is not None else ""
    why = f": {'; '.join(report.reasons)}" if report.reasons else ""
    told = f"daily of {report.date}{net}, health {report.health or 'not known'}"
    yield f"{report.verdict}: {told}{why}; next: {following}"


def _told(value: float | None) -> str:
    """All digits that the JSON has, but for those of a whole number behind its point."""
    return "no value" if value is None else setting(value)


def daily_text(report: DailyReport) -> str:
    """daily/YYYY-MM-DD.md."""
    return "\n".join([*_daily(report), ""])


def _daily(report: DailyReport) -> Iterator[str]:
    part = "" if report.complete else ", incomplete"
    yield f"# {report.verdict}: {report.date} of {safe(report.plan)}{part}"
    yield ""
    yield f"Target {safe(report.source)}, health {report.health or 'not known'};"
    yield f"share of the day that is covered: {_told(report.coverage)}."
    yield ""
    yield from (f"- {safe(reason)}" for reason in report.reasons)
    if report.reasons:
        yield ""
    if report.figures:
        yield from _sections(report)
    yield f"Run: `{report.run}`"


def _sections(report: DailyReport) -> Iterator[str]:
    yield from _section("Money and pipeline", _figures("figure", report.figures))
    yield from _section("Stages", _stages(report))
    yield from _section("Blocks by reason", _counts("reason", report.blocks))
    yield from _section("Errors by code", _counts("code", report.errors))
    yield from _section("Stop criteria", _criteria(report))
    yield from _section("Gaps", _gaps(report))
    yield from _section("Lanes", _lanes(report))


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield from lines
    yield ""


def _counts(name: str, counts: Mapping[str, DailyFigure] | None) -> Iterator[str]:
    if counts is None:
        yield f"{_NOT_REPORTED.capitalize()}."
    elif not counts:
        yield "None."
    else:
        yield from _figures(name, counts)


def _figures(name: str, figures: Mapping[str, DailyFigure]) -> Iterator[str]:
    rows = [(safe(name), *_cells(figure)) for name, figure in figures.items()]
    yield from table([(name, *_BESIDE), *rows])


def _cells(figure: DailyFigure) -> tuple[str, ...]:
    values = (figure.value, figure.day_before, figure.median)
    return (*map(_told, values), str(figure.days))


def _stages(report: DailyReport) -> Iterator[str]:
    if not report.stages:
        yield "No ticks."
        return
    rows = [
        (
            safe(name),
            quantile,
            *_cells(getattr(stage, quantile)),
            *(
                (_told(stage.locked_p95_ms), _told(stage.change_pct))
                if quantile == "p95_ms"
                else ("", "")
            ),
        )
        for name, stage in report.stages.items()
        for quantile in ("p50_ms", "p95_ms", "p99_ms")
    ]
    yield from table([("stage", "quantile", *_BESIDE, "locked", "change, %"), *rows])
    yield ""
    if report.lock is None:
        yield "No lock."
        return
    for one in report.limits:
        told = f"{_told(one.current)}, must be {one.limit}, locked at {_told(one.locked)}"
        yield f"- {one.verdict}: {one.name} {safe(told)}"


def _criteria(report: DailyReport) -> Iterator[str]:
    if not report.criteria:
        yield "None in the plan."
        return
    rows = [
        (
            one.lane,
            one.name,
            one.metric,
            f"{one.action} if {one.limit} for {one.lasting}",
            one.verdict or "none",
            one.state,
            str(one.minutes),
            str(one.pending_minutes),
            _told(one.longest_minutes),
            str(one.no_data_minutes),
        )
        for one in report.criteria
    ]
    heads = ("lane", "name", "metric", "rule", "verdict", "state", "minutes judged")
    more = ("of them pending", "longest, min", "without a value")
    yield from table([(*heads, *more), *(tuple(map(safe, row)) for row in rows)])
    told = [line for one in report.criteria for line in one.told]
    if told:
        yield ""
        yield from (f"- {safe(line)}" for line in told)


def _gaps(report: DailyReport) -> Iterator[str]:
    if not report.gaps:
        yield "None."
        return
    rows = [(safe(one.lane), one.begin, one.end, _told(one.coverage)) for one in report.gaps]
    yield from table([("lane", "from", "to", "share covered"), *rows])


def _lanes(report: DailyReport) -> Iterator[str]:
    parts: Sequence[tuple[str, Sequence[DailyLane]]] = (
        ("best", report.best),
        ("worst", report.worst),
        (f"not ranked, fewer than {report.least_fills} fills", report.unranked),
    )
    rows = [
        (
            place,
            safe(one.lane),
            str(one.fills),
            _told(one.net_quote),
            safe(one.reason) if one.low is None else f"{_told(one.low)} to {_told(one.high)}",
        )
        for place, lanes in parts
        for one in lanes
    ]
    yield from table([("", "lane", "fills", "net_quote", "95 % interval"), *rows])

"""What a soak says at its end of the lanes: values beside limits, drift, money, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pytest_soak.artifacts.models import LaneOutcome
from pytest_soak.engine.record import LaneResult
from pytest_soak.gates.engine import DRIFT, Check, Verdict, badness, worst
from pytest_soak.gates.expressions import parse_share
from pytest_soak.kpi.definitions import kpi_order
from pytest_soak.report.fitted import Column, table_lines, wrapped
from pytest_soak.report.lane_table import ended, lane_table
from pytest_soak.text import brief, plural

INDENT = "      "
LANES_SHOWN = 30
_TOLD = 3
"""Reasons told of each of several lanes; its artifacts have all."""


class Line(NamedTuple):
    """A line of text, coloured by the verdict that it tells of."""

    text: str
    verdict: Verdict | None = None


def lane_closing(result: LaneResult, counted: str, width: int) -> Iterator[Line]:
    """A lane alone: each judged KPI beside its limit, with its margin and drift.

    `counted` are its iterations by verdict. One reason alone is left to the last line.
    """
    if result.verdict is None:
        yield Line(f"no verdict: {result.iterations} of {plural(result.planned, 'iteration')}")
        return
    note = result.judgement.note or "not judged"
    said = f"{result.target}: {', '.join(filter(None, (note, counted)))}"
    for text in wrapped(said, width, str(result.verdict), len(INDENT)):
        yield Line(text, result.verdict)
    rows = [_judged(check, result) for check in _tightest(result.judgement.checks)]
    if rows:
        yield from _table(rows, width)
    reasons = [reason for reason in result.reasons if not _in_table(reason, result)]
    for reason in [] if reasons == list(result.reasons[:1]) else reasons:
        yield from (Line(text) for text in wrapped(reason, width, INDENT, len(INDENT)))


def lanes_closing(
    outcomes: Sequence[LaneOutcome], targets: Iterable[str], judged: Iterable[str], width: int
) -> Iterator[Line]:
    """Lanes side by side, one row each, then why those that do not pass do not.

    `targets` are what was soaked, `judged` the KPIs of the gates. Of more than LANES_SHOWN only the
    worst are shown.
    """
    many = len(outcomes) > LANES_SHOWN
    shown = sorted(outcomes, key=_worst_first)[:LANES_SHOWN] if many else outcomes
    yield Line(f"{plural(len(outcomes), 'lane')}, {', '.join(dict.fromkeys(targets))}")
    heads, *rows = lane_table([ended(one) for one in shown], judged, width)
    yield Line(heads)
    yield from (Line(row, one.verdict) for row, one in zip(rows, shown, strict=True))
    if many:
        yield Line(f"and {plural(len(outcomes) - len(shown), 'lane')} no worse; the report has all")
    for one in shown:
        if one.verdict is not Verdict.PASS:
            for reason in one.reasons[:_TOLD]:
                yield from (Line(text) for text in wrapped(f"{one.lane}: {reason}", width))


def _worst_first(one: LaneOutcome) -> int:
    return -1 if one.verdict is None else -badness(one.verdict)


def _table(rows: Sequence[_Row], width: int) -> Iterator[Line]:
    columns = [
        Column("", [row.metric for row in rows], least=12),
        Column("value", [row.value for row in rows], number=True),
        Column("limit", [row.limit for row in rows]),
        Column("margin", [row.margin for row in rows], number=True),
        Column("drift/it", [row.drift for row in rows], spare=1),
    ]
    heads, *lines = table_lines(columns, width - len(INDENT))
    yield Line(INDENT + heads)
    for row, line in zip(rows, lines, strict=True):
        bad = None if row.verdict is Verdict.PASS else row.verdict
        yield Line((bad or "").ljust(len(INDENT)) + line, bad)


def _tightest(checks: Sequence[Check]) -> list[Check]:
    """Of each metric the check that is worst, or nearest to its limit."""
    found: dict[str, Check] = {}
    for check in checks:
        if check.metric.endswith(DRIFT):
            continue
        kept = found.get(check.metric)
        if kept is None or _strictness(check) > _strictness(kept):
            found[check.metric] = check
    return sorted(found.values(), key=lambda check: kpi_order(check.metric))


def _strictness(check: Check) -> tuple[int, float]:
    margin = _margin(check)
    return badness(check.verdict), 0.0 if margin is None else -margin


def _limit(check: Check) -> str:
    """The limit that a check missed, else the next one that it could."""
    if check.verdict is Verdict.FAIL or check.warn_unless is None:
        return check.fail_unless or check.hold_unless or check.warn_unless or ""
    if check.verdict is Verdict.PASS and check.fail_unless is not None:
        return check.fail_unless
    return check.warn_unless


def _margin(check: Check) -> float | None:
    """How far a value is on the good side of its limit; below 0 where it is not."""
    limit = _limit(check)
    if check.value is None or not limit:
        return None
    parsed = parse_share(limit)
    if parsed.percent or parsed.symbol in ("==", "!="):
        return None
    apart = check.value - parsed.limit
    return apart if parsed.symbol.startswith(">") else -apart


class _Row(NamedTuple):
    """A judged KPI at the end of a lane, as text."""

    verdict: Verdict
    metric: str
    value: str
    limit: str
    margin: str
    drift: str


def _judged(check: Check, result: LaneResult) -> _Row:
    limit, margin, drift = _limit(check), _margin(check), _drift(check.metric, result)
    only_warns = check.fail_unless is None and check.hold_unless is None
    shown = f"({limit})" if only_warns and limit else limit
    gap = "" if margin is None else f"{'+' if margin > 0 else ''}{brief(margin)}"
    verdict = check.verdict if drift is None else worst([check.verdict, drift.verdict])
    return _Row(verdict, check.metric, brief(check.value), shown, gap, _drifting_by(drift))


def _drift(metric: str, result: LaneResult) -> Check | None:
    """What is known of the drift of a KPI; None where its drift is not looked at."""
    found = (check for check in result.judgement.checks if check.metric == metric + DRIFT)
    return next(found, None)


def _drifting_by(drift: Check | None) -> str:
    if drift is None:
        return ""
    if drift.value is None:
        return "not known"
    return f"{drift.value:+.3g}" if drift.reason else "none seen"


def _in_table(reason: str, result: LaneResult) -> bool:
    """Whether a reason says no more than value and limit of a row."""
    return any(reason.startswith(f"{check.metric} = ") for check in result.judgement.checks)

"""A run in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_soak.artifacts.models import Comparison, LaneOutcome, RunResult
from pytest_soak.errors import one_line
from pytest_soak.gates.engine import Verdict


def plural(count: int, word: str) -> str:
    """`1 lane`, `2 lanes`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def verdict_line(result: RunResult) -> str:
    """What a run that is over says: its verdict, on what, and which lanes or runs are to blame."""
    unfinished = f"not finished: {', '.join(result.unfinished)}" if result.unfinished else ""
    if result.verdict is None:
        finished = sum(lane.verdict is not None for lane in result.lanes)
        return one_line(
            f"NO VERDICT: {plural(finished, 'lane')} finished; {unfinished or result.status}"
        )
    verdicts = {lane.lane: Verdict(lane.verdict) for lane in result.lanes if lane.verdict}
    if len(verdicts) == 1 and len(result.lanes) == 1:
        text = _of_one(result.lanes[0], result)
    else:
        tuned = sum(bool(lane.changed) for lane in result.lanes)
        text = of_several(verdicts, len(verdicts), _source(result), tuned)
    if result.verdict == Verdict.FAIL and Verdict.FAIL not in verdicts.values():
        text = f"FAIL: something beside the gates failed; {text}"
    return one_line(f"{text}; {unfinished}" if unfinished else text)


def of_several(verdicts: Mapping[str, Verdict], lanes: int, target: str, tuned: int) -> str:
    """How many of several lanes have which verdict, and which have the worst."""
    count = {v: sum(given is v for given in verdicts.values()) for v in Verdict}
    worst = max(verdicts.values(), key=list(Verdict).index, default=Verdict.PASS)
    counts = ", ".join(f"{number} {v}" for v, number in count.items() if number)
    bad = ", ".join(lane for lane, verdict in verdicts.items() if verdict is worst)
    whom = "" if worst is Verdict.PASS else f": {worst} {bad}"
    how = f" {tuned} of them as tuned, see TUNING_REPORT.json" if tuned else ""
    return f"{worst} for {lanes} lanes ({counts}, {target}){how}{whom}"


def difference_rows(comparison: Comparison) -> list[list[str]]:
    """Headings, then one row a judged KPI in which some lane differs."""
    heads = ["profile", "market", "kpi", "of", "pairs", "before", "after", "difference", "95 %"]
    rows = [heads]
    for found in comparison.kpis:
        if not found.judged or (found.mean == 0 and not found.half_width):
            continue
        low_high = "too few pairs"
        if found.half_width is not None:
            low_high = (
                f"{found.mean - found.half_width:+.4g} to {found.mean + found.half_width:+.4g}"
            )
        numbers = f"{found.before:.4g}", f"{found.after:.4g}", f"{found.mean:+.4g}"
        rows.append(
            [
                found.profile,
                found.market,
                found.kpi,
                found.measure,
                str(found.pairs),
                *numbers,
                low_high,
            ]
        )
    return rows


def _of_one(lane: LaneOutcome, result: RunResult) -> str:
    count = plural(lane.planned, "iteration")
    if lane.iterations != lane.planned:
        count = f"{lane.iterations} of {count}"
    why = "" if lane.verdict == Verdict.PASS or not lane.reasons else f": {lane.reasons[0]}"
    tuned = f" as tuned: {plural(len(lane.changed), 'parameter')} changed" if lane.changed else ""
    on = f"{lane.profile} on {lane.market}"
    return f"{lane.verdict} for {on} ({count}, {_source(result)}){tuned}{why}"


def _source(result: RunResult) -> str:
    return result.source + (", gate off" if result.gate_mode == "off" else "")


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of equal length in columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]

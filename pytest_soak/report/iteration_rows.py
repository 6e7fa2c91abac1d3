"""An iteration as a row for people: its KPIs, its verdict and a short note."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from pytest_soak.engine.control import TuningRecord
from pytest_soak.engine.record import IterationRecord
from pytest_soak.gates.engine import Check, Verdict, metrics_of
from pytest_soak.kpi.definitions import COMPONENTS
from pytest_soak.report.columns import GAP, Column, cells, fitting, label_of, tight
from pytest_soak.text import brief, plural
from pytest_soak.tuning.phases import Phase

COUNTER = 4
"""Characters of the number of an iteration."""
VERDICT = 8
"""Characters of a verdict."""
_NOTE = 24
"""Characters of a note that columns leave room for, on a screen that is wide enough."""
GRACE = "grace"


class Row(NamedTuple):
    """A row in three parts, of which the verdict is coloured."""

    figures: str
    verdict: str
    note: str


def roomy(columns: Sequence[Column], width: int) -> list[Column]:
    """The columns that a screen so wide has room for, beside verdict and note."""
    note = max(0, min(_NOTE, width - 2 * _NOTE))
    return fitting(columns, width - COUNTER - VERDICT - 2 * len(GAP) - note)


def heading(columns: Sequence[Column]) -> str:
    """The names of the columns."""
    labels = cells(column.label.rjust(column.width) for column in columns)
    return f"{'it':>{COUNTER}}{labels}{GAP}{'verdict':<{VERDICT}}{GAP}note"


def limits(columns: Sequence[Column], grace: int) -> str:
    """What the gate wants of each column, and of how many iterations it does not want it yet."""
    texts = cells(column.limit.rjust(column.width) for column in columns)
    told = "the first is grace" if grace == 1 else f"the first {grace} are grace"
    note = f"{' ' * VERDICT}{GAP}{told}" if grace else ""
    return f"{'':>{COUNTER}}{texts}{GAP}{note}".rstrip()


def row(record: IterationRecord, columns: Sequence[Column]) -> Row:
    """An iteration that was measured and judged."""
    values = cells(column.cell(record.summary.kpis) for column in columns)
    return Row(f"{record.iteration:>{COUNTER}}{values}", word(record), note(record, columns))


def word(record: IterationRecord) -> str:
    """The verdict; of an iteration that is not graded yet, why it is not."""
    if record.graded or record.verdict is Verdict.FAIL:
        return str(record.verdict)
    return GRACE if record.phase is Phase.STEADY else str(record.phase)


def note(record: IterationRecord, columns: Sequence[Column]) -> str:
    """What is the matter, in a few words: what missed its limit, what the tuner did or would.

    The value of what missed it is named where it has no column.
    """
    there = {column.metric for column in columns}
    missed = [_missed(check, there) for check in _bad(record)]
    if not record.graded and record.verdict is not Verdict.FAIL:
        missed = [_cold(record)] if record.phase is Phase.STEADY else []
    return ", ".join(filter(None, [*missed, *_tuned(record.tuning)]))


class Told(IntEnum):
    """How much is told of the tuner: nothing but what must be, its steps, or why it made them."""

    LITTLE = 0
    STEPS = 1
    REASONS = 2


def details(record: IterationRecord, tuner: Told) -> Iterator[str]:
    """What belongs beneath the row, with so much of the `tuner`."""
    yield from record.summary.faults
    yield from record.notes
    made = record.tuning
    if made.error is not None:
        yield made.error
    if made.panicked and made.lock is not None:
        yield f"panic: back to the last good overrides until iteration {made.lock.until}"
    if tuner is Told.REASONS:
        yield from (f"suggests: {text}" for text in made.rationale)
    elif tuner is Told.STEPS and made.suggested:
        yield f"suggests: {_steps(made.suggested)}"
    if tuner is not Told.LITTLE:
        yield from _done(made)


def _done(made: TuningRecord) -> Iterator[str]:
    by_guard: dict[str, list[str]] = {}
    for name, guard in made.suppressed.items():
        by_guard.setdefault(str(guard), []).append(name)
    yield from (f"stopped by {guard}: {', '.join(names)}" for guard, names in by_guard.items())
    if made.deltas:
        yield f"applied: {_steps(made.deltas)}"
    if made.frozen is not None and made.lock is not None:
        yield f"frozen until iteration {made.lock.until}: {made.lock.reason}"


def _steps(deltas: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {step:+g}" for name, step in deltas.items())


def _tuned(made: TuningRecord) -> list[str]:
    if made.panicked:
        return ["PANIC"]
    if made.thawed:
        return ["thawed by FAIL"]
    if made.frozen is not None and made.lock is not None:
        return [f"frozen until {made.lock.until}"]
    if made.deltas:
        return [f"{len(made.deltas)} applied"]
    return [plural(len(made.suggested), "suggestion")] if made.suggested else []


def _bad(record: IterationRecord) -> list[Check]:
    checks = metrics_of(record.judgement.checks).values()
    order = (Verdict.FAIL, Verdict.WARN)
    return [check for verdict in order for check in checks if check.verdict is verdict]


def _missed(check: Check, columns: Collection[str]) -> str:
    label = label_of(check.metric)
    if check.no_data:
        return f"{label}: no data"
    if check.metric not in columns:
        label = f"{label} {brief(check.value)}"
    limit = check.fail_unless if check.verdict is Verdict.FAIL else check.warn_unless
    return f"{label} not {tight(limit or check.fail_unless or '!= 0')}"


def _cold(record: IterationRecord) -> str:
    names = ", ".join(COMPONENTS.get(name, name.removesuffix("_bps")) for name in record.drivers)
    scenario = record.lane.scenario
    if scenario is not None and scenario.feed is not None:  # there the maker has learnt already
        return f"drivers: {names}" if names else ""
    return f"cold start: {names}" if names else "cold start"

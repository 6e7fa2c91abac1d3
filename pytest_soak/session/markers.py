"""Marker lines: one line an event, ASCII, `| tag | field | ... |`, made to be parsed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from pytest_soak.canonical import compact
from pytest_soak.engine.control import TuningRecord
from pytest_soak.engine.events import (
    Event,
    IterationFailed,
    IterationFinished,
    LaneFinished,
    Notice,
    PhaseChanged,
    StopFired,
)
from pytest_soak.engine.record import IterationRecord, LaneResult
from pytest_soak.errors import one_line
from pytest_soak.gates.engine import Judgement, Verdict
from pytest_soak.gates.sustained import Transition
from pytest_soak.kpi.definitions import HEADLINES
from pytest_soak.kpi.spans import is_own
from pytest_soak.text import NO_VALUE, utc
from pytest_soak.tuning.phases import Phase

_TAGGED = [headline for headline in HEADLINES if headline.tag]
SEED = "| seed | overrides | default_overrides.json |"


def marker_lines(event: Event, *, several_lanes: bool) -> list[str]:
    """The marker lines of an event."""
    if isinstance(event, IterationFinished):
        lines = _iteration(event.record)
    elif isinstance(event, PhaseChanged):
        gate = "warn" if event.phase is Phase.WARMUP else "normal"
        lines = [("warmup", "PHASE", f"iter={event.iteration} phase={event.phase} gate={gate}")]
    elif isinstance(event, StopFired):
        lines = [("stop", fired_text(event.fired))]
    elif isinstance(event, IterationFailed):
        lines = [("iter_watch", "FAILED", f"iter={event.iteration} cause={event.cause}")]
    elif isinstance(event, Notice):
        lines = [("iter_watch", "NOTE", event.text)]
    elif isinstance(event, LaneFinished) and event.result.verdict is not None:
        lines = [_final(event.result)]
    else:
        return []
    tail = (f"lane={event.lane}",) if several_lanes else ()
    return [marker(*fields, *tail) for fields in lines]


def marker(*fields: str) -> str:
    """One marker line; what would break its form is replaced."""
    return f"| {' | '.join(_clean(field) for field in fields)} |"


@lru_cache(maxsize=64)
def _clean(text: str) -> str:
    line = one_line(text).replace("|", "/")
    return line if line.isascii() else line.encode("ascii", "replace").decode("ascii")


def _iteration(record: IterationRecord) -> list[tuple[str, ...]]:
    kpis = record.summary.kpis
    lines: list[tuple[str, ...]] = [
        ("iter_watch", "NOTE", f"iter={record.iteration} {text}") for text in record.notes
    ]
    summary = (
        f"iter={record.iteration} phase={record.phase} net={_shown(kpis.get('net_bps'), '{:.2f}')} "
        f"drivers={list(record.drivers)} kpi={record.verdict}"
    )
    lines.append(("iter_watch", "SUMMARY", summary))
    lines += _tuning(record.tuning)
    told = f"{_kpis(kpis)}{_missed(record.judgement)}"
    lines.append(("kpi_gate", f"verdict={record.verdict}", told))
    return lines


def fired_text(fired: Transition) -> str:
    """Which criterion, its value, since when and when it fired."""
    value = _shown(fired.value, "{:.6g}")
    since, at = (utc(time) for time in (fired.since, fired.at))
    return f"criterion={fired.criterion} value={value} since={since} at={at}"


def _tuning(tuning: TuningRecord) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    if tuning.suggested:
        lines.append(("iter_watch", "SUGGEST", compact(_short(tuning.suggested))))
    lines += [("iter_watch", "RATIONALE", text) for text in tuning.rationale]
    if tuning.suppressed:
        stopped = {name: str(guard) for name, guard in tuning.suppressed.items()}
        lines.append(("iter_watch", "SUPPRESSED", compact(stopped)))
    if tuning.deltas:
        lines.append(("iter_watch", "APPLIED", compact(_short(tuning.deltas))))
    if tuning.error is not None:
        lines.append(("iter_watch", "ERROR", tuning.error))
    if tuning.thawed:
        lines.append(("iter_watch", "THAW", "reason=FAIL"))
    lock = tuning.lock
    if lock is not None and (tuning.frozen is not None or tuning.panicked):
        tag = "PANIC" if tuning.panicked else "FREEZE"
        text = f"from={lock.since} until={lock.until} reason={lock.reason}"
        lines.append(("iter_watch", tag, f"{text} signature={lock.signature}"))
    return lines


def _short(deltas: Mapping[str, float]) -> dict[str, float]:
    """Whole numbers without a fraction."""
    return {name: int(value) if value == int(value) else value for name, value in deltas.items()}


def _final(result: LaneResult) -> tuple[str, ...]:
    told = f"{_kpis(result.medians)} final=1{_missed(result.judgement)}"
    return ("kpi_gate", f"verdict={result.verdict}", told)


def _missed(judgement: Judgement) -> str:
    """Which metrics beside the headlines did not meet their limits, with their values, if any."""
    usual = {headline.name for headline in _TAGGED}
    checks = (x for x in judgement.checks if x.verdict is not Verdict.PASS)
    missed = {x.metric: x.value for x in checks if x.metric not in usual}
    told = [f"{name.replace(' ', '_')}:{_shown(x, '{:.4g}')}" for name, x in missed.items()]
    return f" missed={','.join(told)}" if told else ""


def _kpis(kpis: Mapping[str, float | None]) -> str:
    """The headlines, then a bot's own KPIs."""
    usual = [f"{x.tag}={_shown(kpis.get(x.name), x.tagged)}" for x in _TAGGED]
    own = [f"{name}={_shown(kpis[name], '{:.6g}')}" for name in kpis if is_own(name)]
    return " ".join([*usual, *own])


def _shown(value: float | None, form: str) -> str:
    return NO_VALUE if value is None else form.format(value)

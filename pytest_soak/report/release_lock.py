"""Reports of a lock and of what is held against it, each made from its JSON alone."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_soak.artifacts.lock_models import GatesStatus, LockCheck, LockReport
from pytest_soak.report.markdown import safe, table
from pytest_soak.text import plural

CHECK_HEADS = ("figure", "lock", "build", "change", "must be", "verdict", "reason")


def lock_text(report: LockReport) -> str:
    """BASELINE_LOCK_REPORT.md."""
    return "\n".join([*_lock(report), ""])


def _lock(report: LockReport) -> Iterator[str]:
    lock, design = report.lock, report.lock.design
    yield f"# Lock {lock.number} of {safe(report.plan)}"
    yield ""
    yield f"Target {safe(lock.source)} on {safe(design.market)}, {design.minutes} minutes on each"
    yield f"of the seeds {', '.join(map(str, design.seeds))}; candidate `{safe(lock.candidate)}`."
    if lock.replaces is not None:
        why = safe(lock.replaces.reason)
        yield f"It replaces lock {lock.replaces.number} (`{safe(lock.replaces.sha256)}`): {why}"
    yield ""
    rows = [
        (safe(name), str(one.p95_ms), str(one.rel_sd), ", ".join(map(str, one.runs)))
        for name, one in {**lock.baseline, "tick_total": lock.tick_total}.items()
    ]
    yield from table([("stage", "p95, ms", "relative sd", "p95 of each run, ms"), *rows])
    yield ""
    gates = lock.gates
    yield f"A build fails where it is shown to be slower by more than {gates.stage_p95_pct} % in a"
    yield f"stage or {gates.tick_total_p95_pct} % in all, and with a hit ratio below"
    yield f"{gates.hit_ratio_min} (locked: {lock.md_cache_hit_ratio}) or misses above"
    yield f"{gates.deadline_miss_max} (locked: {lock.deadline_miss_ratio}) in any run."
    yield ""
    if report.drift:
        yield f"Since lock {report.first}:"
        yield ""
        moved = [
            (safe(d.name), str(d.first_ms), str(d.now_ms), _or_none(d.change_pct))
            for d in report.drift
        ]
        yield from table([("stage", "then, ms", "now, ms", "change, %"), *moved])
        yield ""
    yield from (f"- {safe(note)}" for note in report.notes)
    yield f"File: `{report.path}`, `{report.sha256}`"


def drift_lines(report: LockReport) -> Iterator[str]:
    """What to print of how far successive locks have moved together."""
    for one in report.drift:
        if one.change_pct is not None:
            yield f"since lock {report.first}: {one.name} {one.change_pct:+.1f} %"


def status_text(status: GatesStatus) -> str:
    """CI_GATES_STATUS.md."""
    return "\n".join([*_status(status), ""])


def _status(status: GatesStatus) -> Iterator[str]:
    yield f"# {status.verdict}: {safe(status.plan)} against lock {status.lock}"
    yield ""
    yield f"Target {safe(status.source)} on {safe(status.market)}, {status.minutes} minutes on each"
    yield f"of the seeds {', '.join(map(str, status.seeds))}; candidate `{safe(status.candidate)}`."
    if status.same is not None:
        yield f"It was to do the same again, and did so in {status.same} runs."
    yield ""
    if status.checks:
        rows = [tuple(map(safe, check_cells(one))) for one in status.checks]
        yield from table([CHECK_HEADS, *rows])
        yield ""
    yield from (f"- {safe(line)}" for line in (*status.reasons, *status.notes))
    yield f"Lock: `{status.lock_sha256}`; run: `{safe(status.run or 'none')}`"


def check_line(one: LockCheck) -> str:
    """A limit that is missed, or of which nothing can be said."""
    return f"{one.name} must be {one.limit}: {one.reason or one.current}"


def status_lines(status: GatesStatus, following: str) -> Iterator[str]:
    """What to print: a line a check, then what the build came to, and what is next, if anything."""
    for one in status.checks:
        was, now = ("none" if x is None else f"{x:.6g}" for x in (one.locked, one.current))
        told = f" ({one.reason})" if one.reason else ""
        yield f"{one.verdict}  {one.name} = {now}, was {was}, must be {one.limit}{told}"
    yield from (f"NOTE: {note}" for note in status.notes)
    by = "exactly" if status.exact else "by how far runs lie apart"
    ran = status.run is not None
    how = f"{plural(len(status.seeds), 'run')}, {by}" if ran else "nothing was run"
    why = f": {status.reasons[0]}" if status.reasons else ""
    then = f"; next: {following}" if following else ""
    yield f"{status.verdict}: {status.plan} against lock {status.lock}, {how}{why}{then}"


def check_cells(one: LockCheck) -> tuple[str, ...]:
    """A check as a row under CHECK_HEADS, with all digits."""
    change = "" if one.change_pct is None else f"{one.change_pct} %"
    width = "" if one.half_width_pct is None else f" +- {one.half_width_pct} %"
    figures = (_or_none(one.locked), _or_none(one.current), change + width)
    return (one.name, *figures, one.limit, one.verdict, one.reason)


def _or_none(value: float | None) -> str:
    return "no value" if value is None else str(value)

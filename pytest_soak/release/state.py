"""The state of each step: a function of what the ledger says and what is there now. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pytest_soak.artifacts.ledger import Entry
from pytest_soak.release.record import Basis, happened_at
from pytest_soak.release.steps import (
    AB,
    DAILY,
    LAST_STAGE,
    LOCK,
    NO_AB,
    PLAN,
    PREP,
    ROLLBACK,
    STEPS,
    before,
)

_SHOWN = 12
_GOOD = ("PASS", "WARN", "PROMOTE")


class State(StrEnum):
    """How a step stands."""

    PENDING = "pending"
    READY = "ready"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    DONE = "done"
    FAILED = "failed"
    HELD = "held"
    ROLLED_BACK = "rolled back"
    STALE = "stale"
    BROKEN = "broken"


_BAD = {"FAIL": State.FAILED, "HOLD": State.HELD, "ROLLBACK": State.ROLLED_BACK}


class Changed(NamedTuple):
    """An input that is not what it was, each as its hash or version; None: there is none.

    `line` is that of the ledger on which a step says that it made it so.
    """

    name: str
    was: str | None
    now: str | None
    line: int | None = None

    def __str__(self) -> str:
        by = "" if self.line is None else f", by line {self.line} of the ledger"
        return f"{self.name} was {_shown(self.was)}, is {_shown(self.now)}{by}"


class StepState(NamedTuple):
    """How a step stands and why; `last` is its newest event, None of one never begun.

    `changed` is the first input that differs from what it was finished with.
    """

    step: str
    state: State
    reasons: tuple[str, ...] = ()
    changed: Changed | None = None
    last: Entry | None = None


class Present(NamedTuple):
    """What is there now.

    `inputs` are hashes by name of each step, `versions` of what would run it, `files` hashes by
    their paths below the release, of those that are there. `held` says that a process holds the
    lock, `pid` which, where that is known. `overturned` are steps whose verdict, derived anew, is
    another one. Evidence is stale after `max_age_hours` before `now`.
    """

    inputs: Mapping[str, Mapping[str, str]]
    versions: Mapping[str, str]
    files: Mapping[str, str]
    now: datetime
    held: bool = False
    pid: int | None = None
    max_age_hours: float | None = None
    overturned: Mapping[str, str] = {}


def states(entries: Sequence[Entry], present: Present) -> dict[str, StepState]:
    """Every step's state, in their order."""
    found: dict[str, StepState] = {}
    for step in STEPS:
        ahead = [s for s in found.values() if step not in without_ab(entries) or s.step != AB]
        waits = next((s for s in ahead if s.state is not State.DONE), None)
        found[step] = _state(step, entries, present, waits)
    return found


def without_ab(entries: Sequence[Entry]) -> tuple[str, ...]:
    """The steps that wait for no A/B, as the newest lock was said to need none."""
    begun = [entry for entry in entries if entry.event == "started"]
    lock = _last(LOCK, begun)
    return (LOCK, DAILY) if lock is not None and lock.plan.get(NO_AB) else ()


def basis(step: str, entries: Sequence[Entry], present: Present) -> Basis:
    """What a step would rest on now: its own inputs, and the files of the steps before it."""
    made = [path for one in before(step) for path in _outputs(one, entries)]
    files = {path: present.files.get(path, "") for path in made}
    back = _last(ROLLBACK, [entry for entry in entries if entry.verdict is not None])
    since = {"rollback": f"line {back.seq}"} if back is not None and step == PREP else {}
    return Basis({**present.inputs.get(step, {}), **files, **since}, present.versions)


def output_paths(entries: Sequence[Entry]) -> list[str]:
    """The files whose hashes decide, by their paths below the release."""
    return [path for step in STEPS for path in _outputs(step, entries)]


def _outputs(step: str, entries: Sequence[Entry]) -> Mapping[str, str]:
    finished = _last(step, [entry for entry in entries if entry.verdict is not None])
    return {} if finished is None else finished.outputs


def _last(step: str, entries: Sequence[Entry]) -> Entry | None:
    return next((entry for entry in reversed(entries) if entry.step == step), None)


def _state(
    step: str, entries: Sequence[Entry], present: Present, waits: StepState | None
) -> StepState:
    last = _last(step, entries)
    if last is not None and last.event in ("started", "interrupted"):
        return _unfinished(step, last, entries, present)
    if last is None or last.verdict is None or _goes_on(last):
        return _never(step, waits, (), last)
    changed = next(_changes(last, basis(step, entries, present), entries), None)
    told = _against(last, changed, present, waits)
    if broken := _broken(last, present):
        return StepState(step, State.BROKEN, broken, changed, last)
    if last.verdict in _GOOD:
        state = State.STALE if told else State.DONE
        return StepState(step, state, told or tuple(last.reasons), changed, last)
    if told and not is_final(last, present):
        return _never(step, waits, (f"{last.verdict} was of other inputs: {told[0]}",), last)
    return StepState(step, _BAD.get(last.verdict, State.FAILED), tuple(last.reasons), None, last)


def is_final(entry: Entry, present: Present) -> bool:
    """Whether an A/B rolled back the candidate that there is now: it is not tried again.

    Not for longer either: what the plan says of the stages' length is not asked.
    """
    same = {name: it for name, it in present.inputs.get(AB, {}).items() if name != PLAN}
    return (
        (entry.step, entry.verdict) == (AB, "ROLLBACK")
        and all(entry.inputs.get(name) == digest for name, digest in same.items())
        and entry.versions == present.versions
    )


def _goes_on(last: Entry) -> bool:
    """Whether a stage was promoted that is not the last one."""
    return last.step == AB and last.event == "promoted" and last.stage != LAST_STAGE


def _unfinished(step: str, last: Entry, entries: Sequence[Entry], present: Present) -> StepState:
    if present.held and last is entries[-1] and last.event == "started":
        who = "another process" if present.pid is None else f"process {present.pid}"
        return StepState(step, State.RUNNING, (who,), None, last)
    told = tuple(last.reasons) or ("its process ended before it was finished",)
    return StepState(step, State.INTERRUPTED, told, None, last)


def _never(
    step: str, waits: StepState | None, reasons: tuple[str, ...], last: Entry | None
) -> StepState:
    if waits is None:
        return StepState(step, State.READY, reasons, None, last)
    return StepState(step, State.PENDING, (*reasons, f"waits for {waits.step}"), None, last)


def _against(
    last: Entry, changed: Changed | None, present: Present, waits: StepState | None
) -> tuple[str, ...]:
    """Why what a step came to does not hold of what is there now."""
    told = [] if changed is None else [str(changed)]
    if waits is not None:
        told.append(f"step {STEPS.index(waits.step) + 1} ({waits.step}) is {waits.state}")
    if last.run is not None and present.max_age_hours is not None:
        told += _too_old(happened_at(last), present.now, present.max_age_hours)
    return tuple(told)


def _too_old(at: datetime | None, now: datetime, hours: float) -> Iterator[str]:
    if at is None:
        yield f"its evidence has no time, and max_age_hours is {hours:g}"
    elif (age := (now - at).total_seconds() / 3600) > hours:
        yield f"its evidence is {age:.1f} h old, max_age_hours is {hours:g}"


def _broken(last: Entry, present: Present) -> tuple[str, ...]:
    """The first file of a step that is not as it was written, or the verdict that is not so."""
    for path, digest in last.outputs.items():
        if path not in present.files:
            return (f"{path} is missing; run the step again",)
        if present.files[path] != digest:
            return (f"{path} was edited; restore it, or run the step again",)
    if last.step in present.overturned:
        anew = present.overturned[last.step]
        return (f"derived anew, the verdict is {anew}, not {last.verdict}; run the step again",)
    return ()


def _changes(last: Entry, now: Basis, entries: Sequence[Entry]) -> Iterator[Changed]:
    """What differs from what a step was finished with: its inputs in order, then versions."""
    inputs = [last.inputs, now.inputs]
    versions = [
        {f"{name} version": version for name, version in of.items()}
        for of in (last.versions, now.versions)
    ]
    for was, present in (inputs, versions):
        for name in dict.fromkeys([*present, *was]):
            if was.get(name) != present.get(name):
                digest = present.get(name) or None
                yield Changed(name, was.get(name), digest, _made_by(name, digest, entries))


def _made_by(name: str, digest: str | None, entries: Sequence[Entry]) -> int | None:
    if digest is None:
        return None
    made = (e.seq for e in reversed(entries) if e.outputs.get(name) == digest)
    return next(made, None)


def _shown(digest: str | None) -> str:
    return "missing" if not digest else digest[:_SHOWN]


def status(found: Mapping[str, StepState]) -> int:
    """The exit status: 0 all done, 1 one failed or was rolled back, else 3."""
    stand = {one.state for one in found.values()}
    if stand & {State.FAILED, State.ROLLED_BACK}:
        return 1
    return 0 if stand == {State.DONE} else 3

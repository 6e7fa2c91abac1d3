"""What the measured steps of a release have in common: what must be done before, and their run."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pytest_soak.ab.arms import Arm
from pytest_soak.artifacts.ledger import Entry
from pytest_soak.artifacts.stored_run import StoredRun, run_in
from pytest_soak.clock import Clock
from pytest_soak.commands.release_place import Place, Say, Worked, command, present
from pytest_soak.commands.release_rollback import finish_rollback
from pytest_soak.config.names import user_path
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.gates.model import Gate
from pytest_soak.release.adopt import adopt, check_adoptable
from pytest_soak.release.child import INTERRUPTED, run_pytest
from pytest_soak.release.choice import Choice
from pytest_soak.release.evidence import Wanted
from pytest_soak.release.hashes import file_hashes
from pytest_soak.release.judged import STATUS
from pytest_soak.release.layout import RUNS
from pytest_soak.release.record import Outcome, Record
from pytest_soak.release.session import Session, arguments
from pytest_soak.release.state import State, basis, states, without_ab
from pytest_soak.release.steps import AB, NO_AB, PREP, ROLLBACK, before
from pytest_soak.storage.files import write_text
from pytest_soak.storage.links import plain
from pytest_soak.storage.lock import locked

T = TypeVar("T")
_STORED = ("RESULT.json", "journal", "ITER_SUMMARY_final.json")
_REFUSED = 4
"""pytest's exit status of a usage error."""


class Measured(NamedTuple):
    """What a run came to: the outcome, its files, and what there is to say of it."""

    outcome: Outcome
    lines: Sequence[str]
    document: dict[str, object]


class Step(NamedTuple):
    """A measured step: its session, what its run has to be of, what is made of that.

    `plan` is what else was chosen for it. With `given` there is no session: that run is taken.
    """

    name: str
    session: Session
    wanted: Wanted
    judge: Callable[[StoredRun], Measured]
    plan: Mapping[str, Any] = {}
    given: StoredRun | None = None


def run_folder(place: Place, step: str) -> Path:
    """The artifact root of a step's runs."""
    return place.directory / RUNS / step


def check_before(
    place: Place, step: str, entries: Sequence[Entry], clock: Clock, *, no_ab: bool = False
) -> None:
    """Raise SoakUsageError where a step before this one is not done, the A/B but for `no_ab`."""
    found = states(entries, present(place, entries, clock))
    spared = (AB,) if no_ab or step in without_ab(entries) else ()
    for one in before(step):
        if found[one].state is not State.DONE and one not in spared:
            why = f": {found[one].reasons[0]}" if found[one].reasons else ""
            told = f"step {one} is {found[one].state}{why}; {command(one)} first"
            raise SoakUsageError(command(step), one_line(told))


def carry_out(
    place: Place,
    step: Step,
    more: Sequence[str],
    clock: Clock,
    say: Say,
    *,
    quiet: bool,
    first: Callable[[], None] = lambda: None,
) -> Measured | None:
    """Run the session of a step and record what it came to; None where it was interrupted.

    `first` is done before it. With `quiet` the session writes to standard error. Raises
    SoakUsageError where the run is no evidence; the step was interrupted then, or, where the run
    was made elsewhere, never begun.
    """
    finish_rollback(place, clock, say)
    place.home.mkdir(parents=True, exist_ok=True)
    with locked(place.home):
        record = Record(place.directory, clock, say)
        check_before(place, step.name, record.entries, clock, no_ab=NO_AB in step.plan)
        rests = basis(step.name, record.entries, present(place, record.entries, clock))
        resumes = _can_resume(step, record.entries, rests)
        way = _way(place, step, more, resumes=resumes, quiet=quiet)
        first()
        say(one_line(way.line))
        record.begin(step.name, rests, **step.plan)
        status = way.go()
        if _rolled_back(record):
            reasons = ["rolled back meanwhile"]
            record.finish(step.name, rests, Outcome("ROLLBACK", reasons))
            line = f"ROLLBACK: {step.name}: {reasons[0]}; next: {command(PREP)}"
            return Measured(Outcome("ROLLBACK", reasons), [line], {"verdict": "ROLLBACK"})
        if status in (INTERRUPTED, _REFUSED):
            record.interrupt(step.name, rests)
            return None
        run = run_in(step.session.directory)
        measured = step.judge(run)
        kept = file_hashes(place.directory, evidence_paths(place, run))
        outcome = measured.outcome._replace(
            outputs={**measured.outcome.outputs, **kept},
            run=run.folder.relative_to(place.directory).as_posix(),
        )
        record.finish(step.name, rests, outcome)
        return measured._replace(outcome=outcome)


def read_and_write(
    place: Place,
    step: str,
    clock: Clock,
    say: Say,
    read: Callable[[], T],
    write: Callable[[T], Measured],
) -> Measured:
    """Carry out a step that has no session, and record what it came to.

    What `read` raises leaves the step as it was.
    """
    place.home.mkdir(parents=True, exist_ok=True)
    finish_rollback(place, clock, say)
    with locked(place.home):
        record = Record(place.directory, clock, say)
        check_before(place, step, record.entries, clock)
        rests = basis(step, record.entries, present(place, record.entries, clock))
        found = read()
        record.begin(step, rests)
        measured = write(found)
        record.finish(step, rests, measured.outcome)
    return measured


def run_given(typed: str | None, folder: Path) -> StoredRun | None:
    """The run that `--from` names; SoakUsageError where there is none."""
    return None if typed is None else run_in(user_path(typed, folder, "--from"))


class _Way(NamedTuple):
    """How a step gets its run: a line that says it, and what does it, which returns a status."""

    line: str
    go: Callable[[], int]


def _way(place: Place, step: Step, more: Sequence[str], *, resumes: bool, quiet: bool) -> _Way:
    if step.given is not None:
        return _adopted(step.given, step, more)
    given = arguments(step.session, place.choice.folder, more, resume=resumes)
    output = sys.stderr if quiet else None
    return _Way(
        f"python -m pytest {shlex.join(given)}",
        lambda: run_pytest(given, place.choice.folder, output),
    )


def _adopted(run: StoredRun, step: Step, more: Sequence[str]) -> _Way:
    """A run that was made elsewhere; SoakUsageError where it is not what is wanted."""
    if more:
        raise SoakUsageError("--from", f"starts no session, so {more[0]!r} can go nowhere")
    check_adoptable(run, step.wanted)

    def copy() -> int:
        adopt(run, step.session.directory)
        return 0

    return _Way(f"taken from {run.given}", copy)


def check_usable(place: Place, *needed: str) -> None:
    """Raise the problem of the first of what is needed that has one."""
    for what in needed:
        if what in place.choice.problems:
            raise place.choice.problems[what]


def candidate_of(place: Place, *needed: str) -> Arm:
    """The candidate; the problem of the first of what else is needed where there is one."""
    check_usable(place, "target", "config", "control", "candidate", *needed)
    assert place.choice.candidate is not None
    return place.choice.candidate


def wanted(choice: Choice, session: Session, gates: tuple[Gate, ...] | None) -> Wanted:
    """What a run of a session has to be of, to be judged by gates that could be read."""
    assert gates is not None
    assert choice.bot is not None
    return Wanted(
        target=session.plan.target,
        version=choice.bot.version,
        market=session.plan.market,
        seeds=session.seeds,
        iterations=session.iterations,
        minutes=session.minutes,
        overrides=session.arm.overrides,
        flags=session.arm.flags,
        gates=gates,
    )


def say_dry(
    place: Place, step: Step, more: Sequence[str], paths: Sequence[str], clock: Clock, say: Say
) -> Worked:
    """Say the session's command, and every file that would be written."""
    entries = Record(place.directory, clock, say, only_read=True).entries
    check_before(place, step.name, entries, clock, no_ab=NO_AB in step.plan)
    given = [] if step.given else arguments(step.session, place.choice.folder, more)
    line = _way(place, step, more, resumes=False, quiet=True).line
    say(one_line(f"would be {line}" if step.given else f"would run {line}"))
    for path in paths:
        say(one_line(f"would write {place.directory / path}"))
    return Worked(0, {"step": step.name, "arguments": given, "files": list(paths)})


def answer(step: str, measured: Measured | None, say: Say) -> Worked:
    """Say what a step came to, and its exit status."""
    if measured is None:
        say(f"interrupted: {step}; the same command goes on: {command(step)}")
        return Worked(2, {"step": step, "verdict": None})
    for line in measured.lines:
        say(one_line(line))
    return Worked(STATUS[measured.outcome.verdict], measured.document)


def put(place: Place, path: str, text: str) -> None:
    """Write a file of the release, whole or not at all."""
    file = plain(place.directory, place.directory / path)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, text, durable=True)


def _rolled_back(record: Record) -> bool:
    """Whether there is a rollback behind the beginning of the step that is under way."""
    begun = len(record.entries)
    record.catch_up()
    return any(entry.step == ROLLBACK for entry in record.entries[begun:])


def _can_resume(step: Step, entries: Sequence[Entry], rests: object) -> bool:
    """Whether the newest event of the step is one of a run of the same inputs that is not over."""
    last = next((entry for entry in reversed(entries) if entry.step == step.name), None)
    begun = last is not None and last.verdict is None
    return begun and (step.session.directory / "latest").is_dir()


def evidence_paths(place: Place, run: StoredRun) -> list[str]:
    """The files of a run on which its verdict rests, by their paths below the release."""
    found = [path for name in _STORED for path in run.folder.rglob(name)]
    found += [path for feeds in run.folder.rglob("feeds") for path in feeds.rglob("*.jsonl*")]
    return sorted(path.relative_to(place.directory).as_posix() for path in set(found))

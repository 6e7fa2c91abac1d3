"""`pytest-soak release prep`: may a release begin, and to what would it be rolled back."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.ledger import LEDGER
from pytest_soak.artifacts.release_models import FlagsSnapshot, PrepCheck, PrepLog
from pytest_soak.clock import Clock
from pytest_soak.commands.release_place import (
    Asked,
    Place,
    Say,
    Worked,
    command,
    open_place,
    present,
)
from pytest_soak.commands.release_rollback import finish_rollback
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.release.choice import Choice
from pytest_soak.release.hashes import file_hashes
from pytest_soak.release.inputs import versions
from pytest_soak.release.layout import IGNORED, PREP_LOG, PREP_TEXT, SNAPSHOTS
from pytest_soak.release.prep import checks, notes
from pytest_soak.release.record import AT, HOME, Outcome, Record
from pytest_soak.release.snapshot import (
    Kept,
    differences,
    read_files,
    snapshot_of,
    snapshot_paths,
    write_snapshot,
    write_unless_same,
)
from pytest_soak.release.state import basis, is_final
from pytest_soak.release.steps import PREP, SHADOW
from pytest_soak.report.release import prep_text
from pytest_soak.storage.files import sweep, write_text, writing
from pytest_soak.storage.links import plain
from pytest_soak.storage.lock import locked
from pytest_soak.text import plural

_MB = 1e6


def prep(
    asked: Asked, dry: bool, env: Mapping[str, str], folder: Path, clock: Clock, say: Say
) -> Worked:
    """Check the plan and all it names, and keep the configuration in use.

    Exit status 0 where all is as required, else 1. `dry` only says what is found. Raises
    SoakUsageError for a plan that cannot be read, ArtifactError where a file cannot be written.
    """
    place = open_place(asked, env, folder)
    free = _free_mb(place.directory)
    found = checks(place.choice, free, _rolled_back(place, clock, say))
    if dry:
        return _only_said(place, found, {"free_mb": free}, say)
    _make(place)
    finish_rollback(place, clock, say)
    with locked(place.home):
        for folder in _written(place.directory):
            sweep(plain(place.directory, folder))
        record = Record(place.directory, clock, say)
        rests = basis(PREP, record.entries, present(place, record.entries, clock))
        record.begin(PREP, rests)
        meta = {**machine(), AT: clock.now().isoformat(), "free_mb": free}
        log, paths = _kept(place, found, meta)
        outputs = file_hashes(place.directory, [*paths, *_report(place, log)], anew=True)
        record.finish(PREP, rests, Outcome(log.verdict, _reasons(log), outputs))
    _say(log, say)
    return _answer(PrepLog.model_validate_json((place.directory / PREP_LOG).read_bytes()))


def _rolled_back(place: Place, clock: Clock, say: Say) -> int | None:
    """The newest line of the ledger on which this candidate was rolled back."""
    entries = Record(place.directory, clock, say, only_read=True).entries
    now = present(place, entries, clock)
    return next((e.seq for e in reversed(entries) if is_final(e, now)), None)


def _only_said(
    place: Place, found: Sequence[PrepCheck], meta: Mapping[str, Any], say: Say
) -> Worked:
    """Say what is found, and every file that would be written."""
    snapshot, _, found = _prepared(place.choice, found, meta)
    kept = [] if snapshot is None else snapshot_paths(snapshot)
    for path in (f"{HOME}/{LEDGER}", *kept, PREP_LOG, PREP_TEXT):
        say(one_line(f"would write {place.directory / path}"))
    log = _log(place.choice, found, snapshot, meta)
    _say(log, say)
    return _answer(log)


def _make(place: Place) -> None:
    """The folder of the release; a new one lets a locked baseline into version control."""
    ignore = plain(place.directory, place.directory / ".gitignore")
    if _is_new(place.directory) and not ignore.exists():
        write_text(ignore, IGNORED)
    with writing(place.home):
        plain(place.directory, place.home).mkdir(parents=True, exist_ok=True)


def _is_new(directory: Path) -> bool:
    """Whether nothing is in a folder, but what a process that was killed may have left."""
    if not directory.exists():
        return True
    return all(path.name.startswith(".") for path in directory.iterdir())


def _written(directory: Path) -> list[Path]:
    """The folders in which a process that was killed may have left halves of files."""
    snapshots = sorted((directory / SNAPSHOTS).glob("*/"))
    return [directory, directory / HOME, (directory / PREP_LOG).parent, *snapshots]


def _free_mb(directory: Path) -> float:
    """What is free where a folder is, or will be."""
    there = next(path for path in (directory, *directory.parents) if path.exists())
    return shutil.disk_usage(there).free / _MB


def _kept(
    place: Place, found: Sequence[PrepCheck], meta: Mapping[str, Any]
) -> tuple[PrepLog, list[str]]:
    """The log, and the files of the snapshot, which is written where nothing failed."""
    snapshot, files, found = _prepared(place.choice, found, meta)
    if snapshot is None:
        return _log(place.choice, found, None, meta), []
    paths = write_snapshot(place.directory, snapshot, files)
    differs = differences(place.directory, snapshot, place.choice.files)
    return _log(place.choice, [*found, _snapshot_check(differs)], snapshot, meta), paths


def _prepared(
    choice: Choice, found: Sequence[PrepCheck], meta: Mapping[str, Any]
) -> tuple[FlagsSnapshot | None, list[Kept], Sequence[PrepCheck]]:
    """The snapshot with its files, None where a check failed; and the checks."""
    if _failed(found) or choice.control is None or choice.bot is None:
        return None, [], found
    try:
        files = read_files(choice.files)
    except SoakUsageError as error:
        return None, [], [*found, _snapshot_check([str(error)])]
    flags, target = choice.bot.tables.flags, choice.plan.target
    told = versions(choice)
    return snapshot_of(choice.control, flags, files, target, told, meta), files, found


def _snapshot_check(differs: Sequence[str]) -> PrepCheck:
    return PrepCheck(
        what="snapshot",
        verdict="FAIL" if differs else "PASS",
        value=one_line("; ".join(differs)) if differs else "read back, the same",
        requirement="written, and equal to the files in use when it is read back",
        source="the folder of the release",
    )


def _log(
    choice: Choice,
    found: Sequence[PrepCheck],
    snapshot: FlagsSnapshot | None,
    meta: Mapping[str, Any],
) -> PrepLog:
    failed = _failed(found)
    return PrepLog(
        source=choice.plan.target,
        verdict="FAIL" if failed else "PASS",
        plan=choice.plan.source,
        checks=list(found),
        notes=notes(choice),
        config_sha256=None if failed or snapshot is None else snapshot.config_sha256,
        versions=versions(choice),
        meta=dict(meta),
    )


def _report(place: Place, log: PrepLog) -> list[str]:
    """Write the log, and its text from what was written; their paths."""
    write_unless_same(place.directory, PREP_LOG, log.data())
    written = PrepLog.model_validate_json((place.directory / PREP_LOG).read_bytes())
    text = plain(place.directory, place.directory / PREP_TEXT)
    write_text(text, prep_text(written), durable=True)
    return [PREP_LOG, PREP_TEXT]


def _failed(found: Sequence[PrepCheck]) -> list[PrepCheck]:
    return [check for check in found if check.verdict == "FAIL"]


def _reasons(log: PrepLog) -> list[str]:
    return [f"{c.what}: {c.value}, asked for: {c.requirement}" for c in _failed(log.checks)]


def _say(log: PrepLog, say: Say) -> None:
    for check in log.checks:
        told = f"{check.verdict}  {check.what}: {check.value} ({check.requirement}; {check.source})"
        say(one_line(told))
    for note in log.notes:
        say(one_line(note))
    failed = _failed(log.checks)
    first = f"{failed[0].what}: {failed[0].value}" if failed else ""
    why = f", {len(failed)} failed: {first}" if failed else ""
    then = f"mend that, then {command(PREP)}" if failed else command(SHADOW)
    count = plural(len(log.checks), "check")
    say(one_line(f"{log.verdict}: prep of {log.plan}, {count}{why}; next: {then}"))


def _answer(log: PrepLog) -> Worked:
    return Worked(1 if log.verdict == "FAIL" else 0, log.data())

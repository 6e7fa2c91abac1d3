"""`pytest-soak release rollback`: the red button, back to the configuration that prep kept."""

from __future__ import annotations

import getpass
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pytest_soak.artifacts.ledger import Entry
from pytest_soak.clock import Clock
from pytest_soak.commands.release_place import Asked, Place, Say, Worked, command, open_place
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.release.inputs import versions
from pytest_soak.release.record import Basis, Outcome, Record
from pytest_soak.release.restore import (
    Restored,
    changed,
    find_snapshot,
    put_back,
    restored,
    safe_values,
    stage,
)
from pytest_soak.release.snapshot import config_digest, read_files
from pytest_soak.release.steps import PREP, ROLLBACK
from pytest_soak.storage.lock import locked
from pytest_soak.text import plural

RESTART_SECONDS = 60
SAFE_VALUES = "safe values"
"""Where a rollback goes to that is none to a snapshot: every flag at its safe value."""
_LOCK = "rollback"


class Back(NamedTuple):
    """A rollback that is to be: to a snapshot, by its hash, or to SAFE_VALUES; its files."""

    to: str
    files: Sequence[Restored]


def rollback(
    asked: Asked,
    to: str | None,
    reason: str,
    env: Mapping[str, str],
    folder: Path,
    clock: Clock,
    say: Say,
    *,
    dry: bool = False,
    flags_off: bool = False,
) -> Worked:
    """Put the files of a snapshot back, and start the bot anew by the plan's `restart_cmd`.

    With `flags_off` no snapshot is put back: every flag goes to its safe value. It needs no step
    but prep, and may be done while another step runs. Exit status 0, or 1 where the bot could not
    be started anew. Raises SoakUsageError for a snapshot that is not there or was changed,
    ArtifactError where a file cannot be written.
    """
    place = open_place(asked, env, folder)
    if flags_off and to is not None:
        raise SoakUsageError("--flags-off", "goes to no snapshot; leave --to away")
    back = _back(place, SAFE_VALUES if flags_off else to)
    if dry:
        for one in changed(back.files):
            say(one_line(f"would put back {one.name}"))
        return Worked(0, {"to": back.to, "files": [one.name for one in changed(back.files)]})
    place.home.mkdir(parents=True, exist_ok=True)
    return go_back(place, back, reason, clock, say)


def go_back(place: Place, back: Back, reason: str, clock: Clock, say: Say) -> Worked:
    """Carry out a rollback; errors as of `rollback`."""
    begun = clock.monotonic()
    with locked(_lock(place)):
        record = Record(place.directory, clock, say)
        rests = Basis({}, versions(place.choice))
        stage(back.files)
        plan: dict[str, Any] = {
            "from": _in_use(place),
            "to": back.to,
            "files": [one.name for one in changed(back.files)],
            "reason": reason,
            "by": getpass.getuser(),
        }
        record.begin(ROLLBACK, rests, **plan)
        done = _finish(place, back.files, plan, _Told(record, clock, begun, say))
    say(one_line(_told(done["failed"], back.to, len(plan["files"]), done["seconds"])))
    return Worked(1 if done["failed"] else 0, done)


def _in_use(place: Place) -> str | None:
    """The hash of the configuration in use; None of one that cannot be used."""
    if place.choice.control is None:
        return None
    try:
        return config_digest(place.choice.control, read_files(place.choice.files))
    except SoakUsageError:
        return None


def to_snapshot(place: Place) -> Back:
    """The way to the newest snapshot; errors as of `rollback`."""
    return _back(place, None)


def _back(place: Place, to: str | None) -> Back:
    if to == SAFE_VALUES:
        return Back(SAFE_VALUES, [safe_values(place.choice)])
    snapshot = find_snapshot(place.directory, to)
    files = restored(place.directory, snapshot, place.choice.folder)
    return Back(snapshot.config_sha256, files)


def finish_rollback(place: Place, clock: Clock, say: Say) -> None:
    """Bring a rollback to its end that was begun, and whose process is gone."""
    if _unfinished(Record(place.directory, clock, say, only_read=True).entries) is None:
        return
    with locked(_lock(place)):
        record = Record(place.directory, clock, say)
        begun = _unfinished(record.entries)
        if begun is None:
            return
        files = _back(place, begun.plan["to"]).files
        stage(files)
        _finish(place, files, begun.plan, _Told(record, clock, clock.monotonic(), say))
        say(one_line(f"finished the rollback that was begun on line {begun.seq} of the ledger"))


def _unfinished(entries: Sequence[Entry]) -> Entry | None:
    last = next((entry for entry in reversed(entries) if entry.step == ROLLBACK), None)
    return None if last is None or last.event != "started" else last


def _lock(place: Place) -> Path:
    """A lock of the configuration's own."""
    folder = place.home / _LOCK
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class _Told(NamedTuple):
    """Where a rollback is told of, and when it was begun, by the clock's seconds."""

    record: Record
    clock: Clock
    begun: float
    say: Say


def _finish(
    place: Place, files: Sequence[Restored], plan: Mapping[str, Any], told: _Told
) -> dict[str, Any]:
    """Put staged files back, look at them again, start the bot anew; what is on the ledger of it.

    `failed` is what failed of the last, empty where nothing did.
    """
    put_back(files)
    wrong = changed(files)
    if wrong:
        problem = "is not what was put back; who else writes it?"
        raise SoakUsageError(str(wrong[0].path), problem)
    failed = _restarted(place, told.say)
    reasons = [str(plan["reason"]) or "asked for", *([failed] if failed else [])]
    seconds = told.clock.monotonic() - told.begun
    done = {**plan, "verified": True, "seconds": seconds, "failed": failed}
    rests = Basis({}, versions(place.choice))
    told.record.finish(ROLLBACK, rests, Outcome("ROLLBACK", reasons), **done)
    return done


def _restarted(place: Place, say: Say) -> str:
    """Start the bot anew; why that failed, empty where it did not."""
    given = place.choice.plan.restart_cmd
    if given is None:
        return ""
    say(one_line(f"restart: {given}"))
    try:
        done = subprocess.run(
            shlex.split(given),
            cwd=place.choice.folder,
            stdin=subprocess.DEVNULL,
            timeout=RESTART_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return f"restart_cmd: {error}"
    return f"restart_cmd: exit status {done.returncode}" if done.returncode else ""


def _told(failed: str, to: str, count: int, seconds: float) -> str:
    where = (
        "with every flag at its safe value" if to == SAFE_VALUES else f"put back as in {to[:12]}"
    )
    what = f"{plural(count, 'file')} {where}, read again, in {seconds:.2f} s"
    if failed:
        return f"FAIL: rollback: {what}; but {failed}: start the bot by hand"
    return f"ROLLBACK: {what}; next: {command(PREP)}"

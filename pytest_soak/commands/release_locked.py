"""The locks that a release has: the one in force, and those before it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256

from pytest_soak.artifacts.lock_models import FormerLock, LockedBudgets
from pytest_soak.artifacts.stored_run import read
from pytest_soak.commands.release_place import Place, command
from pytest_soak.commands.release_step import put
from pytest_soak.errors import SoakUsageError
from pytest_soak.release.layout import LOCKED_BUDGETS, kept_lock
from pytest_soak.release.lock_chain import comparable
from pytest_soak.release.steps import LOCK
from pytest_soak.storage.links import plain

REPLACE = f"{command(LOCK)} --replace=REASON"
_REMEDY = "restore it, e.g. from version control"
_KEPT = re.compile(re.escape(kept_lock(0)).replace("0", r"(\d{1,9})"))


def is_locked(place: Place) -> bool:
    """Whether there is a file for a lock."""
    return plain(place.directory, place.directory / LOCKED_BUDGETS).exists()


def lock_in_force(place: Place) -> LockedBudgets:
    """The lock; SoakUsageError where there is none, or the file is none."""
    path = plain(place.directory, place.directory / LOCKED_BUDGETS)
    if not path.exists():
        problem = f"no lock; {_REMEDY}, or make one: {command(LOCK)}"
        raise SoakUsageError(str(path), problem)
    return _read(place, LOCKED_BUDGETS)


def keep_lock(place: Place, lock: LockedBudgets, reason: str) -> FormerLock:
    """Keep the lock in force beside the next one, which says why it replaces it."""
    check_keepable(place, lock)
    data = (place.directory / LOCKED_BUDGETS).read_bytes()
    put(place, kept_lock(lock.number), data.decode("utf-8"))
    return FormerLock(number=lock.number, sha256=sha256(data).hexdigest(), reason=reason)


def check_keepable(place: Place, lock: LockedBudgets) -> None:
    """Raise SoakUsageError where another lock is kept under the number of this one."""
    kept = place.directory / kept_lock(lock.number)
    if kept.exists() and kept.read_bytes() != (place.directory / LOCKED_BUDGETS).read_bytes():
        problem = f"is kept as lock {lock.number}, and the lock in force says that number too"
        raise SoakUsageError(str(kept), f"{problem}; move it away, or {_REMEDY}")


def next_number(place: Place) -> int:
    """The number of a lock that follows on all that are kept."""
    folder = (place.directory / LOCKED_BUDGETS).parent
    names = [path.relative_to(place.directory).as_posix() for path in folder.glob("*.json")]
    return 1 + max((int(found[1]) for name in names if (found := _KEPT.fullmatch(name))), default=0)


def successive(place: Place, newest: LockedBudgets) -> tuple[list[LockedBudgets], Sequence[str]]:
    """The locks that a lock followed on, oldest first, and itself; why there are no older ones.

    SoakUsageError for one that is kept, and is no lock.
    """
    found = [newest]
    while (former := found[0].replaces) is not None:
        kept = kept_lock(former.number)
        path = plain(place.directory, place.directory / kept)
        if not path.exists():
            return found, [f"{kept} is missing, so that drift is told from behind it on"]
        if sha256(path.read_bytes()).hexdigest() != former.sha256:
            return found, [f"{kept} was edited, so that drift is told from behind it on"]
        before = _read(place, kept)
        if not comparable(before, newest):
            return found, [f"{kept} is of another target, market or length of runs"]
        found.insert(0, before)
    return found, []


def _read(place: Place, path: str) -> LockedBudgets:
    try:
        return read(LockedBudgets, place.directory / path)
    except SoakUsageError as error:
        raise SoakUsageError(error.source, f"{error.problem}; {_REMEDY}") from None

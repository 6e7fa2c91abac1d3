"""One process at a time changes an artifact root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from pytest_soak.errors import ArtifactError
from pytest_soak.storage.files import opened, own
from pytest_soak.storage.links import plain

LOCK, HOLDER = ".soak.lock", ".soak.pid"
WORKER_SECONDS = 60.0
"""How long to wait for the workers of a killed session; pytest-xdist ends them within 20 s."""


class InUseError(ArtifactError):
    """Another process holds the artifact root."""


class RootLock:
    """The lock of an artifact root; what holds it dies with its process.

    Each worker of pytest-xdist holds one of its own: it may outlive a killed session by seconds.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._held: FileLock | None = None

    @property
    def _holder(self) -> Path:
        return self._root / HOLDER

    def take(self) -> None:
        """Lock the root, which exists; ArtifactError when that fails, InUseError for another's."""
        self._held = self._acquire(self._root / LOCK, 0.0)
        own()
        for path in self._root.glob(".soak-*.lock"):
            self._acquire(path, WORKER_SECONDS).release()
            path.unlink(missing_ok=True)
        with _locking(self._holder), opened(plain(self._root, self._holder), "wb") as file:
            file.write(b"%d" % os.getpid())

    def take_as(self, worker: str) -> None:
        """Say that a worker of the session is at work; until its process ends."""
        self._held = self._acquire(self._root / f".soak-{worker}.lock", 0.0)
        own()

    def release(self) -> None:
        """Let others at the root."""
        if self._held is None:
            return
        try:
            with suppress(OSError):
                self._holder.unlink(missing_ok=True)
        finally:
            self._held.release()
            self._held = None

    def _acquire(self, path: Path, seconds: float) -> FileLock:
        lock = FileLock(plain(self._root, path), timeout=seconds)
        try:
            with _locking(path):
                lock.acquire()
        except Timeout:
            who = f"{self._root}: in use by another session{self._who()}"
            raise InUseError(f"{who}; wait until it ends, or use another folder") from None
        return lock

    def _who(self) -> str:
        pid = holder(self._root)
        return "" if pid is None else f" (process {pid})"


def in_use(root: Path) -> bool:
    """Whether a process holds the lock of an artifact root."""
    if not (root / LOCK).exists():
        return False
    try:
        FileLock(root / LOCK, timeout=0.0).acquire().lock.release()
    except Timeout:
        return True
    except OSError:
        pass  # who cannot lock it does not know
    return False


def holder(root: Path) -> int | None:
    """The process that holds, or last held, the lock of an artifact root, as far as it is known."""
    try:
        return int((root / HOLDER).read_bytes())
    except (OSError, ValueError):
        return None


def seems_held(root: Path) -> bool:
    """Whether the last holder of an artifact root's lock still lives; nothing is touched."""
    pid = holder(root)
    if pid is None:
        return False
    from psutil import pid_exists

    return pid_exists(pid)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the artifact root; errors as of `RootLock.take`."""
    lock = RootLock(root)
    try:
        lock.take()
        yield
    finally:
        lock.release()


@contextmanager
def _locking(path: Path) -> Iterator[None]:
    try:
        yield
    except Timeout:
        raise
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be locked: {error.strerror or error}") from error

"""One session at a time in an artifact root."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pytest_soak.artifacts.files import writing
from pytest_soak.errors import ArtifactError

LOCK = ".soak.lock"


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the artifact root; ArtifactError at once while another process does."""
    lock = FileLock(root / LOCK, timeout=0)
    with writing(root / LOCK):
        try:
            lock.acquire()
        except Timeout:
            raise ArtifactError(f"{root}: in use by a session; wait until it ends") from None
    try:
        yield
    finally:
        lock.release()

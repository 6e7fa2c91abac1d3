"""Processes, and what POSIX and Windows do differently."""

from __future__ import annotations

import os
import signal
import stat
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)

    def sync_folder(folder: Path) -> None:
        """Nothing to do: a rename is durable with the file system's own journal."""

    def is_link(path: Path | str) -> bool:
        """Whether `path` is a symbolic link or a junction; False where nothing is."""
        try:
            found = os.lstat(path)
            return bool(found.st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT)
        except OSError:
            return False

    def not_followed(path: str, flags: int) -> int:
        """Open `path`; an opener for `open`. Windows cannot be told not to follow a link."""
        return os.open(path, flags, 0o666)

else:
    STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def sync_folder(folder: Path) -> None:
        """Wait until the names in `folder` are on the disk."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def is_link(path: Path | str) -> bool:
        """Whether `path` is a symbolic link; False where nothing is."""
        try:
            return stat.S_ISLNK(os.lstat(path).st_mode)
        except OSError:
            return False

    def not_followed(path: str, flags: int) -> int:
        """Open `path` unless it is a symbolic link (OSError ELOOP); an opener for `open`."""
        return os.open(path, flags | os.O_NOFOLLOW, 0o666)


CHILD = 70
"""Exit status of a child process that would have gone on with its parent's session."""


@contextmanager
def one_process() -> Iterator[None]:
    """End a child process that was forked in the block where it would come out of it.

    It ends at once, by CHILD, or as it would have by `sys.exit`; nothing of the parent's is
    finished, flushed or stopped in it. Children of `multiprocessing` never come out.
    """
    process = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != process:
            _end_child(sys.exc_info()[1])


def _end_child(error: BaseException | None) -> None:
    if isinstance(error, SystemExit):
        os._exit(error.code if isinstance(error.code, int) else int(error.code is not None))
    if error is not None:
        traceback.print_exception(error)
    os._exit(CHILD)

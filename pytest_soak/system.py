"""What POSIX and Windows do differently."""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

if sys.platform == "win32":
    STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)

    def sync_folder(folder: Path) -> None:
        """Nothing to do: a rename is durable with the file system's own journal."""

    def is_link(path: Path) -> bool:
        """Whether `path` is a symbolic link or a junction; False where nothing is."""
        try:
            return bool(path.lstat().st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT)
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

    def is_link(path: Path) -> bool:
        """Whether `path` is a symbolic link; False where nothing is."""
        try:
            return stat.S_ISLNK(path.lstat().st_mode)
        except OSError:
            return False

    def not_followed(path: str, flags: int) -> int:
        """Open `path` unless it is a symbolic link (OSError ELOOP); an opener for `open`."""
        return os.open(path, flags | os.O_NOFOLLOW, 0o666)

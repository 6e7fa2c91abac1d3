"""What POSIX and Windows do differently."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

if sys.platform == "win32":
    STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)

    def sync_folder(folder: Path) -> None:
        """Nothing to do: a rename is durable with the file system's own journal."""

else:
    STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def sync_folder(folder: Path) -> None:
        """Wait until the names in `folder` are on the disk."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""A terminal that may go away: `pytest ... | head`, a full disk, a closed terminal."""

from __future__ import annotations

import atexit
import os
import sys
from typing import Any


class Lasting:
    """Writes to `stream` until that fails, and then nowhere: a soak goes on without a reader."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._broken = False

    def write(self, text: str) -> int:
        """Write `text`, if anybody can still take it."""
        if not self._broken:
            try:
                self._stream.write(text)
            except (OSError, ValueError):
                self._give_up()
        return len(text)

    def flush(self) -> None:
        """Flush what was written."""
        if not self._broken:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._give_up()

    def _give_up(self) -> None:
        self._broken = True
        atexit.register(_silence)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _silence() -> None:
    """Let what is left in buffers go nowhere, or the interpreter would end with status 120."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    if sys.__stdout__ is not None:
        sys.__stdout__.flush()

"""Where the terminal writes: past pytest's capture, with a live last line, and perhaps no longer.

`pytest ... | head`, a full disk and a closed terminal end no soak.
"""

from __future__ import annotations

import atexit
import os
import sys
from threading import RLock
from typing import Any

_CLEAR = "\r\x1b[K"


class Screen:
    """Writes to `stream` until that fails, and then nowhere.

    `live` is a line that stays the last one: it is taken away before anything else is written.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._broken = False
        self._shown = ""
        self._lock = RLock()

    def write(self, text: str) -> int:
        """Write `text`, if anybody can still take it."""
        with self._lock:
            self._put(_CLEAR + text if self._shown else text)
            self._shown = ""
        return len(text)

    def live(self, line: str) -> None:
        """Show `line` as the last one, in place of the one before."""
        with self._lock:
            if line != self._shown:
                self._put(_CLEAR + line if self._shown else line)
                self._shown = line
                self.flush()

    def flush(self) -> None:
        """Flush what was written."""
        if not self._broken:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._give_up()

    def _put(self, text: str) -> None:
        if not self._broken:
            try:
                self._stream.write(text)
            except (OSError, ValueError):
                self._give_up()

    def _give_up(self) -> None:
        self._broken = True
        atexit.register(_silence)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def past_capture(stream: Any, capture: str) -> Any:
    """`stream`, or a second one to the same place where pytest's capture takes its descriptor.

    Through it lines appear while a test runs. To be asked for while capture is suspended.
    """
    if capture != "fd":
        return stream
    try:
        if stream.fileno() != 1:
            return stream
        stream.flush()
        descriptor = os.dup(1)
    except (AttributeError, OSError, ValueError):
        return stream
    return os.fdopen(descriptor, "w", buffering=1, encoding=stream.encoding, errors=stream.errors)


def settle() -> None:
    """Let what standard output cannot take go nowhere, before pytest flushes it at last."""
    try:
        if sys.__stdout__ is not None:
            sys.__stdout__.flush()
    except (OSError, ValueError):
        _silence()


def _silence() -> None:
    """Let what is left in buffers go nowhere, or the interpreter would end with status 120."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    if sys.__stdout__ is not None:
        sys.__stdout__.flush()

"""Where the terminal writes: past pytest's capture, with live last lines, and perhaps no longer.

`pytest ... | head`, a full disk and a closed terminal end no soak.
"""

from __future__ import annotations

import atexit
import os
import re
import sys
from collections.abc import Sequence
from threading import RLock
from typing import Any

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Screen:
    """Writes to `stream` until that fails, and then nowhere.

    `live` are lines that stay the last ones: they are taken away before anything else is written.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._broken = False
        self._shown: tuple[str, ...] = ()
        self._lock = RLock()

    def write(self, text: str) -> int:
        """Write `text`, if anybody can still take it."""
        with self._lock:
            self._put(self._cleared() + text)
            self._shown = ()
        return len(text)

    def live(self, lines: Sequence[str]) -> None:
        """Show `lines` as the last ones, in place of those before."""
        with self._lock:
            if tuple(lines) != self._shown:
                self._put(self._cleared() + "\n".join(lines))
                self._shown = tuple(lines)
                self.flush()

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows: of `COLUMNS` and `LINES`, else of the terminal, else 80 and 24.

        Standard output may be a file of pytest's capture just now, so it is not asked.
        """
        try:
            found: Sequence[int] = os.get_terminal_size(self._stream.fileno())
        except (AttributeError, OSError, ValueError):
            found = (0, 0)
        given = (os.environ.get("COLUMNS", ""), os.environ.get("LINES", ""))
        wanted = [int(text) if text.isdecimal() else 0 for text in given]
        return wanted[0] or found[0] or 80, wanted[1] or found[1] or 24

    def flush(self) -> None:
        """Flush what was written."""
        if not self._broken:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._give_up()

    def _cleared(self) -> str:
        """What takes the live lines away, also where a narrower window has wrapped them."""
        if not self._shown:
            return ""
        width = max(1, self.size[0])
        rows = sum(max(1, -(-len(_COLOUR.sub("", line)) // width)) for line in self._shown)
        return "\r" + (f"\x1b[{rows - 1}A" if rows > 1 else "") + "\x1b[J"

    def _put(self, text: str) -> None:
        if not self._broken:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                raise  # whoever writes knows what to write in its place
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

"""A text file that another process appends to, read as it grows."""

from __future__ import annotations

from pathlib import Path

_MOST = 4_000_000
"""Bytes that are read at a time; the rest waits for the next time."""


class GrowingFile:
    """Whole lines as they come; one without its end waits. A file that shrank is begun anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def lines(self) -> list[str]:
        """The lines since the last time; OSError where the file cannot be read."""
        with self._path.open("rb") as file:
            if file.seek(0, 2) < self._offset:
                self._offset = 0
            file.seek(self._offset)
            data = file.read(_MOST)
        whole, end, rest = data.rpartition(b"\n")
        if not end and len(data) == _MOST:  # no line is as long: it is passed over
            whole, end, rest = data, b"", b""
        self._offset += len(data) - len(rest)
        return whole.decode("utf-8", "replace").split("\n") if whole or end else []

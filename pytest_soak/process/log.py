"""What a bot prints, kept on the disk: the head and the tail of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO, cast

from pytest_soak.system import not_followed

HEAD, SEGMENT = 30_000_000, 10_000_000
"""Bytes of the head, and of each of the two segments that the tail is kept in."""


class BoundedLog:
    """A file that takes any amount and keeps its head and tail, 64 MB at most, in the end in order.

    Beside a file that is full, the newest output is in `NAME.1` and what came before it in
    `NAME.2`; `close` puts them at the end of the file. No symbolic link is followed: OSError.
    """

    def __init__(self, path: Path, head: int = HEAD, segment: int = SEGMENT) -> None:
        self._path = path
        self._head = head
        self._segment = segment
        self._newest = path.with_name(f"{path.name}.1")
        self._older = path.with_name(f"{path.name}.2")
        self._join(left_out=0)
        self._file = _opened(path)
        self._room = head - self._file.tell()
        self._in_tail = False
        self._left_out = 0

    def write(self, data: bytes) -> None:
        """Take output; OSError where the disk does not."""
        left = memoryview(data)
        while left:
            if self._room <= 0:
                self._rotate()
            piece = left[: self._room]
            self._room -= len(piece)
            left = left[len(piece) :]
            self._file.write(piece)

    def _rotate(self) -> None:
        self._file.close()
        if self._in_tail:
            self._left_out += self._older.stat().st_size if self._older.exists() else 0
            self._newest.replace(self._older)
        self._in_tail = True
        self._file = _opened(self._newest)
        self._room = self._segment

    def close(self) -> None:
        """Put the tail behind the head; OSError where that fails."""
        self._file.close()
        self._join(self._left_out)

    def _join(self, left_out: int) -> None:
        segments = [part for part in (self._older, self._newest) if part.exists()]
        if not segments:
            return
        with _opened(self._path) as whole:
            left_out += max(0, whole.tell() - self._head)
            whole.truncate(min(whole.tell(), self._head))
            if left_out:
                whole.write(f"\n[... {left_out} bytes left out ...]\n".encode())
            for part in segments:
                with _opened(part, "rb") as file:
                    shutil.copyfileobj(file, whole, 1 << 20)
                part.unlink()


def _opened(path: Path, mode: str = "ab") -> BinaryIO:
    return cast(BinaryIO, open(path, mode, buffering=0, opener=not_followed))

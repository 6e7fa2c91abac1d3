"""A file that another process appends lines to, read as it grows."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from pytest_soak.observation.bad_lines import FeedProblem
from pytest_soak.observation.line_batches import Batch, Splitter
from pytest_soak.system import is_link, not_followed

_CHUNK = 2**18


class Tail:
    """Where the reading of a file stands; a line is read once, when its end has come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity: tuple[int, int] | None = None
        self._refused = ""
        self._begin()

    def _begin(self) -> None:
        self._read, self._line_start = 0, 0
        self._lines = Splitter(self._path.name)

    def batches(self) -> Iterator[Batch]:
        """What has been appended since the last call, a megabyte or two at a time."""
        try:
            file = self._opened()
        except OSError as error:
            yield from self._refuse(error.strerror or str(error))
            return
        if file is None:
            return
        with file:
            status = os.fstat(file.fileno())
            yield from self._news(status)
            file.seek(self._read)
            while chunk := file.read(min(_CHUNK, status.st_size - self._read)):
                end = chunk.rfind(b"\n")
                if end >= 0:
                    self._line_start = self._read + end + 1
                self._read += len(chunk)
                yield self._lines.split(chunk)

    def _opened(self) -> BinaryIO | None:
        """The file; None where it has no news. Raises OSError for one that is not to be read."""
        path = self._path
        status = os.lstat(path)
        if is_link(path):
            raise OSError(0, "is a symbolic link, which is not followed")
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "is no regular file")
        self._refused = ""
        if _identity(status) == self._identity and status.st_size == self._read:
            return None
        return cast(BinaryIO, open(path, "rb", opener=not_followed))

    def _refuse(self, why: str) -> Iterator[Batch]:
        """Tell once why the file is not read."""
        if why != self._refused:
            self._refused = why
            yield self._told(why)

    def _news(self, status: os.stat_result) -> Iterator[Batch]:
        """Tell of a file that is not the one read so far, or is shorter; begin it again."""
        before, self._identity = self._identity, _identity(status)
        if before not in (None, self._identity):
            self._begin()
            yield self._told("was replaced: it is read from its start")
        elif status.st_size < self._line_start:
            self._begin()
            yield self._told(f"shrank to {status.st_size} bytes: it is read from its start")
        elif status.st_size < self._read:
            self._read = self._line_start
            self._lines.forget()
            yield self._told(f"shrank to {status.st_size} bytes: its last line was cut")

    def _told(self, why: str) -> Batch:
        return Batch([], [], [FeedProblem(self._path.name, 0, why)])


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino

"""A file that another process appends lines to, read as it grows."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from pytest_soak.observation.feed_lines import shown
from pytest_soak.system import is_link, not_followed

LONGEST_LINE = 2**20
_CHUNK = 2**20


class FeedProblem(NamedTuple):
    """What is wrong with a line of a file, counted from 1, or with the file itself (line 0).

    `text` is the line's, cut at 200 characters.
    """

    file: str
    line: int
    why: str
    text: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.why}{f': {self.text}' if self.text else ''}"


class Batch(NamedTuple):
    """Whole lines with their numbers, and what is wrong with others."""

    lines: list[bytes]
    numbers: list[int]
    problems: list[FeedProblem]


class Tail:
    """Where the reading of a file stands; a line is read once, when its end has come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity: tuple[int, int] | None = None
        self._refused = ""
        self._begin()

    def _begin(self) -> None:
        self._read, self._line_start, self._number = 0, 0, 0
        self._half = b""
        self._skipping = False

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
                self._read += len(chunk)
                yield self._split(chunk)

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
            self._read, self._half, self._skipping = self._line_start, b"", False
            yield self._told(f"shrank to {status.st_size} bytes: its last line was cut")

    def _told(self, why: str) -> Batch:
        return Batch([], [], [FeedProblem(self._path.name, 0, why)])

    def _split(self, chunk: bytes) -> Batch:
        """The lines that end in a chunk, which has been read; what follows them waits."""
        *whole, half = (self._half + chunk).split(b"\n")
        found = Batch([], [], [])
        for line in whole:
            self._number += 1
            if self._skipping:
                self._skipping = False
            elif len(line) > LONGEST_LINE:
                found.problems.append(self._too_long(line, self._number))
            else:
                found.lines.append(line)
                found.numbers.append(self._number)
        if whole:
            self._line_start = self._read - len(half)
        if len(half) > LONGEST_LINE and not self._skipping:
            self._skipping = True
            found.problems.append(self._too_long(half, self._number + 1))
        self._half = b"" if self._skipping else half
        return found

    def _too_long(self, line: bytes, number: int) -> FeedProblem:
        why = f"longer than {LONGEST_LINE} bytes"
        return FeedProblem(self._path.name, number, why, shown(line[:LONGEST_LINE]))


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino

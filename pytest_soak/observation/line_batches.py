"""From the bytes of a feed's file to whole lines, and from these to a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pytest_soak.observation.bad_lines import FeedProblem, Reason
from pytest_soak.observation.feed_files import FeedFile
from pytest_soak.observation.feed_lines import SPARE_US, BadLine, Table, parsed, shown

LONGEST_LINE = 2**20


class Batch(NamedTuple):
    """Whole lines with their numbers, and what is wrong with others."""

    lines: list[bytes]
    numbers: Sequence[int]
    problems: list[FeedProblem]

    def told(self, file: str, bad: Iterable[BadLine]) -> list[FeedProblem]:
        """All that is wrong with lines, in their order."""
        told = [
            FeedProblem(file, self.numbers[place], why, shown(self.lines[place]), reason)
            for place, reason, why in bad
        ]
        return sorted([*self.problems, *told], key=lambda problem: problem.line)


class Splitter:
    """Makes lines of a file's bytes, which come in pieces.

    A line without its end waits; one longer than LONGEST_LINE is not kept.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._number = 0
        self._half = b""
        self._skipping = False

    @property
    def waiting(self) -> bool:
        """Whether there is a line without its end."""
        return bool(self._half) or self._skipping

    def forget(self) -> None:
        """Let go of a line without its end."""
        self._half, self._skipping = b"", False

    def rest(self) -> list[FeedProblem]:
        """What to tell of a line without its end, where no more bytes come."""
        if not self._half:
            return []
        number = self._number + 1
        return [
            FeedProblem(self._file, number, "has no end: it was cut", shown(self._half), Reason.CUT)
        ]

    def split(self, chunk: bytes) -> Batch:
        """The lines that end in the next bytes of the file."""
        text = self._half + chunk
        *whole, half = text.split(b"\n")
        if len(text) <= LONGEST_LINE and not self._skipping:
            self._half = half
            first, self._number = self._number + 1, self._number + len(whole)
            return Batch(whole, range(first, first + len(whole)), [])
        return self._checked(whole, half)

    def _checked(self, whole: list[bytes], half: bytes) -> Batch:
        """The same where a line may be too long."""
        lines, numbers, problems = [], [], []
        for line in whole:
            self._number += 1
            if self._skipping:
                self._skipping = False
            elif len(line) > LONGEST_LINE:
                problems.append(self._too_long(line, self._number))
            else:
                lines.append(line)
                numbers.append(self._number)
        if len(half) > LONGEST_LINE and not self._skipping:
            self._skipping = True
            problems.append(self._too_long(half, self._number + 1))
        self._half = b"" if self._skipping else half
        return Batch(lines, numbers, problems)

    def _too_long(self, line: bytes, number: int) -> FeedProblem:
        why = f"longer than {LONGEST_LINE} bytes"
        return FeedProblem(self._file, number, why, shown(line[:LONGEST_LINE]), Reason.LENGTH)


def tabled(
    file: FeedFile, batch: Batch, spare_us: int = SPARE_US
) -> tuple[Table, list[FeedProblem]]:
    """The good lines of a batch as a table, and all that is wrong with others, in their order."""
    table, bad = parsed(file, batch.lines, spare_us)
    return table, batch.told(file.name, bad)

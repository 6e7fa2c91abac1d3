"""A fault to be put into the source on purpose, with the tests that must turn red."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parents[1]


class Mutant(NamedTuple):
    """In the one file called `file` that holds `old`, `new` stands in its place.

    `tests` are files or node ids below `tests`, of which at least one test must fail.
    """

    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.file}: {_line(self.old)} -> {_line(self.new)}"

    def path(self, package: Path) -> Path:
        """The source file, which holds `old` once."""
        found = [path for path in package.rglob(self.file) if self.old in path.read_text("utf-8")]
        counts = [path.read_text("utf-8").count(self.old) for path in found]
        assert counts == [1], f"{self.name}: found {sum(counts)} times"
        return found[0]


def _line(text: str) -> str:
    return " ".join(text.split())[:60]


def of(*tests: str) -> tuple[str, ...]:
    """Files of unit tests by the names of what they test."""
    return tuple(f"unit/test_{name}.py" for name in tests)

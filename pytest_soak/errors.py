"""The errors that a user can cause and mend."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

LONGEST_WORD, LONGEST_LINE = 200, 4000


class SoakUsageError(Exception):
    """A mistake in an option, a variable or a file; its message is one line with the remedy."""

    def __init__(self, source: str, problem: str) -> None:
        self.source = source
        self.problem = problem
        super().__init__(one_line(f"{source}: {problem}"))

    def __reduce__(self) -> tuple[type[SoakUsageError], tuple[str, str]]:
        return type(self), (self.source, self.problem)  # as it is made: for other processes


class ArtifactError(Exception):
    """A file of the run cannot be written; names it and says why."""


class ClusterError(ArtifactError):
    """The cluster gave no result. As with a file, it is no fault of the target: resume."""


class TargetError(Exception):
    """The target raised, or gave something that is not a measurement; says which and why."""

    def __init__(self, problem: str) -> None:
        super().__init__(one_line(problem))


def told(error: BaseException) -> str:
    """The class of an exception and what it says, as far as it can say it."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:
        text = f"{type(error).__name__} (which cannot say what it is about)"
    return text.strip().rstrip(": ")


def escaped(text: str) -> str:
    """`text` on one line that any terminal and file can take: the rest is escaped."""
    line = " ".join(text.split())
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def one_line(text: str) -> str:
    """`text` escaped, and no longer than a reader can take: also a word of it is shortened."""
    line = escaped(text)
    if len(line) <= LONGEST_WORD:
        return line
    words = (_shortened(word, LONGEST_WORD) for word in line.split(" "))
    return _shortened(" ".join(words), LONGEST_LINE)


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}")


def check_words(words: Iterable[str], kind: str, source: str) -> None:
    """Raise SoakUsageError unless each word can be a parameter or KPI name in any line of text."""
    for word in words:
        if not _WORD.fullmatch(word):
            raise SoakUsageError(
                source, f"{word!r} is not a {kind} name: expected letters, digits, '_' and '.'"
            )


def nearest(word: str, known: Iterable[str]) -> str:
    """A sentence that suggests the known name closest to `word`, else lists what is known."""
    names = sorted(known)
    match = get_close_matches(word, names, n=1, cutoff=0.5)
    if match:
        return f"did you mean {match[0]!r}?"
    return f"known: {', '.join(names)}" if names else "there are none"


def unknown(kind: str, word: str, known: Iterable[str]) -> str:
    """The problem text for a name that is not known."""
    return f"unknown {kind} {word!r}; {nearest(word, known)}"

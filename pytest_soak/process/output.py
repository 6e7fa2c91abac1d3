"""What a bot prints: logged, its last lines remembered, the lines of a pattern counted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_soak.process.log import BoundedLog
from pytest_soak.system import at_most_cpu

LAST_LINES, LAST_LENGTH, LAST_BYTES = 20, 200, 64 << 10
LONGEST = 10_000
"""Bytes of a line that patterns are looked for in."""
SLOWEST = 10.0
"""CPU seconds that the patterns may take for one piece of output."""

_TOO_SLOW = f"a pattern took more than {SLOWEST:g} s of CPU time for a piece of the output"


class _TooSlowError(Exception):
    """A pattern takes so long that nothing else would get done."""


class Output:
    """Takes the output of a bot in pieces, of any size and content.

    `log_errors` counts the lines that the error pattern is found in; `seen` says whether the
    `awaited` one was. A log that cannot be written costs the log, never the bot: `trouble` says so.
    Patterns that take too long are not looked for any more: `too_slow` says so.
    """

    def __init__(
        self, log: BoundedLog, errors: re.Pattern[str] | None, awaited: re.Pattern[str] | None
    ) -> None:
        self.log_errors = 0
        self.seen = False
        self.trouble = ""
        self.too_slow = ""
        self._log = log
        self._errors = errors
        self._awaited = awaited
        self._recent = b""
        self._begun = b""

    def take(self, data: bytes) -> None:
        """Take a piece of output."""
        try:
            if not self.trouble:
                self._log.write(data)
        except OSError as error:
            self.trouble = str(error)
        self._recent = (self._recent + data)[-LAST_BYTES:]
        if self._errors or (self._awaited and not self.seen):
            try:
                with at_most_cpu(SLOWEST, _TooSlowError()):
                    for line in self._lines(data):
                        self._look(line)
            except _TooSlowError:
                self.too_slow, self._errors, self._awaited = _TOO_SLOW, None, None

    def close(self) -> None:
        """There is no more; the log is put in order."""
        self._look(self._begun.decode("utf-8", "replace"))
        try:
            self._log.close()
        except OSError as error:
            self.trouble = self.trouble or str(error)

    def last_lines(self) -> list[str]:
        """The last lines that say something."""
        lines = self._recent.decode("utf-8", "replace").splitlines()
        return [line[:LAST_LENGTH] for line in lines if line.strip()][-LAST_LINES:]

    def _lines(self, data: bytes) -> Iterator[str]:
        """The lines that end in `data`, cut to LONGEST; the last one waits for its end."""
        *ended, begun = data.split(b"\n")
        for piece in ended:
            line, self._begun = self._begun + piece[: LONGEST - len(self._begun)], b""
            yield line.decode("utf-8", "replace")
        self._begun += begun[: LONGEST - len(self._begun)]

    def _look(self, line: str) -> None:
        if self._errors and self._errors.search(line):
            self.log_errors += 1
        if self._awaited and not self.seen:
            self.seen = self._awaited.search(line) is not None

"""Beliefs from lines of the bot's output, by a pattern of the user's."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.beliefs.growing import GrowingFile

_BETWEEN = re.compile(r"[\s,;'\"\[\]()]+")


class LogPattern:
    """What the last line that fits says holds until another one does.

    `position` is a number in base, of `symbol`; `open` is a list of names of open orders, with
    commas or spaces.
    """

    def __init__(self, pattern: str, log: Path, source: str) -> None:
        try:
            self._pattern = re.compile(pattern)
        except re.error as error:
            raise SoakUsageError(source, f"{pattern!r} is no regular expression: {error}") from None
        groups = self._pattern.groupindex
        if not {"position", "open"} & groups.keys():
            wanted = "(?P<position>...) in base, with (?P<symbol>...), or (?P<open>...) of names"
            raise SoakUsageError(source, f"expected a pattern with {wanted}, got {pattern!r}")
        if "position" in groups and "symbol" not in groups:
            raise SoakUsageError(source, f"expected (?P<symbol>...) beside position in {pattern!r}")
        tells = {"positions": "position" in groups, "open_orders": "open" in groups}
        self.tells = tuple(name for name, told in tells.items() if told)
        self._file = GrowingFile(log)
        self._positions: dict[str, float] | None = None
        self._open: frozenset[str] | None = None
        self.trouble = ""

    def read(self, time_us: int) -> Sequence[Belief]:
        """What the lines up to now say, as of now."""
        try:
            lines = self._file.lines()
        except OSError as error:
            self.trouble = f"the bot's output: {error.strerror or error}"
            return ()
        for line in lines:
            if match := self._pattern.search(line):
                self._take(match.groupdict())
        if self._positions is None and self._open is None:
            self.trouble = "no line of the bot's output fits the pattern"
            return ()
        self.trouble = ""
        return (Belief(time_us, self._positions, self._open),)

    def _take(self, found: dict[str, str | None]) -> None:
        position, symbol = found.get("position"), found.get("symbol")
        if position is not None and symbol is not None:
            number = _number(position)
            if number is not None:
                self._positions = {**(self._positions or {}), symbol: number}
        if (names := found.get("open")) is not None:
            self._open = frozenset(_BETWEEN.split(names)) - {""}


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None

"""Beliefs from a file of JSON lines that the bot writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.beliefs.growing import GrowingFile
from pytest_soak.exchange.beliefs.line import belief_of


class FileProbe:
    """Each line says what the bot believes at its `time_us`; see `line.BeliefLine`."""

    def __init__(self, path: Path, tells: tuple[str, ...]) -> None:
        self.tells = tells
        self._path = path
        self._file = GrowingFile(path)
        self.trouble = ""

    def read(self, time_us: int) -> Sequence[Belief]:
        """The beliefs of the lines that have come since; a bad line is told as trouble."""
        self.trouble = ""
        try:
            lines = self._file.lines()
        except OSError as error:
            self.trouble = f"{self._path.name}: {error.strerror or error}"
            return ()
        beliefs = []
        for line in filter(str.strip, lines):
            try:
                beliefs.append(belief_of(json.loads(line), time_us))
            except (ValueError, RecursionError) as error:
                self.trouble = f"{self._path.name}: {line[:60]!r} is no belief: {error}"
        return beliefs

"""Printed text that GitHub's runner does not take for workflow commands."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from pytest_soak.report.github import GitHub, fresh_token, harmless


class Protection:
    """From before the first conftest to the end of the process no command is obeyed, but our own.

    While commands are stopped, the runner obeys neither `::name::` at the start of a line nor
    `##[name]` anywhere in it.
    """

    def __init__(self, step: GitHub) -> None:
        self._step = step
        self.last_line = ""
        """What shall be the last line, although another one ends the protection."""

    def begin(self) -> None:
        """Stop commands; before a bot is imported, so that its exit handlers come before ours."""
        atexit.register(self._end)
        _say([self._step.stop()])

    def window(self, commands: Sequence[str]) -> str:
        """The text in which `commands`, and nothing else, are obeyed."""
        resume = self._step.resume()
        self._step = replace(self._step, token=fresh_token())
        return "\n".join([resume, *commands, self._step.stop()])

    def _end(self) -> None:
        lines = ["", self._step.resume()]
        if self.last_line:
            lines.append(harmless(self.last_line))
        _say(lines)


def _say(lines: Sequence[str]) -> None:
    with suppress(OSError, ValueError):  # a standard output that is gone
        print("\n".join(lines), flush=True)


PROTECTION = pytest.StashKey[Protection]()


def protect(config: pytest.Config, step: GitHub) -> Protection:
    """The protection of this session, which begins with the first call."""
    if PROTECTION not in config.stash:
        config.stash[PROTECTION] = Protection(step)
        config.stash[PROTECTION].begin()
    return config.stash[PROTECTION]

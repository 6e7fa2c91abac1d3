"""Where a bot's beliefs are seen: the sources that there are, and how a user names one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pytest_soak.config.names import user_path
from pytest_soak.errors import SoakUsageError, unknown
from pytest_soak.exchange.beliefs.belief import Belief

KINDS = {
    "freqtrade": "freqtrade:PATH of its database, e.g. freqtrade:tradesv3.sqlite",
    "log": "log:PATTERN, a regular expression with groups `position` or `open`",
    "file": "file:PATH of lines of JSON that the bot writes",
    "http": "http://127.0.0.1:PORT/PATH that answers with such a line",
}
"""Each kind of source, and how it is named."""
TOLD = ("positions", "open_orders", "books")
"""What a bot may tell. A file or a page is to tell the first two, or what stands before its name
and an @: positions,books@file:PATH."""


class Source(Protocol):
    """Asked about once a second; never a reason for the soak to fail by itself."""

    tells: tuple[str, ...]
    """Of `positions`, `open_orders` and `books` those that it can tell."""

    def read(self, time_us: int) -> Sequence[Belief]:
        """What the bot has come to believe since it was asked before; nothing if it cannot be seen.

        `time_us` is now.
        """

    @property
    def trouble(self) -> str:
        """Why nothing was seen the last time; empty if something was."""


def open_source(given: str, base: Path, log: Path, source: str) -> Source:
    """The source that a user names as in `KINDS`, and where what it tells is his choice, in `TOLD`.

    Paths are relative to `base`; `log` is where the bot's output goes. Raises SoakUsageError for
    what is none.
    """
    tells, given = _told(given, source)
    kind, _, rest = given.partition(":")
    if kind not in KINDS:
        raise SoakUsageError(source, f"{unknown('kind of belief', kind, KINDS)}; {_all()}")
    if not rest:
        raise SoakUsageError(source, f"expected {KINDS[kind]}, got {given!r}")
    if tells and kind not in ("file", "http"):
        raise SoakUsageError(source, f"{kind} tells what it can; take {','.join(tells)}@ away")
    if kind == "http":
        from pytest_soak.exchange.beliefs.http_probe import HttpProbe

        return HttpProbe(given, source, tells or TOLD[:2])
    if kind == "log":
        from pytest_soak.exchange.beliefs.log_pattern import LogPattern

        return LogPattern(rest, log, source)
    if kind == "freqtrade":
        from pytest_soak.exchange.beliefs.freqtrade import FreqtradeDatabase

        return FreqtradeDatabase(user_path(rest, base, source))
    from pytest_soak.exchange.beliefs.file_probe import FileProbe

    return FileProbe(user_path(rest, base, source), tells or TOLD[:2])


def _told(given: str, source: str) -> tuple[tuple[str, ...], str]:
    """What stands before the @ of a source's name, and the rest."""
    before, at, rest = given.partition("@")
    if not at or ":" in before:
        return (), given
    tells = tuple(before.split(","))
    for one in tells:
        if one not in TOLD:
            raise SoakUsageError(
                source, f"{unknown('belief', one, TOLD)} before the @ of {given!r}"
            )
    return tells, rest


def _all() -> str:
    return "; ".join(KINDS.values())

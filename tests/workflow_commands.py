"""What GitHub's runner would obey of a step's output."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_COMMAND = re.compile(r"\s*::(?P<name>[\w-]+)(?: (?P<properties>[^:]*))?::(?P<message>.*)")
_OLD = re.compile(r"##\[(?P<name>[\w-]+)[^\]]*\](?P<message>.*)")
_ESCAPES = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}


class Command(NamedTuple):
    """A workflow command."""

    name: str
    title: str
    message: str


def obeyed(lines: Iterable[str]) -> list[Command]:
    """The commands in `lines`, without what stands between `stop-commands` and its token."""
    found: list[Command] = []
    token: str | None = None
    for line in lines:
        match = _COMMAND.fullmatch(line) or _OLD.search(line)
        if token is not None:
            token = None if line.strip() == f"::{token}::" else token
        elif match is not None and match["name"] == "stop-commands":
            token = match["message"]
        elif match is not None:
            title = re.search(r"title=([^,]*)", match.groupdict().get("properties") or "")
            found.append(
                Command(match["name"], _plain(title[1] if title else ""), _plain(match["message"]))
            )
    assert token is None, "commands were stopped for good"
    return found


def _plain(text: str) -> str:
    for code, character in _ESCAPES.items():
        text = text.replace(code, character)
    return text

"""How a bot in a process of its own is run: checked when it is said."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_soak.config.documents import show
from pytest_soak.errors import SoakUsageError
from pytest_soak.number import number, whole
from pytest_soak.process.messages import Awaited
from pytest_soak.system import SUPERVISES

__tracebackhide__ = True  # of a mistake pytest shows the user's own line

SOURCE = "ProcessTarget"
RELOADS = ("poll", "hup")
MOST_SECONDS = 86_400.0


@dataclass(frozen=True)
class Options:
    """`pytest_soak.ProcessTarget` says what each is; SoakUsageError for what cannot be."""

    command: tuple[str, ...]
    reload: str
    ready: str | Path | None
    ready_seconds: float | None
    stop_seconds: float
    error_pattern: str | None
    max_feed_errors: int
    max_restarts: int
    env: Mapping[str, str]
    cwd: Path

    def within(self, seconds: float) -> Options:
        """The same, with `seconds` to be ready in where nothing is said."""
        return replace(self, ready_seconds=self.ready_seconds or seconds)

    def awaited(self, feeds: Path, *, on_exchange: bool = False) -> Awaited:
        """What tells that the bot is ready; without more the first line in `feeds`."""
        if self.ready is None:
            return Awaited("account" if on_exchange else "feed", str(feeds))
        if isinstance(self.ready, Path):
            return Awaited("file", str(self.cwd / self.ready))
        port = _port(self.ready)
        return Awaited("output", self.ready) if port is None else Awaited("tcp", str(port))


def words(command: str, source: str) -> tuple[str, ...]:
    """The words of a command as a POSIX shell splits them; no shell is ever asked."""
    try:
        found = tuple(shlex.split(command))
    except ValueError as error:
        raise SoakUsageError(source, f"{show(command)}: {error}; quote as in a shell") from None
    if not found or not found[0]:
        raise SoakUsageError(source, "expected a command, e.g. process:python bot.py, got none")
    return found


def checked(
    command: Any,
    reload: Any,
    ready: Any,
    ready_seconds: Any,
    stop_seconds: Any,
    error_pattern: Any,
    max_feed_errors: Any,
    max_restarts: Any,
    env: Any,
    cwd: Any,
) -> Options:
    """The options, each of its type; SoakUsageError for the first that is not."""
    if not SUPERVISES:
        raise SoakUsageError(SOURCE, "a bot in a process of its own needs Linux or macOS")
    if reload not in RELOADS:
        _refuse("reload", "poll or hup", reload)
    return Options(
        command=_command(command),
        reload=reload,
        ready=_ready(ready),
        ready_seconds=None if ready_seconds is None else _seconds("ready_seconds", ready_seconds),
        stop_seconds=_seconds("stop_seconds", stop_seconds),
        error_pattern=_pattern("error_pattern", error_pattern),
        max_feed_errors=_count("max_feed_errors", max_feed_errors),
        max_restarts=_count("max_restarts", max_restarts),
        env=_env(env),
        cwd=_folder(cwd),
    )


def _refuse(name: str, expected: str, got: Any) -> Any:
    raise SoakUsageError(SOURCE, f"{name}: expected {expected}, got {show(got)}")


def _command(given: Any) -> tuple[str, ...]:
    if isinstance(given, str):
        return words(given, SOURCE)
    listed = tuple(given) if isinstance(given, Sequence) else ()
    found = tuple(str(word) if isinstance(word, Path) else word for word in listed)
    if not found or not all(isinstance(word, str) for word in found) or not found[0]:
        _refuse("command", "a command as text, or a list of its words", given)
    return found


def _ready(given: Any) -> str | Path | None:
    if given is None or isinstance(given, Path):
        return given
    if not isinstance(given, str) or not given:
        _refuse("ready", "a Path, tcp:PORT, or a regular expression of a line of output", given)
    if _port(given) is None:
        _pattern("ready", given)
    return str(given)


def _port(ready: str) -> int | None:
    kind, _, port = ready.partition(":")
    if kind != "tcp":
        return None
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65_536:
        _refuse("ready", "tcp: and a port from 1 to 65535", ready)
    return int(port)


def _pattern(name: str, given: Any) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or not given:
        _refuse(name, "a regular expression as text", given)
    try:
        re.compile(given)
    except re.error as error:
        raise SoakUsageError(
            SOURCE, f"{name}: {show(given)} is no regular expression: {error}"
        ) from None
    return str(given)


def _seconds(name: str, given: Any) -> float:
    found = None if isinstance(given, bool) else number(given)
    if found is None or not math.isfinite(found) or not 0 < found <= MOST_SECONDS:
        _refuse(name, f"seconds above 0 and up to {MOST_SECONDS:g}", given)
        raise AssertionError
    return found


def _count(name: str, given: Any) -> int:
    found = None if isinstance(given, bool) else whole(given)
    if found is None or found < 0:
        _refuse(name, "a whole number from 0", given)
        raise AssertionError
    return found


def _env(given: Any) -> dict[str, str]:
    found = {} if given is None else given
    if not isinstance(found, Mapping) or not all(
        isinstance(text, str) for item in found.items() for text in item
    ):
        _refuse("env", "texts by the name of a variable", given)
    return dict(found)


def _folder(given: Any) -> Path:
    if not isinstance(given, str | Path | None):
        _refuse("cwd", "a folder", given)
    folder = Path.cwd() / (given or "")
    if not folder.is_dir():
        _refuse("cwd", "a folder that is there", str(folder))
    return folder

"""When a bot is ready: what is waited for, and whether it has come."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from pytest_soak.process.messages import Awaited
from pytest_soak.process.output import Output

OWN_FEED = "resources_"
"""How the feed begins that is not the bot's."""


def listens(port: int) -> bool:
    """Whether somebody takes connections to `port` of this machine."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with suppress(OSError), socket.socket(family) as probe:
            probe.settimeout(0.5)
            if probe.connect_ex((host, port)) == 0:
                return True
    return False


def has_come(awaited: Awaited, output: Output) -> Callable[[], bool]:
    """A question whether what is `awaited` has come since now."""
    if awaited.kind == "output":
        return lambda: output.seen
    if awaited.kind == "tcp":
        return partial(listens, int(awaited.what))
    path = Path(awaited.what)
    look = partial(_ends_of, path) if awaited.kind in ("feed", "account") else partial(_stamp, path)
    before = look()
    return lambda: any(before.get(name) != now for name, now in look().items())


def _stamp(path: Path) -> Mapping[str, int]:
    with suppress(OSError):
        return {path.name: path.stat().st_mtime_ns}
    return {}


def _ends_of(folder: Path) -> Mapping[str, int]:
    """The size of each feed of the bot that ends with a line."""
    found = {}
    for path in folder.glob("*.jsonl"):
        if not path.name.startswith(OWN_FEED):
            with suppress(OSError), path.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - 1))
                if file.read(1) == b"\n":
                    found[path.name] = size
    return found

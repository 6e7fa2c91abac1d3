"""The process that a namespace is of: it makes it, arranges it, counts in it, and ends it.

A program of its own, which needs the standard library alone. It takes lines of JSON from standard
input, an object each, and answers each by a line on standard output. When its input closes,
whatever the reason, it ends all that runs in its namespace, and itself.

    {"over": [[SOURCE, TARGET], ...]}   shows files in the place of others
    {"count": true}                     what has gone over which interface
    {"end": true}                       ends all that runs in it, at once
"""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from pytest_soak.exchange.jail.kernel import keep_mounts_private, put_over, raise_loopback
from pytest_soak.exchange.jail.traffic import counted
from pytest_soak.exchange.jail.users import leave

LOOK_SECONDS, IDLE_SECONDS, GIVEN_UP = 0.05, 0.5, 10.0
FIRST_PORT = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
"""The first port that needs no rights, of the network namespace of who reads it."""


NETWORK = Path("/proc/self/ns/net")


def made() -> dict[str, Any]:
    """Make the namespaces; who may enter them, and how."""
    outside = NETWORK.readlink()
    way = leave()
    if NETWORK.readlink() == outside:  # or all of the machine would be ended with it
        raise OSError(errno.EPERM, "is the one outside", str(NETWORK))
    keep_mounts_private()
    raise_loopback()
    FIRST_PORT.write_text("0")
    return {"way": way, "pid": os.getpid()}


def shown_over(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Show files in the place of others; a target that is not there needs none."""
    shown = []
    for source, target in pairs:
        if Path(target).exists():
            put_over(source, os.path.realpath(target))
            shown.append(target)
    return {"over": shown}


def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be done, done."""
    if "over" in asked:
        return shown_over(asked["over"])
    if "end" in asked:
        end_all(0.0)
        return {"left": inmates()}
    return counted()


def told(work: Callable[[], dict[str, Any]]) -> bool:
    """Do it, and say what came of it; whether it could be done."""
    try:
        found = work()
    except OSError as error:
        found = {"error": f"{error.filename or 'it'}: {error.strerror}"}
    with suppress(OSError):
        os.write(1, json.dumps(found).encode() + b"\n")
    return "error" not in found


def inmates() -> list[int]:
    """Who else runs in this network namespace."""
    mine, found = NETWORK.readlink(), []
    for path in Path("/proc").glob("[0-9]*/ns/net"):
        with suppress(OSError):
            if path.readlink() == mine and int(path.parts[2]) != os.getpid():
                found.append(int(path.parts[2]))
    return found


def end_all(seconds: float) -> None:
    """Wait for them to end, `seconds` at most, then end them."""
    deadline = time.monotonic() + seconds
    while (left := inmates()) and time.monotonic() < deadline + GIVEN_UP:
        if time.monotonic() >= deadline:
            for pid in left:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(LOOK_SECONDS)


def questions(parent: int) -> Iterator[Any]:
    """What is asked, until the input closes or `parent` is gone."""
    heard = b""
    while os.getppid() == parent:
        if select.select([0], [], [], IDLE_SECONDS)[0]:
            data = os.read(0, 1 << 16)
            if not data:
                return
            *lines, heard = (heard + data).split(b"\n")
            yield from map(json.loads, lines)


def main() -> None:
    """Keep a namespace for a parent: its pid, and how many seconds others may take to end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    parent, seconds = sys.argv[2:]
    if told(made):
        for asked in questions(int(parent)):
            told(partial(answer, asked))
        end_all(float(seconds))

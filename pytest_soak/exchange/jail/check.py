"""Looks from inside whether a namespace is as it should be.

    python -I -S -c PROGRAM HOME HOST

A program of its own, which needs the standard library alone. It prints what is wrong, a line each.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import suppress

from pytest_soak.exchange.jail.names import LOOPBACK
from pytest_soak.exchange.jail.traffic import LO, counted

NOWHERE = "192.0.2.1"
"""An address that is nobody's, by RFC 5737."""
HTTPS = 443


def wrong(host: str) -> Iterator[str]:
    """What is not as it should be."""
    others = set(counted()["packets"]) - {LO}
    if others:
        yield f"it has {', '.join(sorted(others))} beside {LO}"
        return
    with socket.socket() as outward, suppress(OSError):
        outward.settimeout(0.1)
        outward.connect((NOWHERE, HTTPS))
        yield f"{NOWHERE} can be reached"
    try:
        found = {str(answer[4][0]) for answer in socket.getaddrinfo(host, HTTPS)}
    except OSError as error:
        found = {str(error)}
    if found != {LOOPBACK}:
        yield f"{host} is {', '.join(sorted(found))}"
    try:
        with socket.socket() as own:
            own.bind((LOOPBACK, HTTPS))
    except OSError as error:
        yield f"port {HTTPS} cannot be opened: {error.strerror}"


def main() -> None:
    """Print what is wrong."""
    for line in wrong(sys.argv[2]):
        print(line)

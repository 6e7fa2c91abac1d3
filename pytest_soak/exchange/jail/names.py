"""Which names lead to the exchange on this machine, and the files that say so in a namespace."""

from __future__ import annotations

import re
from pathlib import Path

BYBIT = tuple(
    f"{name}{kind}.bybit.com" for name in ("api", "stream") for kind in ("", "-testnet", "-demo")
)
"""The hosts that clients of Bybit call."""

LOOPBACK = "127.0.0.1"
LOOKS_UP = ("/run/nscd", "/var/run/nscd")
"""Folders of who looks names up for others, and would do so outside."""


def naming(names: tuple[str, ...] = BYBIT) -> dict[str, str]:
    """What is to stand in the files by which names are found, so that none is asked for outside."""
    try:
        switch = Path("/etc/nsswitch.conf").read_text(encoding="utf-8", errors="replace")
    except OSError:
        switch = ""
    others = re.sub(r"(?m)^\s*hosts\s*:.*\n?", "", switch)
    return {
        "/etc/hosts": f"{LOOPBACK} localhost\n::1 localhost\n{LOOPBACK} {' '.join(names)}\n",
        "/etc/nsswitch.conf": f"{others.rstrip()}\nhosts: files\n",
        "/etc/resolv.conf": f"nameserver {LOOPBACK}\noptions timeout:1 attempts:1\n",
    }

"""What has gone over the interfaces of a network namespace, as the kernel counts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LO = "lo"


def counted() -> dict[str, Any]:
    """Packets by interface, received and sent; and what was to go where no way leads."""
    nowhere = refused(_read("net/snmp")) + refused6(_read("net/snmp6"))
    return {"packets": packets(_read("net/dev")), "refused": nowhere}


def packets(table: str) -> dict[str, int]:
    """Of the text of /proc/net/dev."""
    rows = [line.partition(":") for line in table.splitlines() if ":" in line]
    return {name.strip(): int(row.split()[1]) + int(row.split()[9]) for name, _, row in rows}


def refused(table: str) -> int:
    """Of the text of /proc/net/snmp: the attempts to reach what no route leads to."""
    names, values = (line.split() for line in table.splitlines() if line.startswith("Ip:"))
    return int(dict(zip(names, values, strict=True)).get("OutNoRoutes", 0))


def refused6(table: str) -> int:
    """The same of /proc/net/snmp6, which there is where the kernel speaks IPv6."""
    rows = dict(line.split() for line in table.splitlines())
    return int(rows.get("Ip6OutNoRoutes", 0))


def _read(name: str) -> str:
    try:
        return Path("/proc/self", name).read_text(encoding="ascii")
    except FileNotFoundError:
        return ""

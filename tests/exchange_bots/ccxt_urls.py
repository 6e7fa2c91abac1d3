"""Where ccxt is pointed: each of its addresses, with the path it has."""

from __future__ import annotations

from typing import Any


def pointed(addresses: dict[str, Any], port: int) -> None:
    """Put this machine in the place of each host, also in what is nested."""
    for name, address in addresses.items():
        if isinstance(address, dict):
            pointed(address, port)
        elif address.startswith("ws"):
            addresses[name] = f"ws://127.0.0.1:{port}/v5/{address.rpartition('/v5/')[2]}"
        else:
            addresses[name] = f"http://127.0.0.1:{port}"

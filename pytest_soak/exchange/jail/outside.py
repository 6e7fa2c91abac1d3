"""What a bot in jail has sent, and has tried to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pytest_soak.text import plural


class Outside(NamedTuple):
    """What was seen of it.

    Attributes:
        packets: That went over any interface but loopback; None where nobody counts them.
        refused: Attempts to reach what is outside, names and addresses.
        inside: Packets over loopback; None where nobody counts them.
        interfaces: All that there are; empty where nobody looks.
        tried: The first of the attempts, where they are known.
    """

    packets: int | None
    refused: int
    inside: int | None = None
    interfaces: Sequence[str] = ()
    tried: Sequence[str] = ()

    def __str__(self) -> str:
        refused = f"{plural(self.refused, 'attempt')} refused"
        if self.packets is None:
            return f"packets outside not counted, {refused}"
        return f"{plural(self.packets, 'packet')} outside, {refused}"

"""What a bot in jail has sent, and has tried to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


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
        sent = "not counted" if self.packets is None else f"{self.packets}"
        return f"{sent} packets outside, {self.refused} attempts refused"

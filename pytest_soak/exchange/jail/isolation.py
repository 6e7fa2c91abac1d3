"""How well a bot is held, and why not better."""

from __future__ import annotations

from typing import NamedTuple

LEVELS = ("none", "shim", "namespace")


class Isolation(NamedTuple):
    """What holds a bot.

    Attributes:
        name: "namespace" (it cannot reach anything else), "shim" (Python programs are led here and
            refused elsewhere, as long as they ask Python) or "none".
        why: Why not better; empty of the best.
    """

    name: str
    why: str = ""

    @property
    def level(self) -> int:
        """2 of a namespace, 1 of the shim, 0 of nothing."""
        return LEVELS.index(self.name)

    def __str__(self) -> str:
        return f"{self.name} ({self.why})" if self.why else self.name

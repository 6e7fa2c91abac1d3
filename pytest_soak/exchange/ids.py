"""Names that the venue gives: by its seed and in order, so that a run can be had again."""

from __future__ import annotations

from hashlib import sha256
from random import Random
from uuid import UUID


def derived(seed: int, name: str) -> int:
    """A seed of its own for each thing that draws, of 63 bits."""
    return int.from_bytes(sha256(f"{seed}/{name}".encode()).digest()[:8], "big") >> 1


class Names:
    """Unique names of orders, executions and messages."""

    def __init__(self, seed: int) -> None:
        self._random = Random(derived(seed, "names"))
        self._count = 0

    def uuid(self) -> str:
        """The next name, in the form of a UUID."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def spot_order(self) -> str:
        """The next name of a spot order, which is a number in text."""
        self._count += 1
        return str(1_800_000_000_000_000_000 + self._count * 256 + self._random.getrandbits(8))

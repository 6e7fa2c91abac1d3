"""Parts of a window so that each goes on where the one before it ended."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pytest_soak.observation.columns import Observation


class Stitch:
    """Carries the inventory and the names of block reasons from part to part.

    A bot learns late of its fills, so that an inventory reckoned from marks is not always that of
    the part before; and it names a reason when it first comes. Whether marks and fills agree is
    judged of the whole window, by `observation.conserve`.
    """

    def __init__(self) -> None:
        self._inventory: float | None = None
        self._reasons: dict[str, int] = {}

    def lose(self) -> None:
        """Something is missing: the next part begins with what its own marks say."""
        self._inventory = None

    def add(self, part: Observation) -> Observation:
        """`part`, which follows the one before."""
        start = part.inventory_start if self._inventory is None else self._inventory
        fills = part.fills
        end = start + float(np.sum(fills["side"] * fills["quantity"]))
        self._inventory = end
        places = [self._reasons.setdefault(x, len(self._reasons)) for x in part.block_reasons]
        blocks = part.blocks.copy()
        if len(blocks):
            blocks["reason"] = np.array(places, "i1")[blocks["reason"]]
        return replace(
            part,
            inventory_start=start,
            inventory_end=end,
            blocks=blocks,
            block_reasons=tuple(self._reasons),
        )

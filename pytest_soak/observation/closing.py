"""What one window leaves to the next."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_soak.observation.columns import Observation


class Closing(BaseModel):
    """How a window ended: with which inventory, and after which fills.

    `fills` is a hash that tells them from others, `ids` are theirs where the bot gives some. The
    next window begins with that inventory, and has fills of its own.
    """

    model_config = ConfigDict(frozen=True)

    inventory: float
    start_us: int
    fills: str
    ids: tuple[str, ...] = ()

    def again(self, observation: Observation) -> int | None:
        """The row of a fill in the next window whose id one of this had; None without one."""
        if not self.ids or observation.fill_ids is None:
            return None
        known = set(self.ids)
        return next((n for n, x in enumerate(_texts(observation.fill_ids)) if x in known), None)

    @classmethod
    def of(cls, observation: Observation) -> Closing:
        """The closing of a window that can be true."""
        return cls(
            inventory=observation.inventory_end,
            start_us=observation.start_us,
            fills=hashlib.sha256(observation.fills.tobytes()).hexdigest(),
            ids=() if observation.fill_ids is None else _texts(observation.fill_ids),
        )


def _texts(ids: NDArray[Any]) -> tuple[str, ...]:
    return tuple(map(str, ids.tolist()))

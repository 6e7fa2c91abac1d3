"""What one window leaves to the next."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from pytest_soak.observation.columns import Observation


class Closing(BaseModel):
    """How a window ended: with which inventory; `fills` is a hash that tells its fills from others.

    The next one begins with that inventory, and has fills of its own.
    """

    model_config = ConfigDict(frozen=True)

    inventory: float
    start_us: int
    fills: str

    @classmethod
    def of(cls, observation: Observation) -> Closing:
        """The closing of a window that can be true."""
        return cls(
            inventory=observation.inventory_end,
            start_us=observation.start_us,
            fills=hashlib.sha256(observation.fills.tobytes()).hexdigest(),
        )

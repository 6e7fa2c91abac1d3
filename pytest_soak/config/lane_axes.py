"""What tells the lanes of a soak from each other, and the id that follows from it."""

from __future__ import annotations

from typing import NamedTuple

from pytest_soak.options import MARKETS

FORM = "PROFILE-MARKET-SEED"


class Axes(NamedTuple):
    """One lane among those of a soak."""

    profile: str
    market: str
    seed: int

    @property
    def id(self) -> str:
        """The lane's id, of the form FORM."""
        return f"{self.profile}-{self.market}-{self.seed}"

    @property
    def rank(self) -> tuple[str, int, int]:
        """What lanes of many runs are sorted by: profiles by name, markets as they are listed."""
        return self.profile, MARKETS.index(self.market), self.seed

    @property
    def group(self) -> tuple[str, str]:
        """The lanes that differ by their seed alone, by which they can be paired."""
        return self.profile, self.market

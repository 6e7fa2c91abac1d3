"""What tells the lanes of a soak from each other, and the id that follows from it."""

from __future__ import annotations

from typing import NamedTuple

from pytest_soak.config.scenarios import rank


class Axes(NamedTuple):
    """One lane among those of a soak; it has a `variant` where there are several."""

    profile: str
    market: str
    seed: int
    variant: str = ""

    @property
    def id(self) -> str:
        """The lane's id: PROFILE-MARKET-SEED, and -VARIANT if it has one."""
        named = [self.profile, self.market, str(self.seed), self.variant]
        return "-".join(part for part in named if part)

    @property
    def rank(self) -> tuple[str, tuple[int, str], int, str]:
        """What lanes of many runs are sorted by: profiles by name, built-in markets first."""
        return self.profile, rank(self.market), self.seed, self.variant

    @property
    def group(self) -> tuple[str, str]:
        """The lanes in which a KPI is compared, from seed to seed."""
        return self.profile, self.market

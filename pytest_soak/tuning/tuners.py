"""The tuners there are, by the name that `--soak-tuner` takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pytest_soak.config.parameters import ParameterTable
from pytest_soak.tuning.conditions import Kpis
from pytest_soak.tuning.watcher import Proposal, propose


class Tuner(Protocol):
    """Suggests deltas of the baseline from what an iteration measured; pure."""

    def __call__(
        self,
        table: ParameterTable,
        baseline: dict[str, float],
        kpis: Kpis,
        drivers: Sequence[str],
        *,
        warmup: bool,
    ) -> Proposal:
        """The proposal after one iteration."""


TUNERS: dict[str, Tuner] = {"rules": propose}

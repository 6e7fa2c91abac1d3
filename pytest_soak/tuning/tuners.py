"""The tuners there are, by the name that `--soak-tuner` takes."""

from __future__ import annotations

from collections.abc import Callable

from pytest_soak.tuning import effects, watcher
from pytest_soak.tuning.view import Proposal, View

Tuner = Callable[[View], Proposal]
"""Suggests deltas of the baseline from what was measured; pure."""

TUNERS: dict[str, Tuner] = {"effects": effects.propose, "rules": watcher.propose}

"""Finished runs whose net_bps is shifted, to be compared."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from finished_runs import outcome, result, write_run
from runs import summary_of

from pytest_soak.storage.files import write_json

WARM = 3
"""Iterations of which the last is in the warm-up, those before in the grace."""


def kpis(seed: int, number: int, shift: float) -> dict[str, float | None]:
    wave = random.Random(f"{seed}/{number}").gauss(0, 0.1)
    cold = 40.0 * seed * shift if number <= WARM else 0.0
    return {
        "net_bps": 3.0 + wave + shift * (1 + 0.1 * wave) - cold,
        "net_quote": 30_000.0 * (3.0 + wave),
        "volume_quote": 4e6 * (1 + wave),
        "a_name_that_is_longer_than_the_column": wave,
    }


def stored(root: Path, seeds: Sequence[int], shift: float = 0.0, **facts: Any) -> Path:
    """An artifact root of lanes with a shifted net_bps, after WARM iterations of an absurd one."""
    profile = facts.pop("profile", "steady_safe")
    ended = facts.pop("outcome", {})
    outcomes = [
        outcome(seed, profile=profile, lane=f"{profile}-calm-{seed}", **ended) for seed in seeds
    ]
    write_run(root, result(*outcomes, **facts))
    for one in outcomes:
        home = root / "latest" / (one.lane if len(seeds) > 1 else "")
        for number in range(1, one.iterations + 1):
            phase = "warmup" if number == WARM else "steady"
            made = summary_of(number, one.lane, kpis=kpis(one.seed, number, shift), phase=phase)
            write_json(home / f"ITER_SUMMARY_{number}.json", made.data())
    return root

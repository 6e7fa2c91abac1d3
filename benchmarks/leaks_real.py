"""A bot that leaks and one that does not, soaked in real time, side by side."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest_soak
from benchmarks.leaks_scaled import FILES, MB, command

MINUTES, ITERATIONS, SEED, SPEED = 150.0, 5, 1, 1.0


def soak_both(minutes: float) -> None:
    """Print what the gate `leak` says of each after so many minutes."""
    shapes = ("leaking", "flat")
    with ProcessPoolExecutor(len(shapes)) as pool:
        for text in pool.map(partial(soaked, minutes=minutes), shapes):
            print(text)


def soaked(shape: str, minutes: float) -> str:
    """Soak such a bot, which is not stopped before its end, and say what came of it."""
    with TemporaryDirectory() as folder:
        result = pytest_soak.soak(
            pytest_soak.ProcessTarget(command(shape, SEED, SPEED)),
            folder=Path(folder),
            iterations=ITERATIONS,
            minutes=minutes / ITERATIONS,
            gate="leak",
            stop="off",
        )
    values = {c.metric: c.value for lane in result.lanes for c in lane.judgement.checks}
    grown = f"{_shown(values.get(MB))} MB/h, {_shown(values.get(FILES))} open files/h"
    return "\n".join([f"{shape}: {grown}; {result.text}", *result.problems])


def _shown(value: float | None) -> str:
    return "no" if value is None else f"{value:.1f}"

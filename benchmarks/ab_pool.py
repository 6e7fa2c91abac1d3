"""Blocks of an A/B made once: a folder of JSON lines a seed, from which the studies draw.

Lane T is under B throughout, lane C all A; the cold blocks are not among them. A lane that was
interrupted is made anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np

from pytest_soak.ab.arms import Arm, Tables, load_arm
from pytest_soak.ab.blocks import PairedBlocks
from pytest_soak.ab.design import B, Design
from pytest_soak.ab.kept import KeptRunner
from pytest_soak.ab.lanes import Done, Where, columns
from pytest_soak.ab.limits import load_limits, load_rails
from pytest_soak.ab.question import Question
from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.market.compile import load_kernel
from pytest_soak.targets.simulated import SimulatedTarget

TABLES = Tables(parameters=SimulatedTarget.parameters, flags=SimulatedTarget.flags)
LIMITS = load_limits()
BLOCKS = LIMITS.blocks(24.0)


def control() -> Arm:
    return load_arm("steady_safe", TABLES.base(), TABLES, Path(), "A")


def neutral() -> Arm:
    """Changes next to nothing: the lanes differ, no KPI should."""
    a = control()
    later = {**a.overrides, "tail_age_ms": a.overrides["tail_age_ms"] + 5}
    return Arm(name="neutral", overrides=later, flags=a.flags)


def question(b: Arm, market: str, seeds: Sequence[int]) -> Question:
    where = Where(BUILT_IN[market], {})
    return Question(control(), b, where, tuple(seeds), LIMITS, load_rails())


def pooled(pool: Path, b: Arm, market: str, seeds: Sequence[int], jobs: int) -> PairedBlocks:
    """Lanes T and C of seeds, BLOCKS blocks each, from the pool or made for it."""
    load_kernel()  # once, before threads ask for it side by side
    with ThreadPoolExecutor(jobs) as threads:
        lanes = list(threads.map(partial(_lane, pool, b, market), seeds))
    t, c = columns(lanes)
    return PairedBlocks(t, c, np.ones(t.shape, np.bool_))


def _lane(pool: Path, b: Arm, market: str, seed: int) -> list[Done]:
    home = pool / f"{question(b, market, [seed]).name}_{b.name}_{market}"
    path, half = home / f"{seed}.jsonl", home / f"{seed}.half"
    if not path.exists():
        half.unlink(missing_ok=True)
        _run(half, b, market, seed)
        half.rename(path)
    return _run(path, b, market, seed)


def _run(path: Path, b: Arm, market: str, seed: int) -> list[Done]:
    asked = question(b, market, [seed])
    with closing(KeptRunner(path, lambda _: asked.runner(Path(), seed), 0)) as lanes:
        for _ in range(LIMITS.cold_blocks):
            lanes.run(False)
        return [lanes.run(True) for _ in range(BLOCKS)]


def staged(pool: PairedBlocks, lanes: Sequence[int], design: Design) -> PairedBlocks:
    """A stage of lanes of a pool: under B where the design says so, else lane T is lane C."""
    treated = np.array([[arm == B for arm in text] for text in design.assignment.values()])
    t, c = pool.t[lanes], pool.c[lanes]
    return PairedBlocks(np.where(treated, t, c), c, treated)

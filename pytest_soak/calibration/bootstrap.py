"""More lanes than were recorded: blocks of their graded iterations, drawn with replacement.

A block keeps the likeness of neighbouring iterations (Künsch 1989, Annals of Statistics 17).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from pytest_soak.calibration.lanes import RecordedLane
from pytest_soak.engine.past import Done

BLOCK = 4
SEED = 42


def resampled(lanes: Sequence[RecordedLane], draws: int) -> list[RecordedLane]:
    """So many lanes of the same length; each begins as one of `lanes`, up to the end of grace.

    The lanes have one plan but for their seeds, and a graded iteration.
    """
    random = Random(SEED)
    return [
        lanes[0]._replace(source=f"draw {n}", done=tuple(_drawn(random, lanes)))
        for n in range(1, draws + 1)
    ]


def _drawn(random: Random, lanes: Sequence[RecordedLane]) -> Iterator[Done]:
    grace, length = lanes[0].plan.gate.grace, len(lanes[0].done)
    found = list(random.choice(lanes).done[:grace])
    block = min(BLOCK, length - grace)
    while len(found) < length:
        start = random.randint(grace, length - block)
        found += random.choice(lanes).done[start : start + block]
    for number, one in enumerate(found[:length], 1):
        yield one.model_copy(update={"iteration": number})

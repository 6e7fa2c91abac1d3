"""In which order the iterations of several lanes are run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TypeVar

Lane = TypeVar("Lane")


def interleaved(lanes: Sequence[Lane], iterations: int, at_once: int) -> Iterator[tuple[Lane, int]]:
    """Every lane with each of its iterations: `at_once` lanes in turn, then the next ones.

    So lane by lane where that is 1.
    """
    for start in range(0, len(lanes), at_once):
        group = lanes[start : start + at_once]
        for iteration, lane in product(range(1, iterations + 1), group):
            yield lane, iteration


def under_way(lanes: Sequence[Lane], lane: Lane, at_once: int, *, is_last: bool) -> Sequence[Lane]:
    """The lanes that are to be under way when an iteration of `lane` is run.

    Those of its group; when it `is_last`, the next group fills the places that become free.
    """
    place = lanes.index(lane)
    start = place if is_last else place - place % at_once
    return lanes[start : start + at_once]

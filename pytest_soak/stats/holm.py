"""Many tests that share one chance of a false alarm."""

from __future__ import annotations

from collections.abc import Sequence


def holm(chances: Sequence[float]) -> list[float]:
    """Chances adjusted for how many there are (Holm 1979), in the order given.

    What is called significant where its adjusted chance is at most 5 % is so falsely in any of them
    with 5 % at most, however they depend on each other.
    """
    adjusted, most = [0.0] * len(chances), 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        most = max(most, min((len(chances) - rank) * chances[place], 1.0))
        adjusted[place] = most
    return adjusted

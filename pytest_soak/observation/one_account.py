"""Whether the marks are of one account, or of two whose bots write in turn.

An account goes from one mark to the next by its fills alone, each of which it learns of once. So
all that its inventory moves, up and down, is at most what was traded; and all that its equity
moves, beside its inventory with the mid, at most what the fills may move it. Marks of two accounts
go to and fro between them instead: two are told from one where the marks move by more than twice
that, and where most of the large steps, ten or more, are taken back by the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

TIMES = 2.0
TURNS = 10

_Floats = NDArray[np.float64]


def several_accounts(
    marks: NDArray[Any], traded: float, moved: float, dust: tuple[float, _Floats]
) -> Iterator[str]:
    """A line for each column that is not of one account.

    `traded` is what was bought and sold, in base, `moved` by how much the fills may move the equity
    at most; `dust` is by how much an inventory, and the equity from each mark to the next, may be
    rounded.
    """
    held = np.diff(marks["inventory"])
    earned = np.diff(marks["equity_quote"]) - marks["inventory"][:-1] * np.diff(marks["mid"])
    for name, steps, explained, rounded in (
        ("inventory", held, traded, dust[0]),
        ("equity_quote", earned, moved, dust[1]),
    ):
        total = float(np.abs(steps[np.abs(steps) > rounded]).sum())
        if total > TIMES * explained and _to_and_fro(steps):
            yield (
                f"marks.{name}: goes to and fro by {total:.12g} in all, expected at most "
                f"{explained:.12g} by the fills (two accounts in turn: do two processes write "
                "this?)"
            )


def _to_and_fro(steps: _Floats) -> bool:
    """Whether most large steps are taken back, to within a half, by the next large one."""
    large = steps[np.abs(steps) > np.abs(steps).mean() / 2]
    back = np.count_nonzero(np.abs(large[1:] + large[:-1]) < np.abs(large[:-1]) / 2)
    return bool(back >= TURNS and back > len(large) / 2)

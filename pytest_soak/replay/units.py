"""The step of a price and of a size, as a feed itself shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.load import Recording
from pytest_soak.replay.rows import DEPTH, SNAPSHOT, TRADE, Rows, kinds
from pytest_soak.replay.terms import Terms

MOST_DECIMALS = 12
MOST_OF_THEM = 0.999
_CLOSE = 1e-6


class Units(NamedTuple):
    """`tick` in quote currency, `lot` as the venue counts sizes."""

    tick: float
    lot: float


def terms_of(recording: Recording, typed: Terms, shown: str) -> tuple[Units, Terms]:
    """The units of a recording, and all that is known of its contract, with these units in it.

    What is typed counts before what the recording says, and that before what its rows show.
    Raises SoakUsageError as `units_of` does.
    """
    terms = typed.over(recording.told.terms)
    units = units_of(recording.pieces(), terms.tick, terms.lot, shown)
    return units, terms.model_copy(update=units._asdict())


def units_of(pieces: Iterable[Rows], tick: float | None, lot: float | None, shown: str) -> Units:
    """The units that are given; else the largest tick of which prices are multiples, and the
    power of ten of which all sizes are.

    The first piece with rows decides. Raises SoakUsageError where none is, or what is given is
    not above 0.
    """
    for name, value in (("tick", tick), ("lot", lot)):
        if value is not None and not 0.0 < value < np.inf:
            raise SoakUsageError(name, f"expected a number above 0, got {value:g}")
    for rows in pieces:
        counted = rows[np.isin(kinds(rows), (DEPTH, SNAPSHOT, TRADE))]
        if len(counted):
            return Units(
                step_of(counted["px"], "tick", shown) if tick is None else tick,
                10.0 ** -decimals_of(counted["qty"], "lot", shown) if lot is None else lot,
            )
    raise SoakUsageError(shown, "has no depth and no trade by which its tick could be known")


def step_of(values: NDArray[np.float64], name: str, shown: str) -> float:
    """The largest step of which values are multiples, but for a few that are off it."""
    decimals = decimals_of(values, name, shown, MOST_OF_THEM)
    scale = 10.0**decimals
    whole = np.rint(np.unique(values[fits(values, decimals)]) * scale).astype(np.int64)
    return float(np.gcd.reduce(whole)) / scale


def fits(values: NDArray[np.float64], decimals: int) -> NDArray[np.bool_]:
    """Which values have no more than so many decimals."""
    scaled = values * 10.0**decimals
    return np.abs(scaled - np.rint(scaled)) <= _CLOSE


def decimals_of(values: NDArray[np.float64], name: str, shown: str, least: float = 1.0) -> int:
    """How many decimals a share of the values has; SoakUsageError for more than MOST_DECIMALS."""
    for decimals in range(MOST_DECIMALS + 1):
        if fits(values, decimals).mean() >= least:
            return decimals
    raise SoakUsageError(shown, f"its {name} cannot be seen from its values; give --{name}")

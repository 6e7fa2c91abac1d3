"""A feed of base as one of inverse contracts, for want of a public recording of them.

    python -m benchmarks.inverse_feed FEED.npz CONTRACTS.npz --value 100

Each size becomes a whole number of contracts, at least one, worth VALUE in quote each.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from pytest_soak.replay.hftbacktest import write_npz
from pytest_soak.replay.load import Request, load
from pytest_soak.replay.rows import BEST, DEPTH, SNAPSHOT, TRADE, Rows, kinds
from pytest_soak.replay.sources import Source
from pytest_soak.replay.terms import Terms
from pytest_soak.replay.units import terms_of


def in_contracts(rows: Rows, value: float) -> Rows:
    """Rows of base as contracts of a value in quote each."""
    found = rows.copy()
    counted = np.isin(kinds(rows), (DEPTH, SNAPSHOT, TRADE, BEST)) & (rows["qty"] > 0)
    contracts = np.maximum(1.0, np.rint(rows["qty"] * rows["px"] / value))
    found["qty"] = np.where(counted, contracts, rows["qty"])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("feed", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--value", type=float, default=100.0)
    given = parser.parse_args()
    recording = load(Request([Source(given.feed, given.feed.name)]))
    _, terms = terms_of(recording, Terms(), given.feed.name)
    change = {"kind": "inverse", "lot": 1.0, "contract_value": given.value}
    pieces = (in_contracts(rows, given.value) for rows in recording.pieces())
    with given.output.open("wb") as file:
        write_npz(file, pieces, len(recording.rows), terms.model_copy(update=change))


if __name__ == "__main__":
    main()

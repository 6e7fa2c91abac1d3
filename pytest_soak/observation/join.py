"""Several observations in a row as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import isclose
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.errors import TargetError
from pytest_soak.observation.columns import FILL_IDS, Observation
from pytest_soak.observation.convert import COUNTS, TABLES, VALUES

SKEW = "clock_skew_ms"


def joined(parts: Sequence[Observation]) -> Observation:
    """The observation of the span that `parts` cover, each beginning where the one before ended.

    Raises TargetError where one begins elsewhere, names other block reasons than the one before (it
    may name more behind them), has ids of fills where another has none, or tells later mids of
    another number of fills than there are.
    """
    first, last = parts[0], parts[-1]
    for before, part in pairwise(parts):
        check_follows(before, part)
    tables: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in (*TABLES, *VALUES)
    }
    _fill_in(tables["fills"], last.later_mids)
    counts: dict[str, Any] = {name: sum(getattr(part, name) for part in parts) for name in COUNTS}
    market: Counter[str] = Counter()
    for part in parts:
        market.update(part.market)
    return Observation(
        start_us=first.start_us,
        end_us=last.end_us,
        inventory_start=first.inventory_start,
        inventory_end=last.inventory_end,
        mid_start=first.mid_start,
        mid_end=last.mid_end,
        block_reasons=last.block_reasons,
        market=dict(market),
        process=_process(parts),
        exchange=last.exchange,
        apart=first.apart,
        untold={name: why for part in reversed(parts) for name, why in part.untold.items()},
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        **{name: _ids(name, parts) for name in FILL_IDS},
        **tables,
        **counts,
    )


def _fill_in(fills: NDArray[np.void], later_mids: Mapping[str, NDArray[np.float64]]) -> None:
    for name, column in later_mids.items():
        if len(column) != len(fills):
            raise TargetError(
                f"later_mids.{name}: expected one a fill of the window, got {len(column)} for "
                f"{len(fills)} fills"
            )
        fills[name] = column


def copied(part: Observation) -> Observation:
    """`part` as it is now: a bot may use its arrays again."""
    arrays: dict[str, Any] = {name: getattr(part, name).copy() for name in (*TABLES, *VALUES)}
    for name in FILL_IDS:
        ids = getattr(part, name)
        arrays[name] = None if ids is None else ids.copy()
    return replace(part, **arrays)


def check_follows(before: Observation, part: Observation) -> None:
    """Raise TargetError unless `part` goes on where the part `before` it ended."""
    if part.start_us != before.end_us:
        raise TargetError(
            f"a part of the window has start_us={part.start_us}, expected {before.end_us}, where "
            "the part before it ended"
        )
    held, expected = part.inventory_start, before.inventory_end
    if not isclose(held, expected, rel_tol=1e-6, abs_tol=1e-9):
        raise TargetError(
            f"a part of the window has inventory_start={held:.12g}, expected {expected:.12g}, the "
            "inventory_end of the part before it"
        )
    if part.block_reasons[: len(before.block_reasons)] != before.block_reasons:
        raise TargetError(
            f"a part of the window has block_reasons={part.block_reasons}, expected "
            f"{before.block_reasons}, as in the part before it, and more behind them at most"
        )


def _process(parts: Sequence[Observation]) -> dict[str, float]:
    """Counts add up; of a skew the largest, either way, is that of the whole."""
    found: dict[str, float] = {}
    for name, value in (item for part in parts for item in part.process.items()):
        before = found.get(name, 0.0)
        found[name] = max(before, value, key=abs) if name == SKEW else before + value
    return found


def _ids(name: str, parts: Sequence[Observation]) -> Any:
    given = [ids for part in parts if (ids := getattr(part, name)) is not None]
    without = [part for part in parts if getattr(part, name) is None and len(part.fills)]
    if given and without:
        raise TargetError(f"{name}: some parts of the window have them, and some have none")
    return np.concatenate(given) if given else None

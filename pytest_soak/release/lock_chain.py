"""Successive locks: which is the same again, and how far they moved together. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_soak.artifacts.lock_models import LockDrift, LockedBudgets
from pytest_soak.release.lock import TOTAL

_OF_THE_MOMENT = {"meta", "locked", "number", "replaces"}


def is_same(one: LockedBudgets, other: LockedBudgets) -> bool:
    """Whether two locks say the same, but for when they were made, and which they replaced."""
    return one.model_dump(exclude=_OF_THE_MOMENT) == other.model_dump(exclude=_OF_THE_MOMENT)


def comparable(one: LockedBudgets, other: LockedBudgets) -> bool:
    """Whether the times of two locks can stand beside each other."""
    return _measured(one) == _measured(other)


def _measured(lock: LockedBudgets) -> tuple[str, str, float]:
    return lock.source, lock.design.market, lock.design.minutes


def drift(locks: Sequence[LockedBudgets]) -> list[LockDrift]:
    """How far each stage moved from the first of successive locks to the last.

    A new lock may be slower by as much as passes, and so may the next: only all of them show it.
    """
    first, last = ({**one.baseline, TOTAL: one.tick_total} for one in (locks[0], locks[-1]))
    return [
        LockDrift(
            name=name,
            first_ms=first[name].p95_ms,
            now_ms=last[name].p95_ms,
            change_pct=_change(first[name].p95_ms, last[name].p95_ms),
        )
        for name in last
        if name in first and len(locks) > 1
    ]


def _change(was: float, now: float) -> float | None:
    return 100.0 * (now / was - 1.0) if was > 0.0 else None

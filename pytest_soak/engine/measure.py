"""From what a target returned to a summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_soak.errors import TargetError, told
from pytest_soak.kpi.definitions import KPIS
from pytest_soak.kpi.summary import Summary, checked, summary_of, unmeasured
from pytest_soak.observation.closing import Closing


def measure(
    given: Any, declared: tuple[str, ...] | None, minutes: float, before: Closing | None = None
) -> tuple[Any, Summary]:
    """What a target returned for a window of so many minutes, and its summary.

    `before` is how the window before ended, if that was an Observation. One comes back with
    everything of its right type and in order of time; None in its place says that it cannot be
    true, and the summary's faults why. Raises TargetError where what was returned is no measurement
    at all.
    """
    try:
        if isinstance(given, Summary):
            return given, checked(given)
        if isinstance(given, Mapping):
            return given, summary_of(given, declared)
        if hasattr(given, "fills"):
            return _measured(given, minutes, before)
    except TargetError:
        raise
    except Exception as error:
        raise TargetError(f"what run() returned cannot be measured: {told(error)}") from error
    raise TargetError(
        f"run() returned {type(given).__name__}, expected an Observation or a mapping of KPIs"
    )


def closing(given: Any) -> Closing | None:
    """How a measured window ended; None of what is no Observation."""
    return Closing.of(given) if hasattr(given, "fills") else None


def _measured(given: Any, minutes: float, before: Closing | None) -> tuple[Any, Summary]:
    from pytest_soak.kpi.edge import summarize
    from pytest_soak.observation.validate import validated

    found = validated(given, minutes, before)
    if found.faults:
        return None, unmeasured(KPIS, found.faults, found.notes)
    summary = checked(summarize(found.observation))
    return found.observation, summary.model_copy(update={"notes": found.notes})

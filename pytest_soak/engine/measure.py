"""From what a target returned to a summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_soak.errors import TargetError, told
from pytest_soak.kpi.definitions import KPIS
from pytest_soak.kpi.summary import Summary, checked, summary_of, unmeasured
from pytest_soak.kpi.usage import Usage
from pytest_soak.observation.closing import Closing


def measure(
    given: Any,
    declared: tuple[str, ...] | None,
    minutes: float,
    before: Closing | None = None,
    usage: Usage | None = None,
) -> tuple[Any, Summary]:
    """What a target returned for a window of so many minutes, and its summary.

    `before` is how the window before ended, if that was an Observation, and `usage` what the lane
    had used up to then, if that is known. An Observation comes back with
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
            return _measured(given, minutes, before, usage)
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


def used(given: Any, usage: Usage | None) -> Usage | None:
    """What the lane has used after a measured window, if that is known."""
    resources: Any = getattr(given, "resources", ())
    return (usage or Usage()).with_rows(resources) if len(resources) else usage


def _measured(
    given: Any, minutes: float, before: Closing | None, usage: Usage | None
) -> tuple[Any, Summary]:
    from pytest_soak.kpi.edge import summarize
    from pytest_soak.kpi.reduce import curves_of
    from pytest_soak.observation.validate import validated

    found = validated(given, minutes, before)
    if found.faults:
        return None, unmeasured(KPIS, found.faults, found.notes)
    summary = checked(summarize(found.observation, used(found.observation, usage)))
    more = {"notes": found.notes, "curves": curves_of(found.observation)}
    return found.observation, summary.model_copy(update=more)

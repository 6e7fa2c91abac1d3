"""Some faults of a schedule alone: `storm:gateway-error,unanswered`."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_soak.config.names import SUFFIXES

LONGEST = 64


def split(given: str) -> tuple[str, tuple[str, ...]]:
    """The name or path of a schedule, and the faults that are chosen of it; none for all.

    A path may have colons of its own: what stands behind the last one is a choice unless it goes on
    as a path does.
    """
    place, colon, names = given.rpartition(":")
    if not colon or "/" in names or "\\" in names or names.endswith(SUFFIXES):
        return given, ()
    return place, tuple(name.strip() for name in names.split(","))


def selected(given: str, names: Iterable[str]) -> str:
    """How a choice of a schedule's faults is written, whatever was chosen before."""
    return f"{split(given)[0]}:{','.join(names)}"


def named(schedule: str, names: Iterable[str]) -> str:
    """The name of a schedule of which these alone were taken, which can be one of a file."""
    return ".".join((schedule, *names))[:LONGEST].rstrip(".")

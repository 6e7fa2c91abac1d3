"""Schedules of faults for tests."""

from __future__ import annotations

from pathlib import Path

from pytest_soak.config.documents import parse_yaml, validate
from pytest_soak.exchange.faults.schedule import Schedule, fault_shelf, load_schedule

S = 1_000_000
"""Microseconds of a second."""

_NOWHERE = Path("/nowhere")


def builtin(name: str) -> Schedule:
    """A schedule that ships."""
    return load_schedule(name, fault_shelf(_NOWHERE), _NOWHERE, "test")


def schedule(*rows: str, seed: int = 1) -> Schedule:
    """One of faults that are given as YAML in a line each."""
    faults = "".join(f"\n  - {{{row}}}" for row in rows) or " []"
    text = f"name: mine\nseed: {seed}\nfaults:{faults}\n"
    return validate(Schedule, parse_yaml(text, "mine.yaml"))

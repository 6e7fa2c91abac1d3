"""Soak tests for market-making bots as pytest sessions."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_soak.config.parameters import Parameter as Parameter
    from pytest_soak.engine.record import IterationRecord as IterationRecord
    from pytest_soak.engine.record import LaneResult as LaneResult
    from pytest_soak.kpi.summary import Summary as Summary
    from pytest_soak.observation.columns import BLOCK as BLOCK
    from pytest_soak.observation.columns import BLOCK_REASONS as BLOCK_REASONS
    from pytest_soak.observation.columns import FILL as FILL
    from pytest_soak.observation.columns import LATENCY as LATENCY
    from pytest_soak.observation.columns import MARK as MARK
    from pytest_soak.observation.columns import TICK as TICK
    from pytest_soak.observation.columns import Observation as Observation
    from pytest_soak.session.fixtures import Iteration as Iteration
    from pytest_soak.session.fixtures import SoakConfig as SoakConfig
    from pytest_soak.targets.base import LaneInfo as LaneInfo
    from pytest_soak.targets.base import Target as Target
    from pytest_soak.targets.base import TargetFactory as TargetFactory
    from pytest_soak.targets.base import Window as Window

__version__ = "0.1.0"

_HOMES = {
    "Parameter": "config.parameters",
    "IterationRecord": "engine.record",
    "LaneResult": "engine.record",
    "Summary": "kpi.summary",
    "BLOCK": "observation.columns",
    "BLOCK_REASONS": "observation.columns",
    "FILL": "observation.columns",
    "LATENCY": "observation.columns",
    "MARK": "observation.columns",
    "TICK": "observation.columns",
    "Observation": "observation.columns",
    "Iteration": "session.fixtures",
    "SoakConfig": "session.fixtures",
    "LaneInfo": "targets.base",
    "Target": "targets.base",
    "TargetFactory": "targets.base",
    "Window": "targets.base",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: the plugin itself must stay thin."""
    if name in _HOMES:
        return getattr(import_module(f"pytest_soak.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'pytest_soak' has no attribute {name!r}")

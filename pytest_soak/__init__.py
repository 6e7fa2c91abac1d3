"""Soak tests for market-making bots: as pytest sessions, and by one call.

FILL, MARKED_FILL, TICK, BLOCK, LATENCY, MARK, ERROR, BREAKER and RESOURCE are numpy dtypes of rows;
help(pytest_soak.Observation) has their columns with types, units and signs. BLOCK_REASONS are the
usual reasons for which a quote change is stopped. A target of your own is described by Target.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pytest_soak.version import __version__ as __version__

if TYPE_CHECKING:
    from pytest_soak.api import soak as soak
    from pytest_soak.clock import Clock as Clock
    from pytest_soak.config.parameters import Parameter as Parameter
    from pytest_soak.engine.events import Event as Event
    from pytest_soak.engine.events import IterationFailed as IterationFailed
    from pytest_soak.engine.events import IterationFinished as IterationFinished
    from pytest_soak.engine.events import IterationStarted as IterationStarted
    from pytest_soak.engine.events import LaneFinished as LaneFinished
    from pytest_soak.engine.events import LaneResumed as LaneResumed
    from pytest_soak.engine.events import LaneStarted as LaneStarted
    from pytest_soak.engine.events import Metered as Metered
    from pytest_soak.engine.events import Notice as Notice
    from pytest_soak.engine.events import PhaseChanged as PhaseChanged
    from pytest_soak.engine.events import Sampled as Sampled
    from pytest_soak.engine.events import StopFired as StopFired
    from pytest_soak.engine.record import Ending as Ending
    from pytest_soak.engine.record import IterationRecord as IterationRecord
    from pytest_soak.engine.record import LaneResult as LaneResult
    from pytest_soak.errors import SoakUsageError as SoakUsageError
    from pytest_soak.errors import TargetError as TargetError
    from pytest_soak.gates.engine import Check as Check
    from pytest_soak.gates.engine import Judgement as Judgement
    from pytest_soak.gates.engine import Verdict as Verdict
    from pytest_soak.gates.sustained import Transition as Transition
    from pytest_soak.kpi.summary import Summary as Summary
    from pytest_soak.observation.columns import BLOCK as BLOCK
    from pytest_soak.observation.columns import BLOCK_REASONS as BLOCK_REASONS
    from pytest_soak.observation.columns import BREAKER as BREAKER
    from pytest_soak.observation.columns import ERROR as ERROR
    from pytest_soak.observation.columns import FILL as FILL
    from pytest_soak.observation.columns import LATENCY as LATENCY
    from pytest_soak.observation.columns import MARK as MARK
    from pytest_soak.observation.columns import MARKED_FILL as MARKED_FILL
    from pytest_soak.observation.columns import RESOURCE as RESOURCE
    from pytest_soak.observation.columns import TICK as TICK
    from pytest_soak.observation.columns import Observation as Observation
    from pytest_soak.run.handlers import Handler as Handler
    from pytest_soak.run.settings import Settings as Settings
    from pytest_soak.run.soak import SoakResult as SoakResult
    from pytest_soak.session.fixtures import Iteration as Iteration
    from pytest_soak.session.fixtures import SoakConfig as SoakConfig
    from pytest_soak.targets.base import LaneInfo as LaneInfo
    from pytest_soak.targets.base import Target as Target
    from pytest_soak.targets.base import TargetFactory as TargetFactory
    from pytest_soak.targets.base import Window as Window
    from pytest_soak.targets.process import ProcessTarget as ProcessTarget

_HOMES = {
    "soak": "api",
    "Clock": "clock",
    "Event": "engine.events",
    "IterationFailed": "engine.events",
    "IterationFinished": "engine.events",
    "IterationStarted": "engine.events",
    "LaneFinished": "engine.events",
    "LaneResumed": "engine.events",
    "LaneStarted": "engine.events",
    "Metered": "engine.events",
    "Notice": "engine.events",
    "PhaseChanged": "engine.events",
    "Sampled": "engine.events",
    "StopFired": "engine.events",
    "SoakUsageError": "errors",
    "TargetError": "errors",
    "Check": "gates.engine",
    "Judgement": "gates.engine",
    "Verdict": "gates.engine",
    "Transition": "gates.sustained",
    "Handler": "run.handlers",
    "Settings": "run.settings",
    "SoakResult": "run.soak",
    "Parameter": "config.parameters",
    "Ending": "engine.record",
    "IterationRecord": "engine.record",
    "LaneResult": "engine.record",
    "Summary": "kpi.summary",
    "BLOCK": "observation.columns",
    "BLOCK_REASONS": "observation.columns",
    "BREAKER": "observation.columns",
    "ERROR": "observation.columns",
    "FILL": "observation.columns",
    "MARKED_FILL": "observation.columns",
    "LATENCY": "observation.columns",
    "MARK": "observation.columns",
    "RESOURCE": "observation.columns",
    "TICK": "observation.columns",
    "Observation": "observation.columns",
    "Iteration": "session.fixtures",
    "SoakConfig": "session.fixtures",
    "LaneInfo": "targets.base",
    "Target": "targets.base",
    "TargetFactory": "targets.base",
    "Window": "targets.base",
    "ProcessTarget": "targets.process",
}


__all__ = ["__version__", *_HOMES]


def __dir__() -> list[str]:
    """The public names, also those not imported yet."""
    return sorted(__all__)


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: the plugin itself must stay thin."""
    if name in _HOMES:
        return getattr(import_module(f"pytest_soak.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'pytest_soak' has no attribute {name!r}")

"""Hooks for users: implement them in a conftest.py or a plugin, with the arguments that you need.

Those that give something run where the bot does: what they raise is a usage error. Those that are
told of a soak run in the main process, when it happens, also under pytest-xdist, and get copies.
One that raises costs a note and keeps no other from being told; where the conftest.py or plugin
has `soak_hooks_required = True`, it fails the session, though not the soak.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytest_soak.engine.record import IterationRecord, LaneResult
    from pytest_soak.gates.engine import Judgement
    from pytest_soak.gates.sustained import Transition
    from pytest_soak.kpi.summary import Summary
    from pytest_soak.run.handlers import Handler
    from pytest_soak.targets.base import TargetFactory


@pytest.hookspec(firstresult=True)
def pytest_soak_make_target(config: pytest.Config, name: str) -> TargetFactory | None:
    """Give the factory for `--soak-target=name`, or None to leave it to others.

    `name` is what was asked for. A factory is called with a LaneInfo and gives the Target of that
    lane; a class whose instances are targets is one. The first plugin that gives one decides.
    """


@pytest.hookspec
def pytest_soak_extra_kpis(  # type: ignore[empty-body]
    config: pytest.Config,
) -> Mapping[str, Callable[[Any, Summary], float | None]]:
    """Give further KPIs by name: functions of what the target returned and of its Summary.

    What a window returned is its Observation, or its ready-made KPIs by name. Each function gives a
    number, or None where there is no value. A gate may judge them, and artifacts hold them, as
    those that are built in.
    """


@pytest.hookspec
def pytest_soak_handlers(config: pytest.Config) -> Iterable[Handler]:  # type: ignore[empty-body]
    """Give handlers of every Event of the soak: objects with `start`, `handle` and `close`.

    One that raises gets no more events and fails the run; one with `optional = True` only has that
    told.
    """


@pytest.hookspec
def pytest_soak_iteration_finished(config: pytest.Config, record: IterationRecord) -> None:
    """An iteration was measured and judged; now, or before a resumed session.

    `record` is all of it: its lane and number, overrides, Summary, Judgement, verdict.
    """


@pytest.hookspec
def pytest_soak_gate_verdict(
    config: pytest.Config, lane: str, judgement: Judgement, final: bool
) -> None:
    """The gate spoke: after an iteration, or on the whole lane (`final`).

    `lane` is the lane's id; `judgement` has the verdict as it is before grace and the gate mode
    soften it, and a check for each threshold.
    """


@pytest.hookspec
def pytest_soak_stop_fired(config: pytest.Config, lane: str, fired: Transition) -> None:
    """A stop criterion fired, and the lane with the id `lane` ends with it.

    `fired` names the criterion, its metric and value, and when it fired, in microseconds on the
    target's clock.
    """


@pytest.hookspec
def pytest_soak_lane_finished(config: pytest.Config, result: LaneResult) -> None:
    """A lane is over and judged.

    `result` has its verdict and reasons, the medians that it rests on, and how it ended; the
    verdict of one that was interrupted is None.
    """

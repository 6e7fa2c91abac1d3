"""Hooks for users: implement them in a conftest.py or a plugin.

The hooks that tell of a soak run in the main process, when it happens, also under pytest-xdist.
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
    """Give the factory for `--soak-target=name`, or None to leave it to others."""


@pytest.hookspec
def pytest_soak_extra_kpis(  # type: ignore[empty-body]
    config: pytest.Config,
) -> Mapping[str, Callable[[Any, Summary], float | None]]:
    """Give further KPIs by name: functions of what the target returned and of its summary."""


@pytest.hookspec
def pytest_soak_handlers(config: pytest.Config) -> Iterable[Handler]:  # type: ignore[empty-body]
    """Give handlers of every event of the soak: objects with `start`, `handle` and `close`."""


@pytest.hookspec
def pytest_soak_iteration_finished(config: pytest.Config, record: IterationRecord) -> None:
    """An iteration was measured and judged; now, or before a resumed session."""


@pytest.hookspec
def pytest_soak_gate_verdict(
    config: pytest.Config, lane: str, judgement: Judgement, final: bool
) -> None:
    """The gate spoke: after an iteration, or on the whole lane (`final`)."""


@pytest.hookspec
def pytest_soak_stop_fired(config: pytest.Config, lane: str, fired: Transition) -> None:
    """A stop criterion fired, and the lane ends with it."""


@pytest.hookspec
def pytest_soak_lane_finished(config: pytest.Config, result: LaneResult) -> None:
    """A lane is over and judged."""

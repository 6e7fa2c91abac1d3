"""The fixtures of a soak session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_soak.engine.lane import prepare
from pytest_soak.engine.record import IterationRecord
from pytest_soak.engine.run import LaneRun
from pytest_soak.errors import SoakUsageError
from pytest_soak.run.lanes import Chosen
from pytest_soak.run.settings import Settings
from pytest_soak.session.context import CONTEXT, USAGE_ERROR, Slot, slot_of
from pytest_soak.session.target_fixture import effective_definition, is_ours
from pytest_soak.session.targets import chosen_by_fixture, chosen_by_option
from pytest_soak.targets.base import LaneInfo, TargetFactory
from pytest_soak.tuning.phases import phase_of

RECORD = pytest.StashKey[IterationRecord]()


@dataclass(frozen=True)
class SoakConfig:
    """What the session and the lane are set to.

    Attributes:
        settings: The settings of the session; `sources` in it says where each is from.
        overrides: The parameters in force in this iteration, by name.
        sources: Where each of these comes from.
    """

    settings: Settings
    overrides: Mapping[str, float]
    sources: Mapping[str, str]


@dataclass(frozen=True)
class Iteration:
    """One iteration of a lane; `run()` it once in the test.

    Attributes:
        slot: Which: the lane's id and the number.
    """

    slot: Slot
    _run: LaneRun
    _node: pytest.Item

    @property
    def number(self) -> int:
        """The iteration's number in its lane, from 1."""
        return self.slot.iteration

    @property
    def lane(self) -> LaneInfo:
        """The lane it belongs to."""
        return self._run.plan.lane

    def run(self) -> IterationRecord:
        """Run the window and return its record.

        Raises TargetError when the target does, RuntimeError on a second call. The gate is
        applied after the test body.
        """
        if RECORD in self._node.stash:
            raise RuntimeError("soak_iteration.run() was called twice in one test")
        record = self._run.run_iteration()
        self._node.stash[RECORD] = record
        return record


def _slot(request: pytest.FixtureRequest) -> Slot:
    """The iteration that this test stands for."""
    slot = slot_of(request.node)
    if slot is None:
        pytest.fail("soak_lane is for a test that asks for soak_iteration", pytrace=False)
    return slot


def _lane(request: pytest.FixtureRequest, soak_target: TargetFactory, slot: Slot) -> LaneRun:
    """The lane of this test, which opens with its first iteration."""
    context = request.config.stash[CONTEXT]

    def choose() -> Chosen:
        definition = effective_definition(request.node)
        if definition is not None and is_ours(definition):
            return chosen_by_option(request.config, context.settings)
        return chosen_by_fixture(request.config, soak_target)

    try:
        return context.lanes.open_ahead(*slot, choose, context.selected)
    except SoakUsageError as error:
        context.usage_error = str(error)
    pytest.skip(USAGE_ERROR)


@pytest.fixture
def soak_lane(request: pytest.FixtureRequest, soak_target: TargetFactory) -> LaneRun:
    """The lane of this test: its plan, its state, its overrides in force."""
    return _lane(request, soak_target, _slot(request))


@pytest.fixture
def soak_iteration(request: pytest.FixtureRequest, soak_target: TargetFactory) -> Iteration:
    """One iteration of a soak; a test that asks for it is run for every lane and iteration."""
    slot = _slot(request)
    return Iteration(slot, _lane(request, soak_target, slot), request.node)


@pytest.fixture
def soak_config(request: pytest.FixtureRequest, soak_lane: LaneRun) -> SoakConfig:
    """Settings and overrides with their sources; an operator's edit may still change them."""
    settings = request.config.stash[CONTEXT].settings
    ahead = prepare(soak_lane.plan, soak_lane.state, {})
    return SoakConfig(settings, ahead.overrides, ahead.sources)


@pytest.fixture
def soak_phase(soak_lane: LaneRun) -> str:
    """The phase of this iteration: without a warm-up always `steady`."""
    return phase_of(soak_lane.state.iteration + 1, soak_lane.plan.warmup)


@pytest.fixture
def soak_artifacts(request: pytest.FixtureRequest, soak_lane: LaneRun) -> Path:
    """The folder of the lane's artifacts."""
    layout = request.config.stash[CONTEXT].layout
    return layout.lane(soak_lane.plan.lane.id).home

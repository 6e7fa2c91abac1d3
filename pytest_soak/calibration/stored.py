"""Lanes of stored runs: as recorded lanes, and what is known of the gate that judged them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_soak.artifacts.calibration import CalibratedGate
from pytest_soak.artifacts.models import LaneOutcome
from pytest_soak.artifacts.names import LATEST
from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.calibration.key import key_of
from pytest_soak.calibration.lanes import RecordedLane, lane_of
from pytest_soak.calibration.lookup import find
from pytest_soak.calibration.shelf import calibrated, places
from pytest_soak.calibration.words import told
from pytest_soak.engine.plan import GateMode
from pytest_soak.errors import SoakUsageError
from pytest_soak.merging.whole import journal_of


def stored_lane(run: StoredRun, lane: LaneOutcome) -> RecordedLane:
    """A lane of a run; SoakUsageError where its files do not tell enough of it."""
    source = f"{run.given} {lane.lane}"
    if lane.changed:
        problem = f"{lane.changed[0]} was changed on the way: rates are of lanes that keep theirs"
        raise SoakUsageError(source, problem)
    content = journal_of(run, lane.lane)
    if content is None:
        raise SoakUsageError(source, "has no journal, as no merged run has")
    return lane_of(source, content, lane.planned)


def run_rates(run: StoredRun, folder: Path) -> dict[str, str]:
    """By judged lane, the error rates of its gate as far as they are known; none of a gate `off`.

    They are looked for beside the run, in the user's `folder`, and in the wheel.
    """
    judged = [lane for lane in run.result.lanes if lane.verdict is not None]
    if run.result.gate_mode is GateMode.OFF:
        return {}
    home = run.folder.parent
    root = home if run.folder.name == LATEST else home.parent
    try:
        known = tuple(calibrated(places(root, folder)))
    except SoakUsageError as error:
        return {lane.lane: told(str(error)) for lane in judged}
    return {lane.lane: _rates(run, lane, known) for lane in judged}


def _rates(run: StoredRun, lane: LaneOutcome, known: Sequence[CalibratedGate]) -> str:
    try:
        return told(find(known, key_of(stored_lane(run, lane))))
    except SoakUsageError as error:
        return told(error.problem)

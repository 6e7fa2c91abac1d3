"""Lanes of stored runs: as recorded lanes, and what is known of the gate that judged them."""

from __future__ import annotations

from pathlib import Path

from pytest_soak.artifacts.models import LaneOutcome
from pytest_soak.artifacts.names import LATEST
from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.calibration.key import key_of
from pytest_soak.calibration.lanes import RecordedLane, lane_of
from pytest_soak.calibration.lookup import find
from pytest_soak.calibration.shelf import calibrated, places
from pytest_soak.calibration.words import told
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


def calibration_line(run: StoredRun, lane: LaneOutcome, folder: Path) -> str:
    """The error rates of the gate that judged a lane, as far as they are known.

    They are looked for beside the run, in the user's `folder`, and in the wheel.
    """
    home = run.folder.parent
    root = home if run.folder.name == LATEST else home.parent
    try:
        key = key_of(stored_lane(run, lane))
    except SoakUsageError as error:
        return told(error.problem)
    try:
        return told(find(calibrated(places(root, folder)), key))
    except SoakUsageError as error:
        return told(str(error))

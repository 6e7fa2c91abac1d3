"""The commands that have the bots of a run meet again what failed, for who reads its end."""

from __future__ import annotations

from pathlib import Path

from pytest_soak.errors import SoakUsageError
from pytest_soak.report.read import read_run

MOST = 3


def pieces(run: Path) -> list[str]:
    """Those of the first few lanes that a fault is blamed of; none of a run that cannot be read."""
    try:
        lanes = read_run(run).lanes
    except SoakUsageError:
        return []
    return list(dict.fromkeys(lane.piece for lane in lanes if lane.piece))[:MOST]

"""What is known of a lane beside its feeds: its name, and what each iteration ran with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_soak.artifacts.models import IterSummary
from pytest_soak.artifacts.names import FEED_INDEX, iteration_of
from pytest_soak.artifacts.stored_run import read
from pytest_soak.config.documents import parse_json
from pytest_soak.dataset.setting import Setting, Settings, windows
from pytest_soak.storage.archives import GZIP


def lane_name(feeds: Path) -> str:
    """The lane that an index beside the feeds names; empty without one."""
    try:
        index = parse_json((feeds / FEED_INDEX).read_text(encoding="utf-8"), FEED_INDEX).data
    except (OSError, ValueError):
        return ""
    lane = index.get("lane") if isinstance(index, dict) else None
    return lane if isinstance(lane, str) else ""


def iteration_settings(feeds: Path) -> dict[int, Setting]:
    """By iteration, of the run's folder that the feeds are in; none where it is no run's.

    Raises SoakUsageError where an ITER_SUMMARY is damaged.
    """
    found = {}
    for path in sorted(feeds.parent.glob("ITER_SUMMARY_*.json*")):
        if iteration_of(path.name.removesuffix(GZIP)) is not None:
            told = read(IterSummary, path)
            kpis = told.summary
            found[told.iteration] = Setting(kpis.state_hash, told.flags_hash, kpis.phase)
    return found


def settings(iterations: Mapping[int, Setting], boundaries: Mapping[int, int]) -> Settings:
    """What is known of the times of iterations, from boundary marks by number."""
    if not iterations:
        return Settings(why="no ITER_SUMMARY is beside the feeds")
    found = windows(boundaries)
    if found is None:
        return Settings(why="the feeds have no boundary marks from the first iteration on")
    return Settings(iterations, found)

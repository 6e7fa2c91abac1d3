"""Stop criteria over sessions: they go on where they were, and leave no more than that needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_soak import Event, IterationFinished, Settings, StopFired, soak
from pytest_soak.artifacts.lane_journal import read_journal
from pytest_soak.artifacts.layout import LaneFiles
from pytest_soak.gates.sustained import Transition

MINUTES = 20
OUTAGE = "outage@35m+1h"
"""It begins in the second window, and the breaker has been open for five minutes in the third."""


class Heard:
    """Keeps what the criteria did, in iterations that were not replayed."""

    def __init__(self) -> None:
        self.stops: list[Transition] = []
        self.notes: list[tuple[int, tuple[str, ...]]] = []

    def start(self, settings: Settings) -> None:
        pass

    def handle(self, event: Event) -> None:
        if isinstance(event, StopFired):
            self.stops.append(event.fired)
        if isinstance(event, IterationFinished) and not event.replayed:
            self.notes.append((event.record.iteration, event.record.notes))

    def close(self) -> None:
        pass


def run(folder: Path, iterations: int, heard: Heard, **more: Any) -> None:
    soak(
        "sim",
        iterations=iterations,
        minutes=MINUTES,
        gate="smoke",
        stop="stop",
        drill=[OUTAGE],
        folder=folder,
        handlers=[heard],
        **more,
    )


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    heard = Heard()
    run(tmp_path_factory.mktemp("whole"), 4, heard)
    assert [stop.criterion for stop in heard.stops] == ["breaker"]
    return heard


@pytest.mark.parametrize("before", [(1,), (2,), (1, 2)])
def test_a_lane_resumed_from_the_disk_stops_as_one_that_went_on(
    tmp_path: Path, uninterrupted: Heard, before: tuple[int, ...]
) -> None:
    heard = Heard()
    for number, iterations in enumerate((*before, 4)):
        run(tmp_path, iterations, heard, resume=number > 0)
    assert heard.stops == uninterrupted.stops
    assert heard.notes == uninterrupted.notes


def test_what_the_criteria_go_on_with_does_not_pile_up(tmp_path: Path) -> None:
    folder, sizes = tmp_path / "artifacts/soak", []
    for iterations in (3, 6):
        soak(
            "sim",
            iterations=iterations,
            gate="smoke",
            stop="stop",
            folder=tmp_path,
            resume=iterations > 3,
        )
        [carried] = folder.glob("latest/checkpoint_lane_*")
        sizes.append(((folder / "latest/journal").stat().st_size, carried.stat().st_size))
    (journal, carried_before), (grown, carried_after) = sizes
    assert grown - journal < 3 * 8_000
    assert carried_after < 1.3 * carried_before
    home = folder / "latest"
    lines = read_journal(LaneFiles(folder, home, folder / "runtime_overrides.json")).iterations
    assert all(line.done.watched is not None and not line.done.watched.tails for line in lines)

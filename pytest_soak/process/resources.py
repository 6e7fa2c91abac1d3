"""What the processes of a bot use together, as lines of the feed `resources`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_soak.canonical import compact
from pytest_soak.clock import Clock
from pytest_soak.observation.feed_files import DAY_US, FeedFile
from pytest_soak.observation.feed_schema import WATCHED
from pytest_soak.process.feeds import now_us
from pytest_soak.storage.files import opened, writing

if TYPE_CHECKING:
    import psutil

EVERY_SECONDS = 5.0
Used = Mapping[str, float]


class Resources:
    """Measures each EVERY_SECONDS all that the supervisor has started, and appends a line.

    `seq` is the number of the last line that is there.
    Raises ArtifactError where that cannot be written.
    """

    def __init__(self, supervisor: int, folder: Path, clock: Clock, seq: int = 0) -> None:
        import psutil

        self._supervisor = psutil.Process(supervisor)
        self._folder = folder
        self._clock = clock
        self._due = clock.monotonic()
        self._measured = self._due
        self._seconds: dict[tuple[int, float], float] = {}
        self._seq = seq
        self.begin()

    def begin(self) -> None:
        """From now on it is another bot."""
        self._started_us = now_us(self._clock)

    def look(self) -> None:
        """Measure, if it is time."""
        if self._clock.monotonic() < self._due:
            return
        self._due = self._clock.monotonic() + EVERY_SECONDS
        row = self._measure()
        if row is None or not self._folder.is_dir():
            return
        time_us = now_us(self._clock)
        path = self._folder / FeedFile(WATCHED, time_us // DAY_US).name
        line = {"seq": self._seq + 1, "time_us": time_us, **row, "started_us": self._started_us}
        with writing(path), opened(path, "ab") as file:
            file.write(f"{compact(line)}\n".encode())
        self._seq += 1

    def _measure(self) -> Used | None:
        """The sums over the tree; None without a process that could be measured."""
        import psutil

        now, before = self._clock.monotonic(), self._seconds
        found: list[tuple[float, ...]] = []
        self._seconds = {}
        with suppress(psutil.Error):
            for process in self._supervisor.children(recursive=True):
                with suppress(psutil.Error), process.oneshot():
                    found.append(_one(process))
                    times = process.cpu_times()
                    self._seconds[process.pid, process.create_time()] = times.user + times.system
        spent = sum(
            used - before.get(key, used if not before else 0.0)
            for key, used in self._seconds.items()
        )
        elapsed, self._measured = now - self._measured, now
        if not found:
            return None
        rss, fds, threads = (sum(column) for column in zip(*found, strict=True))
        return {
            "rss_mb": round(rss / 1e6, 3),
            "cpu_pct": round(100 * spent / elapsed, 2) if elapsed > 0 else 0.0,
            "open_fds": fds,
            "threads": threads,
        }


def _one(process: psutil.Process) -> tuple[int, int, int]:
    return process.memory_info().rss, process.num_fds(), process.num_threads()

"""What is new of a run, found out seldom enough to be no burden to it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from os import DirEntry, scandir
from pathlib import Path

from pytest_soak.artifacts.ab_found import abs_place, abs_stamp
from pytest_soak.artifacts.names import NEWEST
from pytest_soak.artifacts.stored_run import find_run
from pytest_soak.calibration.stored import run_rates
from pytest_soak.clock import Clock
from pytest_soak.errors import SoakUsageError
from pytest_soak.live.sections import Sections, Snapshot, said
from pytest_soak.report.read import NoRunError, Reader, folder_of, is_under_way
from pytest_soak.report.values import ReportRun
from pytest_soak.report.while_running import Pace

LEAST_SECONDS = 1.0
UNSURE_NS = 2_000_000_000
"""Of a folder that changed so shortly before it was read, a change may have been missed."""

_Signature = tuple[tuple[str, int], ...]


class Watch:
    """Looks at the run at a path: an artifact root (its latest run), a run, or a lane's folder.

    It is read anew where a folder of it has changed, at most once a second, and no sooner than
    twenty times what the last reading took. Nothing is written.
    """

    def __init__(self, path: Path, folder: Path, clock: Clock) -> None:
        self._path = path
        self._folder = folder
        self._clock = clock
        self._reader = Reader(path)
        self._sections = Sections()
        self._pace = Pace(-math.inf, LEAST_SECONDS)
        self._seen: tuple[_Signature, bool, object] | None = None
        self._unsure = False

    def look(self) -> Snapshot | None:
        """The run as it is now; None where nothing is new, or it is too soon to say."""
        begun = self._clock.monotonic()
        if not self._pace.is_due(begun):
            return None
        home = folder_of(self._path)
        seen = signature(home), is_under_way(home), abs_stamp(abs_place(home))
        if seen == self._seen and not self._unsure:
            return None
        newest = max((changed for _, changed in seen[0]), default=0)
        self._unsure = self._clock.now().timestamp() * 1e9 - newest < UNSURE_NS
        found = self._read()
        self._seen = seen
        self._pace.done(begun, self._clock.monotonic())
        return found

    def _read(self) -> Snapshot:
        try:
            run = self._reader.read()
            over = is_over(run)
            rates = self._rates() if over else {}
        except NoRunError:
            return said("Waiting for a run", f"There is none in {self._path} yet.")
        except SoakUsageError as error:
            return said("Waiting for a run that can be read", str(error))
        return self._sections.of(run, rates, over=over)

    def _rates(self) -> dict[str, str]:
        stored = find_run(self._path)
        return {} if stored is None else run_rates(stored, self._folder)


def is_over(run: ReportRun) -> bool:
    """Whether nothing more will come of a run: it was concluded, or nobody goes on with it."""
    concluded = run.result is not None and run.result.status != "running"
    return concluded or not run.under_way


def signature(home: Path) -> _Signature:
    """When each folder of a run last had a file put into it; empty where there is none."""
    try:
        return tuple(_changes(home))
    except OSError:
        return ()


def _changes(home: Path) -> Iterator[tuple[str, int]]:
    yield "", home.stat().st_mtime_ns
    with scandir(home) as entries:
        folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    for folder in sorted(folders, key=lambda entry: entry.name):
        yield folder.name, _changed(folder)
        if folder.name != NEWEST:
            newest = Path(folder.path) / NEWEST
            yield f"{folder.name}/{NEWEST}", newest.stat().st_mtime_ns if newest.is_dir() else 0


def _changed(folder: DirEntry[str]) -> int:
    return folder.stat(follow_symlinks=False).st_mtime_ns

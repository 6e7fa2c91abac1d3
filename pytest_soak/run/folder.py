"""The artifact root of a session: locked, then made ready for a new run or for the latest one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from pytest_soak.artifacts.lane_journal import read_journal
from pytest_soak.artifacts.layout import Layout
from pytest_soak.errors import ArtifactError, SoakUsageError
from pytest_soak.run.result import ResultFile
from pytest_soak.run.settings import Settings
from pytest_soak.storage.files import sweep, write_bytes
from pytest_soak.storage.links import plain_tree
from pytest_soak.storage.lock import RootLock


def layout_of(settings: Settings) -> Layout:
    """Where the files of a run with these settings lie."""
    return Layout(settings.directory, several_lanes=len(settings.lanes()) > 1)


class RunFolder:
    """What the main process does to the artifact root before the first lane and after the last."""

    def __init__(self, settings: Settings, layout: Layout, result_file: ResultFile) -> None:
        self._settings = settings
        self._layout = layout
        self._result_file = result_file
        self._lock = RootLock(settings.directory)
        self._archived: Path | None = None
        self._resumed: bytes | None = None
        self.prepared = False

    def announce(self) -> None:
        """Say in a root that is there that a session has begun, before it imports any bot."""
        if self._layout.root.is_dir():
            with suppress(ArtifactError):  # whoever writes there next is told
                write_bytes(self._layout.begun, b"")

    def prepare(self) -> list[str]:
        """Make room for a new run, or go on in the latest one; what to tell of it.

        Does its work once. Raises SoakUsageError or ArtifactError where that is not possible.
        """
        if self.prepared:
            return []
        self._layout.make_root()
        self._lock.take()
        told = self._resume() if self._settings.resume and self._layout.has_journal else self._new()
        self.prepared = True
        try:
            self._result_file.begin()
        except ArtifactError:
            self.withdraw()
            raise
        return told

    def join(self, worker: str) -> None:
        """Say that a worker of pytest-xdist is at work in what the main process has prepared."""
        if not self.prepared:
            self._lock.take_as(worker)
            self.prepared = True

    def withdraw(self) -> None:
        """Leave the artifacts as they were: a usage error came before the first lane began."""
        if not self.prepared:
            return
        if self._resumed is not None:
            write_bytes(self._layout.result, self._resumed)
        else:
            self._layout.withdraw(self._archived)
        self.prepared = False

    def release(self) -> None:
        """Let other sessions at the root; this one has come to its end."""
        with suppress(OSError):
            self._layout.begun.unlink(missing_ok=True)
        self._lock.release()

    def _new(self) -> list[str]:
        told = []
        if self._settings.resume:
            told.append(f"nothing to resume in {self._layout.latest}: this is a new run")
        unfinished = self._layout.has_journal and self._unfinished()
        self._archived = self._layout.prepare()
        if unfinished:
            told.append(
                "the run before this one was not finished; to go on with it, stop this one, run "
                f"pytest-soak reopen {self._archived} and give its settings and --soak-resume"
            )
        return told

    def _unfinished(self) -> bool:
        try:
            return bool(self._result_file.earlier().unfinished)
        except SoakUsageError:
            return True

    def _resume(self) -> list[str]:
        """Go on in the latest run, if its lanes are those of the settings and none is damaged."""
        plain_tree(self._layout.root, self._layout.latest)
        earlier = self._result_file.earlier()
        before = {lane.lane for lane in earlier.lanes} | set(earlier.unfinished)
        now = {lane.id for lane in self._settings.lanes()}
        if before != now:
            raise SoakUsageError(
                "--soak-resume",
                f"lanes: {_named(before - now)} in {self._layout.result}, {_named(now - before)} "
                "now; give the same profiles, markets, seeds and variants, or start anew without",
            )
        for lane in sorted(now):
            if self._layout.lane(lane).journal.exists():
                read_journal(self._layout.lane(lane))
        self._resumed = self._layout.result.read_bytes()
        self._layout.bring_runtime_file()
        for folder in (self._layout.root, self._layout.latest):
            sweep(folder)
        return []


def _named(lanes: set[str]) -> str:
    """A few of `lanes` by name."""
    shown = sorted(lanes)[:3]
    more = f" and {len(lanes) - 3} more" if len(lanes) > 3 else ""
    return (", ".join(shown) or "none more") + more

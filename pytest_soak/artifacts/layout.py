"""Where the files of a run lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pytest_soak.artifacts import names
from pytest_soak.artifacts.names import JOURNAL, RUNTIME
from pytest_soak.artifacts.stored_run import result_says
from pytest_soak.storage.files import sweep, write_text, writing
from pytest_soak.storage.links import plain

_RUN = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


@dataclass(frozen=True)
class LaneFiles:
    """A lane's files below `root`: `home` holds its artifacts, `runtime` is its mutable file.

    Each file that it names is none that a symbolic link leads to, or it raises ArtifactError.
    """

    root: Path
    home: Path
    runtime: Path

    def named(self, *below: str) -> Path:
        """A file of the lane's folder."""
        return plain(self.root, self.home.joinpath(*below))

    @property
    def journal(self) -> Path:
        """What of the lane is durable."""
        return self.named(JOURNAL)

    @property
    def feeds(self) -> Path:
        """The folder of the feeds."""
        return self.named(names.FEEDS)

    def summary(self, iteration: int) -> Path:
        """`ITER_SUMMARY_<N>.json`."""
        return self.named(names.summary_name(iteration))

    def printed(self, iteration: int) -> Path:
        """What was printed and logged in an iteration."""
        return self.named(names.PRINTED, f"iteration_{iteration}.log")

    @property
    def final(self) -> Path:
        """`ITER_SUMMARY_final.json`."""
        return self.named(names.FINAL)

    def artifact(self, name: str) -> Path:
        """One of the files of the newest iteration."""
        return self.named(names.NEWEST, name)

    def feed(self, name: str) -> Path:
        """A file of the feeds."""
        return self.named(names.FEEDS, name)


@dataclass(frozen=True)
class Layout:
    """The artifact root of a session."""

    root: Path
    several_lanes: bool

    @property
    def begun(self) -> Path:
        """There from a session's start to its end: without a session, one never came to its end."""
        return self.root / names.BEGUN

    @property
    def latest(self) -> Path:
        """The run in progress or the last one."""
        return self.root / names.LATEST

    @property
    def result(self) -> Path:
        """The verdict of the whole session."""
        return self.latest / names.RESULT

    @property
    def report(self) -> Path:
        """The report of the whole session, unless the user wants it elsewhere."""
        return self.latest / names.REPORT

    @property
    def trend(self) -> Path:
        """The trends of all lanes."""
        return self.latest / names.TREND

    def lane(self, lane: str) -> LaneFiles:
        """The files of a lane; a lone lane has the folders to itself."""
        if self.several_lanes:
            home = self.latest / lane
            return LaneFiles(self.root, home, home / RUNTIME)
        return LaneFiles(self.root, self.latest, self.root / RUNTIME)

    @property
    def has_journal(self) -> bool:
        """Whether there is a run in `latest` that may be resumed."""
        return any(True for where in (JOURNAL, f"*/{JOURNAL}") for _ in self.latest.glob(where))

    def make_root(self) -> None:
        """Make the root, to be left out of version control.

        Raises ArtifactError, like all that changes the root, where a symbolic link is in the way.
        """
        with writing(self.root):
            if not self.root.exists():
                self.root.mkdir(parents=True)
                write_text(self.root / ".gitignore", "*\n")
        self._check()

    def prepare(self) -> Path | None:
        """Make room for a new run: what is in `latest` moves to `runs/`; where it went, if so."""
        self.make_root()
        sweep(self.root)
        with writing(self.root):
            archived = self._archive() if self.latest.exists() else None
            self.latest.mkdir()
        return archived

    def withdraw(self, archived: Path | None) -> None:
        """Undo `prepare` for a run that did not begin: what it `archived` is the latest again."""
        with writing(self.latest):
            self.result.unlink(missing_ok=True)
            self.latest.rmdir()
            if archived is not None:
                archived.rename(self.latest)
                self.bring_runtime_file()

    def reopen(self, run: Path) -> Path | None:
        """Make an earlier `run` the latest again; where the latest went, if there was one."""
        self._check()
        plain(self.root, run)
        with writing(self.root):
            archived = self._archive() if self.latest.exists() else None
            run.rename(self.latest)
            self.bring_runtime_file()
        return archived

    def bring_runtime_file(self) -> None:
        """Put the runtime file that was archived with a run where the run had it."""
        kept = self.latest / RUNTIME
        if kept.exists() and (self.latest / JOURNAL).exists():
            kept.replace(self.root / RUNTIME)

    def _check(self) -> None:
        runs = self.root / names.RUNS
        for path in (self.result, self.latest / RUNTIME, self.root / RUNTIME, runs):
            plain(self.root, path)

    def _archive(self) -> Path:
        in_force = self.root / RUNTIME
        if in_force.exists() and (self.latest / JOURNAL).exists():
            in_force.replace(self.latest / RUNTIME)
        runs = self.root / names.RUNS
        runs.mkdir(exist_ok=True)
        name = self._run_name()
        target, copy = runs / name, 2
        while target.exists():
            target, copy = runs / f"{name}-{copy}", copy + 1
        return self.latest.rename(target)

    def _run_name(self) -> str:
        name = result_says(self.latest, "meta", "run")
        if isinstance(name, str) and _RUN.fullmatch(name):
            return name
        changed = datetime.fromtimestamp(self.latest.stat().st_mtime, UTC)
        return f"{changed:%Y%m%dT%H%M%SZ}-unknown"

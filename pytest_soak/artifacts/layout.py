"""Where the files of a run lie."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pytest_soak.artifacts.files import write_text, writing

_RUN = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


@dataclass(frozen=True)
class LaneFiles:
    """The files of one lane: `home` holds its artifacts, `runtime` is its mutable file."""

    home: Path
    runtime: Path

    def summary(self, iteration: int | str) -> Path:
        """`ITER_SUMMARY_<N>.json`, or `_final`."""
        return self.home / f"ITER_SUMMARY_{iteration}.json"

    def artifact(self, name: str) -> Path:
        """One of the files of the newest iteration."""
        return self.home / "artifacts" / name

    def feed(self, name: str, day: str) -> Path:
        """A feed of one day, `YYYYMMDD` on the target's clock."""
        return self.home / "feeds" / f"{name}_{day}.jsonl"


@dataclass(frozen=True)
class Layout:
    """The artifact root of a session."""

    root: Path
    several_lanes: bool

    @property
    def latest(self) -> Path:
        """The run in progress or the last one."""
        return self.root / "latest"

    @property
    def result(self) -> Path:
        """The verdict of the whole session."""
        return self.latest / "RESULT.json"

    @property
    def report(self) -> Path:
        """The report of the whole session, unless the user wants it elsewhere."""
        return self.latest / "report.html"

    @property
    def trend(self) -> Path:
        """The trends of all lanes."""
        return self.latest / "STEADY_TREND.md"

    def lane(self, lane: str) -> LaneFiles:
        """The files of a lane; a lone lane has the folders to itself."""
        if self.several_lanes:
            home = self.latest / lane
            return LaneFiles(home, home / "runtime_overrides.json")
        return LaneFiles(self.latest, self.root / "runtime_overrides.json")

    def prepare(self) -> Path | None:
        """Make room for a new run: what is in `latest` moves to `runs/`; where it went, if so."""
        with writing(self.root):
            if not self.root.exists():
                self.root.mkdir(parents=True)
                write_text(self.root / ".gitignore", "*\n")
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

    def _archive(self) -> Path:
        runs = self.root / "runs"
        runs.mkdir(exist_ok=True)
        name = self._run_name()
        target, copy = runs / name, 2
        while target.exists():
            target, copy = runs / f"{name}-{copy}", copy + 1
        return self.latest.rename(target)

    def _run_name(self) -> str:
        try:
            name = json.loads(self.result.read_text(encoding="utf-8"))["meta"]["run"]
            if _RUN.fullmatch(name):
                return str(name)
        except (OSError, ValueError, KeyError, TypeError):
            pass
        changed = datetime.fromtimestamp(self.latest.stat().st_mtime, UTC)
        return f"{changed:%Y%m%dT%H%M%SZ}-unknown"

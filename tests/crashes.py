"""Killing a lane at any step of its writing, in process: steps are counted, then all fail."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from builders import FakeClock, blocks, fills, observation

from pytest_soak.artifacts.feed_index import LaneIndex
from pytest_soak.artifacts.feeds import Feeds
from pytest_soak.artifacts.handlers import LaneArtifacts
from pytest_soak.artifacts.lane_journal import LaneJournal
from pytest_soak.artifacts.layout import Layout
from pytest_soak.artifacts.runtime import RuntimeOverridesFile
from pytest_soak.canonical import dumps
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.run import LaneRun
from pytest_soak.storage import files
from pytest_soak.targets.base import LaneInfo, Window


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Steps:
    """Counts what changes the disk; with `last`, nothing does after so many steps."""

    last: int | None = None
    taken: int = 0

    def step(self) -> None:
        if self.last is not None and self.taken >= self.last:
            raise Killed
        self.taken += 1

    def patch(self, patcher: pytest.MonkeyPatch) -> None:
        for owner, name in (
            (os, "fsync"),
            (Path, "replace"),
            (Path, "rename"),
            (Path, "unlink"),
            (Path, "mkdir"),
        ):
            patcher.setattr(owner, name, self._counted(getattr(owner, name)))
        patcher.setattr(files, "_open", self._open(files._open))

    def _counted(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.step()
            return real(*args, **kwargs)

        return call

    def _open(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Path, mode: str, buffering: int) -> Any:
            self.step()
            return _Doomed(self, real(path, mode, 0))

        return call


class _Doomed:
    """An unbuffered file in which a write that is cut off leaves its first half."""

    def __init__(self, steps: Steps, file: Any) -> None:
        self._steps = steps
        self._file = file

    def __enter__(self) -> _Doomed:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def write(self, data: Any) -> int:
        try:
            self._steps.step()
        except Killed:
            if self._steps.taken == self._steps.last:
                self._file.write(bytes(data)[: len(data) // 2])
                self._steps.taken += 1
            raise
        return int(self._file.write(data))

    def truncate(self, size: int) -> None:
        self._steps.step()
        self._file.truncate(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@dataclass
class Walker:
    """A target whose KPIs depend on all that it did before, and on the overrides.

    Its clock begins at `epoch_us`.
    """

    place: float = 1.0
    epoch_us: int = 0

    def start(self, lane: LaneInfo) -> None:
        self.place = 1.0

    def run(self, overrides: Mapping[str, float], window: Window) -> Any:
        self.place = (self.place * 1.7 + overrides["min_interval_ms"] / 100) % 3
        price = 100.0 - 0.03 - self.place / 100
        start = self.epoch_us + int(window.start_minutes * 60e6)
        return observation(
            start_us=start,
            end_us=start + int(window.minutes * 60e6),
            fills=fills(
                [(side, True, price, 1.0, 0.001, 100.0, 100.01) for side in (1, -1, 1, -1)]
            ),
            blocks=blocks(risk=int(10 * self.place)),
            intended_changes=20,
        )

    def stop(self) -> None:
        pass

    def checkpoint(self) -> bytes:
        return repr(self.place).encode()

    def restore(self, data: bytes) -> None:
        self.place = float(data)


@dataclass
class Soak:
    """One lane with its files, run by one process after the other."""

    root: Path
    plan: LanePlan
    make: Callable[[], Any] = Walker
    edits: dict[int, str] = field(default_factory=dict)
    feeds: bool = True
    packed: bool = False

    @property
    def layout(self) -> Layout:
        return Layout(self.root, several_lanes=False)

    def process(self) -> None:
        """Run the lane to its end, going on where the process before was killed."""
        files = self.layout.lane("x")
        feeds = Feeds(files, LaneIndex("x", "walker"), kept=self.feeds, packed=self.packed)
        journal = LaneJournal(files, {"plan": "this"}, feeds)
        journal.open()
        artifacts, runtime = LaneArtifacts(files, FakeClock()), RuntimeOverridesFile(files.runtime)
        run = LaneRun(self.plan, self.make(), runtime, FakeClock(), artifacts.handle, journal)
        while run.ended is None:
            run.run_iteration()
            edit = self.edits.pop(run.state.iteration, None)
            if edit is not None:
                self._edit(edit)

    def _edit(self, text: str) -> None:
        """What an operator does to the runtime file, on a computer that does not crash."""
        path = self.layout.lane("x").runtime
        old = json.loads(path.read_bytes())
        given = json.loads(text) if text.startswith("{") else None
        new = text if given is None else json.dumps(old | given)
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
        os.write(descriptor, new.encode())
        os.close(descriptor)


def contents(root: Path) -> dict[str, Any]:
    """All files below `root` but for what differs from run to run: times, process ids, hosts."""
    found: dict[str, Any] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_dir() or name.startswith(("runs", ".soak")):
            continue
        if path.name == "journal":
            found[name] = journal_lines(path)
        elif path.suffix == ".json":
            text = path.read_text(encoding="utf-8")
            data = json.loads(text)
            assert text == dumps(data)
            data.pop("meta", None)
            found[name] = data
        elif path.name == "report.html":
            text = path.read_text(encoding="utf-8")
            found[name] = re.sub(r"<!-- meta -->.*?<!-- /meta -->", "", text, flags=re.DOTALL)
        else:
            found[name] = path.read_bytes()
    return found


def journal_lines(path: Path) -> list[Any]:
    """The lines of a journal without checksums and times."""
    lines = [json.loads(line.partition(b" ")[2]) for line in path.read_bytes().splitlines()]
    for line in lines:
        for when in ("started", "seconds"):
            line.get("done", {}).pop(when, None)
    return lines

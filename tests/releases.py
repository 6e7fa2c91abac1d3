"""A folder in which a user releases, and a clock that moves only when told."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from harness import ALONE

from pytest_soak.artifacts.lock_models import LockedBudgets
from pytest_soak.artifacts.stored_run import run_in
from pytest_soak.canonical import dumps
from pytest_soak.commands.release_lock import lock_of
from pytest_soak.commands.release_place import Asked, Worked, open_place
from pytest_soak.commands.release_prep import prep
from pytest_soak.commands.release_shadow import budgets_of
from pytest_soak.commands.release_status import status
from pytest_soak.commands.release_step import put
from pytest_soak.release.child import run_pytest
from pytest_soak.release.layout import LOCKED_BUDGETS
from pytest_soak.release.session import Session, arguments

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TWO_LINES = "profile: steady_safe\ncandidate: {flags: {taker_cap.max_taker_share_pct: 1}}\n"
ASKED = Asked(None, "release.yaml")


@dataclass
class Stopped:
    """A clock."""

    at: datetime = AT

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Releasing:
    """A user's folder, and what the last command said."""

    folder: Path
    clock: Stopped = field(default_factory=Stopped)
    env: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    worked: Worked = Worked(-1, {})  # noqa: RUF009 - it is not changed

    @property
    def out(self) -> Path:
        return self.folder / "artifacts"

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def prep(self, dry: bool = False, **asked: Any) -> int:
        return self._ran(prep, dry, asked)

    def status(self, verify: bool = False, **asked: Any) -> int:
        return self._ran(status, verify, asked)

    def _ran(self, command: Any, switch: bool, asked: dict[str, Any]) -> int:
        self.said = []
        given = (ASKED._replace(**asked), switch, self.env, self.folder, self.clock)
        self.worked = command(*given, self.said.append)
        return self.worked.status

    def stands(self) -> dict[str, str]:
        """The state of each step."""
        self.status()
        steps: Any = self.worked.document["steps"]
        return {step["step"]: step["state"] for step in steps}

    def files(self) -> dict[str, bytes]:
        paths = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in paths}


@contextmanager
def as_typed() -> Iterator[None]:
    """Sessions that a command starts are those of a user, not of this test's worker."""
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith(("PYTEST_", "GITHUB_"))]:
            patched.delenv(name)
        patched.setenv("PYTEST_ADDOPTS", ALONE)
        yield


def make_lock(folder: Path, seeds: Sequence[int], minutes: float) -> LockedBudgets:
    """Lock the candidate of a plan in `folder`, over runs of less than an hour."""
    place = open_place(ASKED, {}, folder)
    candidate, bot = place.choice.candidate, place.choice.bot
    assert candidate is not None
    assert bot is not None
    runs = folder / "locking"
    session = Session(
        place.choice.plan, candidate, tuple(seeds), 1, minutes, "smoke", runs, feeds=True
    )
    with as_typed():
        assert run_pytest(arguments(session, folder), folder, subprocess.DEVNULL) in (0, 1)
    run = run_in(runs)
    budgets = [budgets_of(session, run, lane) for lane in run.result.lanes]
    locked = lock_of(place, session, budgets, Stopped(), exact=bot.can.deterministic)
    put(place, LOCKED_BUDGETS, dumps(locked.data()))
    return locked

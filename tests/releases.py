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
BOT = """
import numpy as np

from pytest_soak import FILL, MARK, TICK, Observation


class Bot:
    parameters = {
        "half_spread_bps": {"default": 2.0, "bounds": [0.5, 10]},
        "fetch_ms": {"default": 20.0, "bounds": [1, 100]},
    }
    deterministic = True
    version = "1"

    def __init__(self, lane):
        self.random = np.random.default_rng(lane.seed)
        self.inventory = self.equity = 0.0

    def start(self, lane):
        pass

    def run(self, overrides, window):
        start = round(window.start_minutes * 60e6)
        end = start + round(window.minutes * 60e6)
        held, mid = self.inventory, 100.0
        times = np.arange(start, end, 1_000_000)
        ticks, marks = np.zeros(len(times), TICK), np.zeros(len(times), MARK)
        ticks["time_us"], ticks["cache_hit"] = times, True
        fetched = overrides["fetch_ms"] + self.random.random(len(times))
        ticks["fetch_md_ms"] = ticks["total_ms"] = fetched
        fills = np.zeros(len(times) // 10, FILL)
        side = np.where(np.arange(len(fills)) % 2 == 0, 1, -1)
        noise = self.random.normal(size=len(fills))
        edge = mid * 1e-4 * (overrides["half_spread_bps"] + noise)
        fills["time_us"], fills["side"], fills["maker"] = times[::10], side, True
        fills["price"], fills["quantity"], fills["mid"] = mid - side * edge, 0.5, mid
        fills["mid_1s"] = np.nan
        moved, earned = np.zeros(len(times)), np.zeros(len(times))
        moved[::10], earned[::10] = side * 0.5, 0.5 * edge
        marks["time_us"], marks["mid"] = times, mid
        marks["inventory"] = held + np.cumsum(moved)
        marks["equity_quote"] = self.equity + np.cumsum(earned)
        self.inventory, self.equity = marks["inventory"][-1], marks["equity_quote"][-1]
        return Observation(
            start_us=start,
            end_us=end,
            fills=fills,
            marks=marks,
            ticks=ticks,
            inventory_start=held,
            inventory_end=self.inventory,
            mid_start=mid,
            mid_end=mid,
        )

    def stop(self):
        pass


class Loose(Bot):
    deterministic = False
"""
"""A module with a bot that is fast, and one that says no more that it does the same again."""


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
        assert run_pytest(arguments(session), folder, subprocess.DEVNULL) in (0, 1)
    run = run_in(runs)
    budgets = [budgets_of(session, run, lane) for lane in run.result.lanes]
    locked = lock_of(place, session, budgets, Stopped(), exact=bot.can.deterministic)
    put(place, LOCKED_BUDGETS, dumps(locked.data()))
    return locked

"""The study of real processes that leak: its clock, its shapes, its table."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest

from benchmarks.fast_clock import FastClock
from benchmarks.leaking_bot import SAW_FILES, Holder, Saw
from benchmarks.leaks import HEAD, SHAPES, row, section, spread
from benchmarks.leaks_scaled import FILES, MB, Found, judged
from pytest_soak.observation.columns import RESOURCE
from pytest_soak.stats.limits import share_interval

HOUR_US = 3_600_000_000


class SetClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return 1000.0 + self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Held(Holder):
    """Notes what it is to hold, and how often that is dropped."""

    def __init__(self) -> None:
        super().__init__(Random(1))
        self.wanted: list[tuple[float, float]] = []
        self.drops = 0

    def fill(self, mb: float, files: float) -> None:
        self.wanted.append((mb, files))

    def drop(self) -> None:
        self.drops += 1


def test_a_fast_clock_passes_as_many_times_as_fast() -> None:
    machine = SetClock()
    clock = FastClock(360.0, machine)
    began, first = clock.now(), clock.monotonic()
    clock.sleep(720.0)
    assert machine.seconds == pytest.approx(2.0)
    assert clock.monotonic() - first == pytest.approx(720.0)
    assert clock.now() - began == timedelta(seconds=720)


def test_a_saw_falls_back_to_nothing() -> None:
    holder, saw = Held(), Saw(Random(3))
    hours = np.arange(0, 2.5, 0.002)
    for hour in hours:
        saw.turn(float(hour), holder)
    mb = np.array([wanted for wanted, _ in holder.wanted])
    assert 4 <= holder.drops <= 30
    assert mb.min() == 0.0
    assert 40.0 < mb.max() <= 200.0
    assert int((np.diff(mb) < 0).sum()) == holder.drops
    assert max(files for _, files in holder.wanted) <= SAW_FILES


def test_a_holder_holds_what_it_is_to_and_lets_go() -> None:
    holder = Holder(Random(1))
    holder.fill(0.1, 2.9)
    files = list(holder._files)
    assert len(files) == 2
    assert 100_000 <= sum(map(len, holder._entries)) < 104_000
    holder.drop()
    assert all(file.closed for file in files)
    assert holder._entries == []


def resources(mb_per_h: float, files_per_h: float) -> Found:
    rows = np.zeros(451, RESOURCE)
    rows["time_us"] = np.arange(451) * 20_000_000
    hours = rows["time_us"] / HOUR_US
    rows["rss_mb"], rows["open_fds"] = 20.0 + mb_per_h * hours, 5.0 + files_per_h * hours
    return judged("leaking", rows)


def test_the_gate_says_by_what_a_process_leaks() -> None:
    found = resources(150.0, 5.0)
    assert found.growth == pytest.approx({MB: 150.0, FILES: 5.0})
    assert found.failed == {MB}
    assert found.every_seconds == 20.0
    assert resources(50.0, 30.0).failed == {FILES}
    assert not resources(0.0, 0.0).failed


def test_an_interval_of_all_or_none_is_wilsons() -> None:
    assert share_interval(0, 60) == pytest.approx((0.0, 0.0602), abs=1e-4)
    assert share_interval(60, 60) == pytest.approx((0.9398, 1.0), abs=1e-4)


def test_a_spread_says_what_is_lacking() -> None:
    assert spread([1.0, 3.0, 2.0]) == "2.0 (1.0 to 3.0)"
    assert spread([1.0, None]) == "1.0 (1.0 to 1.0), 1 without"
    assert spread([None]) == "none"


def test_a_row_counts_what_is_called_leaking() -> None:
    found = [resources(150.0, 30.0), resources(150.0, 0.0)]
    cells = row("leaking", found)
    assert len(cells) == len(HEAD)
    assert cells[1:5] == ["2", "150.0 (150.0 to 150.0)", "15.0 (0.0 to 30.0)", "2"]
    assert cells[-2:] == ["2", "1"]


def test_a_section_has_a_row_a_shape() -> None:
    found = [resources(0.0, 0.0)._replace(shape=shape) for shape in SHAPES]
    text = section(found, 2)
    assert "each 20 s" in text
    assert re.findall(r"^\| ([a-z-]+) \| 1 ", text, re.M) == list(SHAPES)

"""A lane that is killed at any step of its writing ends, resumed, with the bytes of one that was
not."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from builders import gate, plan, preset
from crashes import Killed, Soak, Steps, Walker, contents

from pytest_soak.engine.plan import GateMode
from pytest_soak.errors import TargetError
from pytest_soak.gates.model import Threshold

ITERATIONS = 4
EDITS = {1: '{"tail_age_ms": 705, "min_interval_ms": 77}', 2: "broken", 3: '{"tail_age_ms": 5}'}
LOOSE = gate(Threshold(metric="net_bps", fail_unless=">= -50"))
PLAN = plan(
    LOOSE,
    iterations=ITERATIONS,
    auto_tune=True,
    warmup=preset({"min_interval_ms": {"add": 10}}, warmup=(1, 1)),
)


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process loses nothing that it wrote; the step is counted all the same."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def ram(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where the system has such."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    with TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def undisturbed(root: Path, make: Callable[[Path], Soak]) -> dict[str, Any]:
    soak = make(root)
    soak.layout.prepare()
    soak.process()
    return contents(root)


def killed_at(soak: Soak, steps: Steps) -> bool:
    """Whether `steps` were too few for a process to get to the end of the lane."""
    with pytest.MonkeyPatch.context() as patcher:
        steps.patch(patcher)
        try:
            soak.process()
        except Killed:
            return True
    return False


def lane(root: Path) -> Soak:
    return Soak(root, PLAN, edits=dict(EDITS))


def over_midnight(root: Path) -> Soak:
    """A lane whose second window begins before midnight and ends after; the day is packed."""
    make = partial(Walker, epoch_us=22 * 3_600_000_000 + 1_800_000_000)
    return Soak(root, PLAN.model_copy(update={"iterations": 2}), make, packed=True)


@pytest.mark.parametrize(
    ("lane", "names"),
    [
        (lane, {"feeds/fills_19700101.jsonl", "checkpoint_4", "feeds/INDEX.json"}),
        (over_midnight, {"feeds/fills_19700101.jsonl.gz", "feeds/quoting_19700102.jsonl"}),
    ],
)
def test_killed_at_any_step_a_lane_ends_with_the_same_bytes(
    ram: Path, lane: Callable[[Path], Soak], names: set[str]
) -> None:
    wanted = undisturbed(ram / "undisturbed", lane)
    assert names <= {name.removeprefix("latest/") for name in wanted}
    step = 0
    while True:
        root = ram / str(step)
        soak = lane(root)
        soak.layout.prepare()
        if not killed_at(soak, Steps(last=step)):
            break
        soak.process()
        assert contents(root) == wanted, step
        step += 1
    assert step > 20 * soak.plan.iterations
    assert contents(root) == wanted


def test_killed_again_and_again_a_lane_ends_with_the_same_bytes(ram: Path) -> None:
    wanted = undisturbed(ram / "undisturbed", lane)
    draws = random.Random(42)
    for trial in range(12):
        root = ram / str(trial)
        soak = lane(root)
        soak.layout.prepare()
        kills = 0
        while killed_at(soak, Steps(last=draws.randrange(90))) and kills < 30:
            kills += 1
        soak.process()
        assert contents(root) == wanted, trial


class Mortal(Walker):
    """A target that fails in its third window."""

    def run(self, overrides: Any, window: Any) -> Any:
        if window.iteration == 3:
            raise ConnectionError("lost")
        return super().run(overrides, window)


class Immortal(Walker):
    """The same target, mended: it must not be asked."""

    def start(self, lane: Any) -> None:
        raise AssertionError("the lane had ended")


STRICT = plan(gate(), mode=GateMode.HARD, iterations=ITERATIONS)


@pytest.mark.parametrize(("of", "make"), [(PLAN, Mortal), (STRICT, Walker)])
def test_a_lane_that_ended_has_no_second_chance_whenever_it_is_killed(
    ram: Path, of: Any, make: Callable[[], Any]
) -> None:
    def begun(root: Path) -> Soak:
        return Soak(root, of, make)

    def ends(soak: Soak) -> None:
        try:
            soak.process()
        except TargetError:
            assert make is Mortal

    def whole(root: Path) -> dict[str, Any]:
        soak = begun(root)
        soak.layout.prepare()
        ends(soak)
        return contents(root)

    wanted = whole(ram / "undisturbed")
    assert "latest/ITER_SUMMARY_final.json" in wanted
    assert (wanted["latest/journal"][-1]["kind"] == "end") == (make is Mortal)
    step = 0
    while True:
        root = ram / str(step)
        soak = begun(root)
        soak.layout.prepare()
        try:
            killed = killed_at(soak, Steps(last=step))
        except TargetError:
            killed = False
        if not killed:
            break
        journal = root / "latest/journal"
        written = journal.read_bytes() if journal.exists() else b""
        if b'"kind":"end"' in written and written.endswith(b"\n"):
            soak.make = Immortal
        ends(soak)
        assert contents(root) == wanted, step
        step += 1
    assert step > 20

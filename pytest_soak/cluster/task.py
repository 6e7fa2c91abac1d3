"""A window as a value: all that it depends on goes to a worker, what it measured comes back."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from pytest_soak.artifacts.feeds import needed
from pytest_soak.clock import SystemClock
from pytest_soak.engine.past import Carried, Past
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.service import Here, Measured
from pytest_soak.errors import ClusterError, SoakUsageError, TargetError
from pytest_soak.gates.sustained import Transition
from pytest_soak.market.compile import source_digest
from pytest_soak.targets.abilities import abilities
from pytest_soak.targets.asked import Asked
from pytest_soak.targets.base import LaneInfo, Window
from pytest_soak.targets.resolve import build, named_factory
from pytest_soak.version import __version__

_ONE_AT_A_TIME = Lock()
"""Targets need not bear threads, nor does compiling the market."""


class Facts(NamedTuple):
    """What has to be the same on every machine."""

    pytest_soak: str
    kernel: str


class WindowTask(NamedTuple):
    """A window, to be run wherever `made` holds: in which lane, and what was there before it.

    `lane` is what the target is built with, `version` what it says of itself, or the digest of its
    source file; `told` are the notes that the lane has told already. `events` says whether all of
    the window's events are to come back.
    """

    made: Facts
    target: str
    version: str | None
    rootdir: Path
    lane: LaneInfo
    plan: LanePlan
    carried: Carried
    checkpoint: bytes | None
    told: tuple[str, ...]
    overrides: Mapping[str, float]
    window: Window
    events: bool


class Answer(NamedTuple):
    """What a window measured, and what its target said when it was stopped."""

    measured: Measured
    said: str | None


def facts() -> Facts:
    """The facts of this machine."""
    return Facts(__version__, source_digest())


def why_not(wanted: Facts, target: str, rootdir: Path) -> str | None:
    """Why a worker cannot run the windows of `target`; None where it can."""
    for name, mine, yours in zip(Facts._fields, facts(), wanted, strict=True):
        if mine != yours:
            return f"has {name} {mine:.16}, this is {yours:.16}; install the same on both"
    try:
        named_factory(target, "has no such target", rootdir)
    except SoakUsageError as error:
        return str(error)
    return None


def run_packed(task: bytes) -> bytes:
    """As `run_window`, of a task that was pickled; a cluster sees bytes alone."""
    return pickle.dumps(run_window(pickle.loads(task)))


def run_window(task: WindowTask) -> Answer | TargetError | ClusterError:
    """Run a window as a resumed lane would, in a target of its own."""
    try:
        with _ONE_AT_A_TIME:
            return _answer(task)
    except TargetError as error:
        return TargetError(str(error))
    except SoakUsageError as error:
        return ClusterError(str(error))


def _answer(task: WindowTask) -> Answer:
    problem = why_not(task.made, task.target, task.rootdir)
    if problem is not None:
        raise SoakUsageError("a worker", problem)
    asked = Asked()
    target = build(named_factory(task.target, "the target", task.rootdir), asked.lane(task.lane))
    can = abilities(target, task.target)
    version = can.version or can.source
    if version != task.version:
        problem = f"a worker has version {version}, this is {task.version}; install the same"
        raise SoakUsageError(f"target {task.target}", problem)
    past = Past(begun=True, checkpoint=task.checkpoint, carried=task.carried)
    fired: list[Transition] = []
    here = Here(
        task.plan,
        target,
        can,
        past,
        SystemClock(),
        _unheard,
        fired.append,
        told=task.told,
        asked=asked,
    )
    try:
        here.start()
        measured = here.run(task.overrides, task.window)
    except TargetError:
        with suppress(TargetError):
            here.stop()
        raise
    observation = needed(measured.observation, task.events)
    return Answer(measured._replace(observation=observation, fired=tuple(fired)), here.stop())


def _unheard(minutes: float, fills: int, part: object) -> None:
    """A part of a window is told to nobody while the window runs."""

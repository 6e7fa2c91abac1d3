"""The windows of one lane on a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from pytest_soak.cluster.task import Answer, WindowTask, facts
from pytest_soak.engine.past import Past
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.service import Measured
from pytest_soak.errors import SoakUsageError
from pytest_soak.targets.abilities import Abilities
from pytest_soak.targets.base import LaneInfo, TargetFactory, Window
from pytest_soak.targets.resolve import named_factory

OPTION = "--soak-cluster"


class Pending(Protocol):
    """A window under way somewhere."""

    def result(self) -> Answer:
        """What came of it; waits for it.

        Raises TargetError where the target failed, ClusterError where there is no result.
        """

    def cancel(self) -> None:
        """Nobody waits for it any more."""


class Cluster(Protocol):
    """Runs windows on workers; at most `at_once` side by side."""

    @property
    def at_once(self) -> int:
        """How many windows keep all workers busy."""

    def submit(self, task: WindowTask) -> Pending:
        """Send a window to a worker, and to another one where that dies."""


class Remote:
    """Runs the windows of a lane on `cluster`, each as a task that needs nothing but itself."""

    def __init__(self, cluster: Cluster, first: WindowTask) -> None:
        self._cluster = cluster
        self._task = first
        self._ahead: tuple[WindowTask, Pending] | None = None
        self._said: str | None = None

    def foresee(self, overrides: Mapping[str, float], window: Window) -> None:
        """Send the window that is expected next, unless one is under way."""
        if self._ahead is None:
            task = self._task._replace(overrides=dict(overrides), window=window)
            self._ahead = task, self._cluster.submit(task)

    def start(self) -> None:
        """Nothing to get ready: each window starts its target."""

    def run(self, overrides: Mapping[str, float], window: Window) -> Measured:
        """Wait for the window; where it is another than was expected, it is sent now."""
        if self._ahead is not None and (self._ahead[0].overrides, self._ahead[0].window) != (
            overrides,
            window,
        ):
            self._drop()
        self.foresee(overrides, window)
        assert self._ahead is not None
        try:
            measured, self._said = self._ahead[1].result()
        finally:
            self._ahead = None
        self._task = self._task._replace(
            carried=measured.carried,
            checkpoint=measured.checkpoint,
            told=(*self._task.told, *measured.summary.notes),
        )
        return measured

    def stop(self) -> str | None:
        """Wait for nothing more; what the target said after its last window."""
        self._drop()
        return self._said

    def _drop(self) -> None:
        if self._ahead is not None:
            self._ahead[1].cancel()
            self._ahead = None


def first_task(
    target: str,
    can: Abilities,
    rootdir: Path,
    built: LaneInfo,
    plan: LanePlan,
    past: Past,
    *,
    events: bool,
) -> WindowTask:
    """The lane as it goes to a worker, without a window; `built` is what its target is built with.

    `events` says whether all events of its windows are to come back.
    """
    return WindowTask(
        made=facts(),
        target=target,
        version=can.version or can.source,
        rootdir=rootdir,
        lane=_without_places(built),
        plan=plan.model_copy(update={"lane": _without_places(plan.lane)}),
        carried=past.carried,
        checkpoint=past.checkpoint,
        told=past.told,
        overrides=plan.overrides.values,
        window=Window(0, 0.0, plan.lane.minutes),
        events=events,
    )


def _without_places(lane: LaneInfo) -> LaneInfo:
    """`lane` without its folders, which other machines do not have."""
    return replace(lane, folder=None, feeds=None, runtime=None)


def check_able(
    factory: TargetFactory, target: str, can: Abilities, extra_kpis: Iterable[str], rootdir: Path
) -> None:
    """Raise SoakUsageError for a target whose windows cannot be run on whichever worker is free."""
    if own := ", ".join(extra_kpis):
        problem = f"{own}: KPIs of your own are asked in this process, the windows run elsewhere"
        raise SoakUsageError(OPTION, f"{problem}; soak without it, or without them")
    if can.writes_feeds:
        problem = f"{target} is a process of this machine, beside the soak"
        raise SoakUsageError(OPTION, f"{problem}; soak it without")
    able = {
        "deterministic = True": can.deterministic,
        "checkpoint() with restore()": can.checkpoint is not None,
    }
    if lacking := [name for name, has in able.items() if not has]:
        problem = f"{target} has no {' and no '.join(lacking)}"
        remedy = "each of its windows may run on another worker; add that, or soak it without"
        raise SoakUsageError(OPTION, f"{problem}: {remedy}")
    with suppress(SoakUsageError):
        if named_factory(target, OPTION, rootdir) is factory:
            return
    problem = f"{target} cannot be found by that name on a worker"
    raise SoakUsageError(OPTION, f"{problem}; name it by --soak-target=module:attr")

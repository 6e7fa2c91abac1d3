"""A cluster in this process, whose workers die and whose scheduler goes away on purpose."""

from __future__ import annotations

import pickle
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from crashes import Walker

from pytest_soak.cluster.task import Answer, WindowTask, run_packed
from pytest_soak.config.parameters import ParameterTable, reference_table
from pytest_soak.errors import ClusterError
from pytest_soak.targets.base import LaneInfo, Window

GONE = "the scheduler is gone"


class Walking(Walker):
    """A target that each worker finds by its name."""

    deterministic = True
    parameters: ClassVar[ParameterTable] = reference_table()

    def __init__(self, lane: LaneInfo) -> None:
        super().__init__(epoch_us=lane.seed * 3_600_000_000)

    def run(self, overrides: Mapping[str, float], window: Window) -> Any:
        return replace(super().run(overrides, window), intended_changes=40)


class Talking(Walking):
    """One that says something at its end, and fails in its third window."""

    def run(self, overrides: Mapping[str, float], window: Window) -> Any:
        if window.iteration == 3:
            raise LookupError("no book")
        return super().run(overrides, window)

    def stop(self) -> str:  # type: ignore[override]
        return f"was at {self.place:.6f}"


@dataclass
class FakeCluster:
    """Runs each window when somebody waits for it, from bytes, as workers do.

    The worker that has the sent window of a number (from 1) in `dies` dies at its end: another one
    runs it. After `answers` results, if given, there are no more. `most` is how many windows were
    under way at the same time.
    """

    at_once: int = 2
    dies: Container[int] = ()
    answers: int | None = None
    tasks: list[WindowTask] = field(default_factory=list)
    under_way: int = 0
    most: int = 0

    def submit(self, task: WindowTask) -> FakeWindow:
        self.tasks.append(task)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        return FakeWindow(self, pickle.dumps(task), dies=len(self.tasks) in self.dies)

    @property
    def sent(self) -> str:
        """Which windows were sent, in order: seed and number."""
        return " ".join(f"{task.lane.seed}/{task.window.iteration}" for task in self.tasks)


@dataclass
class FakeWindow:
    cluster: FakeCluster
    task: bytes
    dies: bool

    def result(self) -> Answer:
        self.cluster.under_way -= 1
        if self.cluster.answers is not None:
            if self.cluster.answers == 0:
                raise ClusterError(GONE)
            self.cluster.answers -= 1
        if self.dies:
            run_packed(self.task)
        found = pickle.loads(run_packed(self.task))
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, Answer)
        return found

    def cancel(self) -> None:
        self.cluster.under_way -= 1

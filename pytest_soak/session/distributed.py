"""Soaking under pytest-xdist: settings travel to the workers, a lane stays on one of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from pytest_soak.clock import Clock
from pytest_soak.engine.events import Event, pack, unpack
from pytest_soak.errors import ArtifactError, SoakUsageError
from pytest_soak.run.folder import RunFolder, layout_of
from pytest_soak.run.result import ResultFile
from pytest_soak.run.settings import Settings
from pytest_soak.session.context import SoakContext
from pytest_soak.session.item_ids import lane_of, split_item

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

IN_FLIGHT = 2


CHANNEL = "soak_events"
_ARRIVED = "soak_event"


def sender(config: pytest.Config) -> Callable[[Event], None]:
    """How a worker tells the main process of an event; one that was killed is told nothing."""
    channel = config.workerinput[CHANNEL]  # type: ignore[attr-defined]

    def send(event: Event) -> None:
        with suppress(OSError):
            channel.send(pack(event))

    return send


def joining(config: pytest.Config, settings: Settings, clock: Clock) -> Callable[[], None]:
    """How a worker says that it is at work in what the main process has prepared.

    SoakUsageError where that is not possible.
    """
    layout = layout_of(settings)
    folder = RunFolder(settings, layout, ResultFile(settings, layout, clock))

    def join() -> None:
        try:
            folder.join(config.workerinput["workerid"])  # type: ignore[attr-defined]
        except ArtifactError as error:
            raise SoakUsageError("--soak-dir", str(error)) from error

    return join


class Distributed:
    """The pytest-xdist hooks of the main process.

    A worker's events come by a channel of their own, and are delivered among its reports, in order.
    """

    def __init__(
        self, config: pytest.Config, context: SoakContext, deliver: Callable[[Event], None]
    ) -> None:
        self._config = config
        self._context = context
        self._deliver = deliver

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: WorkerController) -> None:
        """Send the settings, as resolved here, and the channel for the events."""
        node.workerinput["soak"] = self._context.settings.model_dump_json()
        channel = node.gateway.newchannel()
        node.workerinput[CHANNEL] = channel
        put = node.putevent
        channel.setcallback(lambda text: put((_ARRIVED, {"text": text})))
        session = self._config.pluginmanager.get_plugin("dsession")
        setattr(session, f"worker_{_ARRIVED}", self._arrived)

    def _arrived(self, text: str) -> None:
        self._deliver(unpack(text))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> LaneScheduling:
        """Schedule by lane."""
        return LaneScheduling(config)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Take over what the workers selected, so that no other lane is missed at the end."""
        selected = self._context.selected
        for lane, iteration in filter(None, map(split_item, ids)):
            selected[lane] = max(selected.get(lane, 0), iteration)


class LaneScheduling:
    """pytest-xdist's scheduling protocol, by lane.

    A worker takes a whole lane, but is handed only two items at a time (it needs to know the next
    one), so that `-x` stops it soon. An idle worker takes the next lane.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.numnodes = len(config.getvalue("tx") or []) or 1
        self.collection: list[str] | None = None
        self._collections: dict[WorkerController, list[str]] = {}
        self._pending: dict[WorkerController, list[int]] = {}
        self._own: dict[WorkerController, deque[int]] = {}
        self._lanes: deque[deque[int]] = deque()

    @property
    def nodes(self) -> list[WorkerController]:
        """The workers."""
        return list(self._pending)

    @property
    def collection_is_completed(self) -> bool:
        """Whether every first worker has told what it collected; stays true."""
        return self.collection is not None or len(self._collections) >= self.numnodes

    @property
    def tests_finished(self) -> bool:
        """Whether nothing is left to hand out and hardly anything is running."""
        if not self.collection_is_completed or self._lanes or any(self._own.values()):
            return False
        return all(len(pending) < IN_FLIGHT for pending in self._pending.values())

    @property
    def has_pending(self) -> bool:
        """Whether items are waiting or running."""
        return bool(self._lanes) or any(self._own.values()) or any(self._pending.values())

    def add_node(self, node: WorkerController) -> None:
        """A worker is up."""
        self._pending[node] = []
        self._own[node] = deque()

    def add_node_collection(self, node: WorkerController, collection: Sequence[str]) -> None:
        """A worker told what it collected."""
        self._collections[node] = list(collection)

    def schedule(self) -> None:
        """Hand out lanes to idle workers."""
        if self.collection is None:
            self.collection = next(iter(self._collections.values()))
            lanes: dict[str, deque[int]] = {}
            for index, nodeid in enumerate(self.collection):
                lanes.setdefault(lane_of(nodeid), deque()).append(index)
            self._lanes = deque(lanes.values())
        for node in self.nodes:
            if self._collections.get(node) == self.collection:
                self._feed(node)

    def mark_test_complete(
        self, node: WorkerController, item_index: int, duration: float = 0
    ) -> None:
        """An item is done; hand the worker its next one."""
        self._pending[node].remove(item_index)
        self._feed(node)

    def mark_test_pending(self, item: str) -> None:
        """Items are never run again: an advanced lane cannot be re-entered."""
        raise RuntimeError("a soak item cannot be run again")

    def remove_pending_tests_from_node(
        self, node: WorkerController, indices: Sequence[int]
    ) -> None:
        """Items are never taken back from a worker."""
        raise RuntimeError("a lane stays on its worker")

    def remove_node(self, node: WorkerController) -> str | None:
        """A worker is gone; its running item crashed, the rest of its lane goes to another."""
        pending, own = self._pending.pop(node), self._own.pop(node)
        if not pending:
            return None
        assert self.collection is not None
        crashed = self.collection[pending.pop(0)]
        left = deque([*pending, *own])
        if left:
            self._lanes.appendleft(left)
            for other in self.nodes:
                self._feed(other)
        return crashed

    def _feed(self, node: WorkerController) -> None:
        if node.shutting_down:
            return
        pending, own = self._pending[node], self._own[node]
        batch: list[int] = []
        while len(pending) + len(batch) < IN_FLIGHT:
            if not own and self._lanes:
                own.extend(self._lanes.popleft())
            if not own:
                break
            batch.append(own.popleft())
        if batch:
            pending.extend(batch)
            node.send_runtest_some(batch)
        if len(pending) < IN_FLIGHT:  # nothing is left for it
            node.shutdown()

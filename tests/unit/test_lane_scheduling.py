"""Which worker gets which item, by workers that are no processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.session.distributed import IN_FLIGHT, LaneScheduling
from pytest_soak.session.item_ids import lane_of

Choose = Callable[[list[Any]], Any]


@dataclass(eq=False)
class Node:
    """A worker: runs an item once it knows the next one, or that there is none."""

    queue: deque[int] = field(default_factory=deque)
    shutting_down: bool = False

    def send_runtest_some(self, indices: list[int]) -> None:
        assert not self.shutting_down
        self.queue.extend(indices)
        assert len(self.queue) <= IN_FLIGHT

    def shutdown(self) -> None:
        assert not self.shutting_down
        self.shutting_down = True

    @property
    def runs(self) -> bool:
        return len(self.queue) >= (1 if self.shutting_down else 2)


@dataclass
class Session:
    """What pytest-xdist's main process does around a scheduler."""

    items: list[str]
    workers: int
    nodes: list[Node] = field(default_factory=list)
    done: list[tuple[int, Node]] = field(default_factory=list)
    crashed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        config: Any = SimpleNamespace(getvalue=lambda name: ["popen"] * self.workers)
        self.scheduler: Any = LaneScheduling(config)
        for _ in range(self.workers):
            assert not self.scheduler.collection_is_completed
            self.nodes.append(Node())
            self.scheduler.add_node(self.nodes[-1])
            self.collect(self.nodes[-1])

    def collect(self, node: Node) -> None:
        self.scheduler.add_node_collection(node, self.items)
        if self.scheduler.collection_is_completed:
            self.scheduler.schedule()

    def finish(self, node: Node) -> None:
        index = node.queue.popleft()
        self.done.append((index, node))
        self.scheduler.mark_test_complete(node, index)

    def crash(self, node: Node) -> None:
        """A worker dies in the item that it runs, or idle; another is started for it."""
        self.nodes.remove(node)
        running = self.items[node.queue[0]] if node.queue else None
        assert self.scheduler.remove_node(node) == running
        if running is not None:
            self.crashed.append(node.queue[0])
        self.nodes.append(Node())
        self.scheduler.add_node(self.nodes[-1])
        self.collect(self.nodes[-1])

    def to_the_end(self, choose: Choose, crashes: int = 0) -> None:
        """Let workers run and crash in the order chosen, until none has anything to run."""
        while able := [node for node in self.nodes if node.runs]:
            assert self.scheduler.has_pending
            node = choose(able)
            if crashes and choose([False, True]):
                crashes -= 1
                self.crash(node)
            else:
                self.finish(node)


def items(lengths: list[int], own: bool = False) -> list[str]:
    form = "test_a.py::test_a[lane-{}-iter{:04d}]" if own else "soak::lane-{}::iter{:04d}"
    return [
        form.format(lane, number)
        for lane, length in enumerate(lengths)
        for number in range(1, length + 1)
    ]


lanes = st.builds(items, st.lists(st.integers(1, 5), min_size=1, max_size=5), st.booleans())


@given(lanes, st.integers(1, 4), st.integers(0, 3), st.data())
def test_every_item_runs_once_in_its_order_and_the_end_is_reached(
    items: list[str], workers: int, crashes: int, data: st.DataObject
) -> None:
    session = Session(items, workers)
    session.to_the_end(lambda among: data.draw(st.sampled_from(among)), crashes)
    begun = [*session.crashed, *(index for index, _ in session.done)]
    assert sorted(begun) == list(range(len(items)))
    assert all(node.shutting_down and not node.queue for node in session.nodes)
    assert session.scheduler.tests_finished
    assert not session.scheduler.has_pending
    for lane in {lane_of(item) for item in items}:
        ran = [(index, node) for index, node in session.done if lane_of(items[index]) == lane]
        assert [index for index, _ in ran] == sorted(index for index, _ in ran)
        moved = sum(one is not other for (_, one), (_, other) in pairwise(ran))
        assert moved <= sum(lane_of(items[index]) == lane for index in session.crashed)


def test_idle_workers_take_the_next_lane() -> None:
    session = Session(items([2, 4, 3]), 2)
    one, two = session.nodes
    assert (list(one.queue), list(two.queue)) == ([0, 1], [2, 3])
    session.finish(one)
    assert list(one.queue) == [1, 6]
    session.finish(two)
    assert list(two.queue) == [3, 4]
    assert not any(node.shutting_down for node in session.nodes)


def test_a_worker_without_a_lane_is_let_go_and_the_others_go_on() -> None:
    session = Session(items([3]), 2)
    one, two = session.nodes
    assert two.shutting_down
    assert not one.shutting_down
    session.to_the_end(lambda among: among[0])
    assert [node for _, node in session.done] == [one] * 3


def test_the_rest_of_a_lane_goes_to_an_idle_worker_at_once() -> None:
    session = Session(items([3, 5]), 2)
    one, two = session.nodes
    session.crash(two)
    assert session.crashed == [3]
    replacement = session.nodes[-1]
    assert list(replacement.queue) == [4, 5]
    assert list(one.queue) == [0, 1]


def test_nothing_is_finished_before_all_have_collected() -> None:
    config: Any = SimpleNamespace(getvalue=lambda name: ["popen"] * 2)
    scheduler, node = LaneScheduling(config), Node()
    scheduler.add_node(node)
    scheduler.add_node_collection(node, items([1]))
    assert not scheduler.collection_is_completed
    assert not scheduler.tests_finished
    assert not scheduler.has_pending


def test_a_worker_that_collected_something_else_gets_nothing() -> None:
    session = Session(items([2, 2]), 1)
    session.scheduler.add_node(other := Node())
    session.scheduler.add_node_collection(other, items([2]))
    session.scheduler.schedule()
    assert not other.queue


def test_no_item_is_run_again_or_taken_back() -> None:
    session = Session(items([2]), 1)
    with pytest.raises(RuntimeError, match="cannot be run again"):
        session.scheduler.mark_test_pending(session.items[0])
    with pytest.raises(RuntimeError, match="stays on its worker"):
        session.scheduler.remove_pending_tests_from_node(session.nodes[0], [0])

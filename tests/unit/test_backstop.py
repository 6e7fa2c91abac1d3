"""The backstop under an iteration's timeout: armed around the iteration, and then no more."""

from __future__ import annotations

import faulthandler
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from builders import PACING

from pytest_soak.clock import SystemClock
from pytest_soak.session.context import SLOT, Slot
from pytest_soak.session.timeouts import Timeouts


class Item:
    """As much of a test item as the backstop needs."""

    def __init__(self, *marks: str, soaks: bool = True) -> None:
        self.stash = pytest.Stash()
        self.marks = dict.fromkeys(marks, (0.0,))
        if soaks:
            self.stash[SLOT] = Slot("lane", 1)

    def get_closest_marker(self, name: str) -> object:
        return self.marks.get(name)

    def add_marker(self, mark: pytest.MarkDecorator) -> None:
        self.marks[mark.name] = mark.args


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is asked of faulthandler."""
    found: list[object] = []

    def later(seconds: float, *, exit: bool, file: int) -> None:
        found.append((seconds, exit))

    monkeypatch.setattr(faulthandler, "dump_traceback_later", later)
    monkeypatch.setattr(
        faulthandler, "cancel_dump_traceback_later", lambda: found.append("cancelled")
    )
    return found


@pytest.fixture
def timeouts() -> Iterator[Timeouts]:
    """A timeout of a minute."""
    plugins = SimpleNamespace(hasplugin=lambda name: name == "timeout")
    config: Any = SimpleNamespace(pluginmanager=plugins)
    found = Timeouts(config, 60, PACING.backstop, SystemClock())
    yield found
    found.pytest_unconfigure()


def run(timeouts: Timeouts, item: Any, error: BaseException | None = None) -> None:
    timeouts.pytest_itemcollected(item)
    around = timeouts.pytest_runtest_protocol(item)
    next(around)
    if error is None:
        with pytest.raises(StopIteration):
            around.send(None)
    else:
        with pytest.raises(type(error)):
            around.throw(error)


def test_it_leaves_time_for_the_timeout_and_the_targets_stop(
    timeouts: Timeouts, calls: list[object]
) -> None:
    item = Item()
    run(timeouts, item)
    grace = PACING.backstop
    assert item.marks["timeout"] == (60.0,)
    assert calls == [(60 + grace.seconds + 60 * grace.share, True), "cancelled"]


def test_ctrl_c_disarms_it(timeouts: Timeouts, calls: list[object]) -> None:
    run(timeouts, Item(), KeyboardInterrupt())
    assert calls[-1] == "cancelled"


@pytest.mark.parametrize("item", [Item("timeout"), Item(soaks=False)])
def test_a_timeout_of_the_users_own_and_other_tests_are_left_alone(
    timeouts: Timeouts, calls: list[object], item: Item
) -> None:
    before = dict(item.marks)
    run(timeouts, item)
    assert (calls, item.marks) == ([], before)


def test_a_debugger_disarms_it(timeouts: Timeouts, calls: list[object]) -> None:
    timeouts.pytest_enter_pdb()
    timeouts.pytest_exception_interact()
    assert calls == ["cancelled", "cancelled"]

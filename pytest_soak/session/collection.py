"""Which items a soak session holds: the user's parametrized soak test, or the built-in one."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_soak.session.context import CONTEXT, SLOT, Slot, SoakContext
from pytest_soak.session.item_ids import PREFIX, ROOT, node_of_lane, parameter
from pytest_soak.session.own_target import own_target
from pytest_soak.session.target_fixture import effective_definition

if TYPE_CHECKING:
    from pytest_soak.session.fixtures import Iteration

FIXTURE = "soak_iteration"


def run_iteration(soak_iteration: Iteration) -> None:
    """The built-in soak test: run the iteration; the gate is applied after it."""
    soak_iteration.run()


WHOLE = pytest.StashKey[list[pytest.Item | pytest.Collector]]()


class SoakItem(pytest.Function):
    """One iteration of the built-in soak."""

    def reportinfo(self) -> tuple[Path, int, str]:
        """The item is no line of any file; pytest wants a number when a fixture skips it."""
        return self.config.rootpath, 0, self.nodeid


class LaneCollector(pytest.Collector):
    """The built-in items of one lane."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item an iteration."""
        context = self.config.stash[CONTEXT]
        fixtures = None
        for iteration in range(1, context.settings.iterations + 1):
            slot = Slot(self.name, iteration)
            item = SoakItem.from_parent(
                self, name=slot.name, callobj=run_iteration, fixtureinfo=fixtures
            )
            fixtures = item._fixtureinfo  # as those of one parametrized function, they share it
            item.stash[SLOT] = slot
            item.add_marker(pytest.mark.soak)
            yield item


class SoakCollector(pytest.Collector):
    """The built-in soak; empty where the user has a soak test of his own."""

    def collect(self) -> Iterator[pytest.Collector]:
        """One collector a lane."""
        context = self.config.stash[CONTEXT]
        built_in = any(arg.startswith(PREFIX) for arg in context.wanted)
        if not built_in and any(SLOT in item.stash for item in self.session.items):
            return
        for lane in context.settings.lanes():
            yield LaneCollector.from_parent(self, name=lane.id, nodeid=node_of_lane(lane.id))


class ItemCollection:
    """The collection hooks of a soak session."""

    def __init__(self, context: SoakContext) -> None:
        self._context = context

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Say what is soaked where neither a plugin nor the root conftest.py does."""
        if effective_definition(session) is None:
            session.config.pluginmanager.register(own_target(session.config), "soak-own_target")

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Append the built-in soak to the session's own collectors, as the last one.

        Innermost, so that it sees a user's whole soak test before `--lf` thins it out.
        """
        report = yield
        if report.passed and any(_is_parametrized(node) for node in report.result):
            collector.stash[WHOLE] = list(report.result)
        if isinstance(collector, pytest.Session) and report.passed:
            soak = SoakCollector.from_parent(collector, name=ROOT, nodeid=ROOT)
            report.result = [*report.result, soak]
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Look for no test among the artifacts, which may be many."""
        return True if collection_path == self._context.settings.directory else None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Parametrize a test that asks for `soak_iteration` by lane and iteration."""
        if FIXTURE not in metafunc.fixturenames:
            return
        settings = self._context.settings
        slots = [
            Slot(lane.id, iteration)
            for lane in settings.lanes()
            for iteration in range(1, settings.iterations + 1)
        ]
        ids = [parameter(*slot) for slot in slots]
        metafunc.parametrize(FIXTURE, slots, ids=ids, indirect=True, scope="function")

    @pytest.hookimpl(tryfirst=True)
    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note the slot of a user's soak item."""
        if _is_parametrized(item):
            item.stash[SLOT] = _params(item)[FIXTURE]
            item.add_marker(pytest.mark.soak)


def _params(node: pytest.Item | pytest.Collector) -> dict[str, Any]:
    return getattr(getattr(node, "callspec", None), "params", {})


def _is_parametrized(node: pytest.Item | pytest.Collector) -> bool:
    return isinstance(_params(node).get(FIXTURE), Slot)

"""Soak items only, in order, each lane as a prefix: whatever other plugins shuffle or deselect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence

import pytest

from pytest_soak.run.order import interleaved
from pytest_soak.session.collection import FIXTURE, WHOLE, SoakItem
from pytest_soak.session.context import Slot, SoakContext, slot_of
from pytest_soak.session.item_ids import PREFIX
from pytest_soak.session.strays import check_strays
from pytest_soak.session.target_fixture import check_fixture, is_ours
from pytest_soak.session.targets import check_plans


class ItemOrder:
    """The outermost hooks of the collection."""

    def __init__(self, context: SoakContext) -> None:
        self._context = context

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Put back the iterations that `--lf` left out: what failed needs what came before it."""
        report = yield
        if WHOLE in collector.stash:
            report.result = collector.stash[WHOLE]
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None, None, None]:
        """Let the others choose among the soak items, then restore order and close the prefix."""
        soak = [item for item in items if slot_of(item) is not None]
        if any(arg.startswith(PREFIX) for arg in self._context.wanted):
            soak = [item for item in soak if isinstance(item, SoakItem)]
        ours = set(soak)
        others = [item for item in items if item not in ours]
        self._check(config, soak, others)
        if others:
            config.hook.pytest_deselected(items=others)
        items[:] = [item for item in soak if self._is_wanted(item)]
        yield
        self._context.selected = _last_iterations(items)
        kept = self._interleaved([item for item in soak if self._is_selected(item)])
        dropped = [item for item in soak if not self._is_selected(item)]
        items[:] = kept
        _correct_count(config, kept, dropped)

    def _interleaved(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """`items` in their order; on a cluster, those of several lanes in turn."""
        settings, at_once = self._context.settings, self._context.lanes.at_once
        if at_once == 1:
            return items
        lanes = [lane.id for lane in settings.lanes()]
        by_slot = {slot_of(item): item for item in items}
        order = interleaved(lanes, settings.iterations, at_once)
        return [by_slot[slot] for each in order if (slot := Slot(*each)) in by_slot]

    def _check(
        self, config: pytest.Config, soak: Sequence[pytest.Item], others: Sequence[pytest.Item]
    ) -> None:
        """Raise pytest.UsageError for what cannot be soaked.

        A worker of pytest-xdist must collect what the others do: it tells by its first report.
        """
        try:
            effective = check_fixture(config, soak, self._context)
            settings = self._context.settings
            if effective is not None and is_ours(effective) and settings.target_source == "default":
                check_strays(config, [*soak, *others], settings.target)
            _one_function(soak)
            _none_in_vain(others)
            if effective is not None and is_ours(effective) and not config.option.collectonly:
                check_plans(config, self._context)
        except pytest.UsageError as error:
            if not self._context.on_worker:
                raise
            self._context.usage_error = str(error)

    def _is_wanted(self, item: pytest.Item) -> bool:
        wanted = self._context.wanted
        return not wanted or any(
            item.nodeid == arg or item.nodeid.startswith(f"{arg}::") or item.nodeid.endswith(arg)
            for arg in wanted
        )

    def _is_selected(self, item: pytest.Item) -> bool:
        slot = slot_of(item)
        assert slot is not None
        return slot.iteration <= self._context.selected.get(slot.lane, 0)


def _one_function(items: Sequence[pytest.Item]) -> None:
    if items and isinstance(items[0], SoakItem):
        return
    again = [item for item in items if item.get_closest_marker("flaky")]
    if again:
        raise pytest.UsageError(
            f"{again[0].nodeid}: an iteration cannot be run again; remove the mark flaky"
        )
    names = list(dict.fromkeys(item.nodeid.split("[")[0] for item in items))
    if len(names) > 1:
        raise pytest.UsageError(
            f"several soak tests: {', '.join(names)}; one test may ask for soak_iteration, name it"
        )
    slots = Counter(slot_of(item) for item in items)
    if items and max(slots.values()) > 1:
        raise pytest.UsageError(
            f"{names[0]}: a soak test is parametrized by lane and iteration alone; "
            "take the other parameters off"
        )


def _none_in_vain(others: Sequence[pytest.Item]) -> None:
    """Raise pytest.UsageError for a test that asks for an iteration and can get none."""
    for item in others:
        if slot_of(item) is None and FIXTURE in getattr(item, "fixturenames", ()):
            raise pytest.UsageError(
                f"{item.nodeid}: asks for {FIXTURE}, but pytest parametrizes no method of a "
                "unittest.TestCase; write it as a function"
            )


def _last_iterations(items: Sequence[pytest.Item]) -> dict[str, int]:
    last: dict[str, int] = {}
    for item in items:
        slot = slot_of(item)
        if slot is not None:
            last[slot.lane] = max(last.get(slot.lane, 0), slot.iteration)
    return last


def _correct_count(
    config: pytest.Config, kept: Sequence[pytest.Item], dropped: Sequence[pytest.Item]
) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    counted = reporter.stats.get("deselected", [])
    back, known = set(kept), set(counted)
    remaining = [item for item in counted if item not in back]
    missing = [item for item in dropped if item not in known]
    if counted or missing:
        reporter.stats["deselected"] = [*remaining, *missing]

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from threading import Thread
from typing import Any

import numpy as np
import pytest
from builders import FakeTarget, fills, lane_of, observation, plan
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.engine.events import IterationFailed, Sampled
from pytest_soak.engine.parts import Parts
from pytest_soak.errors import TargetError
from pytest_soak.kpi.edge import summarize
from pytest_soak.observation.columns import FILL_IDS, MARKED_FILL, Observation
from pytest_soak.observation.join import joined
from pytest_soak.targets.base import Window

HOUR = 3_600_000_000
ROWS = [(1, True, 99.0 + n / 100, 1.0 + n, 0.01 * n, 100.0, 100.1) for n in range(12)]


def whole() -> Observation:
    """An hour with a fill every five minutes."""
    table = fills(ROWS)
    table["time_us"] = np.arange(len(ROWS)) * (HOUR // len(ROWS))
    return observation(fills=table, inventory_end=float(table["quantity"].sum()), orders_sent=24)


def cut(seen: Observation, at_us: list[int]) -> list[Observation]:
    """The spans between `at_us`: fills by their time, orders in the first."""
    edges, held, parts = [0, *sorted(at_us), HOUR], 0.0, list[Observation]()
    for start, end in pairwise(edges):
        times = seen.fills["time_us"]
        mine = seen.fills[(times >= start) & ((times < end) | (end == HOUR))]
        after = held + float(mine["quantity"].sum())
        sent = seen.orders_sent if not parts else 0
        parts.append(
            replace(
                seen,
                start_us=start,
                end_us=end,
                fills=mine,
                inventory_start=held,
                inventory_end=after,
                orders_sent=sent,
            )
        )
        held = after
    return parts


class Reporting(FakeTarget):
    """Reports its parts, from a thread of its own, and returns `returned`."""

    def __init__(self, parts: list[Any], returned: Any = None) -> None:
        super().__init__(())
        self.parts, self.returned, self.raised = parts, returned, []  # type: list[Any], Any, list[BaseException]

    def run(self, overrides: Any, window: Window) -> Any:
        thread = Thread(target=self.report, args=(window,))
        thread.start()
        thread.join()
        return self.returned

    def report(self, window: Window) -> None:
        try:
            for part in self.parts:
                window.report(part)
        except TargetError as error:
            self.raised.append(error)


@given(st.lists(st.integers(1, HOUR - 1), max_size=6, unique=True))
def test_the_parts_of_a_window_give_the_kpis_of_the_whole(at_us: list[int]) -> None:
    seen = whole()
    lane = lane_of(target=Reporting(cut(seen, at_us)), of=plan(iterations=1))
    record = lane.run.run_iteration()
    assert record.summary.faults == ()
    assert record.summary.kpis == summarize(seen).kpis
    sampled = [event for event in lane.events if isinstance(event, Sampled)]
    assert [event.minutes for event in sampled] == [us / 60e6 for us in [*sorted(at_us), HOUR]]
    assert sampled[-1].fills == len(ROWS)
    assert sum(len(event.part.fills) for event in sampled) == len(ROWS)


@pytest.mark.parametrize(
    ("parts", "returned", "problem"),
    [
        ([1.0], None, "float has no start_us"),
        (cut(whole(), [600])[1:], {"net_bps": 3.0}, "run() returned dict of a window that it"),
        (
            [cut(whole(), [600])[0], *cut(whole(), [700])[1:]],
            None,
            "a part of the window has start_us=700, expected 600, where the part before it ended",
        ),
        (
            [
                cut(whole(), [600])[0],
                replace(cut(whole(), [600])[1], block_reasons=("tired",)),
            ],
            None,
            "a part of the window has block_reasons=('tired',), expected",
        ),
        (
            [cut(whole(), [600])[0], replace(cut(whole(), [600])[1], inventory_start=7.0)],
            None,
            "a part of the window has inventory_start=7, expected 1, the inventory_end of the",
        ),
        (
            [{"net_bps": 2.0}],
            None,
            "what window.report() was given cannot be measured: dict has no start_us; expected an",
        ),
    ],
)
def test_a_part_that_does_not_fit_ends_the_lane_though_the_bot_swallows_it(
    parts: list[Any], returned: Any, problem: str
) -> None:
    lane = lane_of(target=Reporting(parts, returned), of=plan(iterations=1))
    with pytest.raises(TargetError) as caught:
        lane.run.run_iteration()
    assert problem in str(caught.value)
    assert any(isinstance(event, IterationFailed) for event in lane.events)


def test_a_part_counts_as_it_was_when_it_was_reported() -> None:
    class Reusing(Reporting):
        def report(self, window: Window) -> None:
            for part in self.parts:
                window.report(part)
                part.fills["price"] = 1.0

    seen = whole()
    lane = lane_of(target=Reusing(cut(seen, [HOUR // 2])), of=plan(iterations=1))
    assert lane.run.run_iteration().summary.kpis == summarize(whole()).kpis


def test_a_window_that_lacks_a_part_cannot_be_true() -> None:
    lane = lane_of(target=Reporting(cut(whole(), [HOUR // 2])[:1]), of=plan(iterations=1))
    [fault] = lane.run.run_iteration().summary.faults
    assert "of 60 minutes, got 1800000000" in fault


def test_what_was_converted_in_a_part_is_noted() -> None:
    seen = whole()
    single = [
        (name, "f4" if name == "price" else MARKED_FILL[name]) for name in MARKED_FILL.names or ()
    ]
    table = seen.fills.astype(single)
    table["price"] = 99.0
    lane = lane_of(target=Reporting([replace(seen, fills=table)]), of=plan(iterations=1))
    assert "converted without loss: fills.price" in lane.run.run_iteration().notes[0]


def test_nothing_is_taken_when_the_window_is_over() -> None:
    parts = Parts(lambda minutes, fills, part: None)
    assert parts.close({"net_bps": 1.0}) == {"net_bps": 1.0}
    with pytest.raises(RuntimeError, match="when the window was over"):
        parts.take(whole())


def test_a_window_that_no_soak_made_can_be_reported_to_nobody() -> None:
    by_hand = Reporting(cut(whole(), [600]), returned="all reported")
    assert by_hand.run({}, Window(1, 0.0, 60.0)) == "all reported"
    assert by_hand.raised == []


@pytest.mark.parametrize("name", FILL_IDS)
def test_ids_are_joined_or_refused(name: str) -> None:
    first, second = cut(whole(), [HOUR // 2])
    ids = []
    for part in (first, second):
        more: dict[str, Any] = {name: part.fills["time_us"].copy()}
        ids.append(replace(part, **more))
    assert getattr(joined(ids), name).tolist() == whole().fills["time_us"].tolist()
    with pytest.raises(TargetError, match="some parts of the window have them, and some have none"):
        joined([ids[0], second])


def test_later_mids_of_the_last_part_are_those_of_the_whole_window() -> None:
    first, last = cut(whole(), [HOUR // 2])
    known = np.arange(len(ROWS), dtype="f8")
    found = joined([first, replace(last, later_mids={"mid_60s": known})])
    assert found.fills["mid_60s"].tolist() == known.tolist()
    assert dict(found.later_mids) == {}
    with pytest.raises(TargetError, match=r"later_mids.mid_60s: expected one a fill .* got 1 for"):
        joined([first, replace(last, later_mids={"mid_60s": known[:1]})])


@pytest.mark.parametrize("given", [{"mid": np.zeros(1)}, {"mid_1s": [1.0]}, 3])
def test_later_mids_are_columns_by_name(given: Any) -> None:
    part = replace(cut(whole(), [])[0], later_mids=given)
    with pytest.raises(TargetError, match="later_mids"):
        Parts(lambda *told: None).take(part)

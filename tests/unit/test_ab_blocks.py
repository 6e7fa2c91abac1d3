"""What is taken of a window for a block, and the absolute limits over the minutes under B."""

from __future__ import annotations

import numpy as np
import pytest
from builders import fills, observation
from numpy.typing import NDArray

from pytest_soak.ab.blocks import BLOCK, block_of
from pytest_soak.ab.limits import load_rails
from pytest_soak.ab.rails import Watch, watched
from pytest_soak.gates.sustained import Transition
from pytest_soak.observation.columns import MARK, TICK, Observation

MINUTE, HALF_HOUR, SKIPPED = 60_000_000, 1_800_000_000, 300_000_000


def ticks(missed: float = 0.0, total_ms: float = 40.0, every_s: int = 1) -> NDArray[np.void]:
    found = np.zeros(1800 // every_s, TICK)
    found["time_us"] = np.arange(len(found)) * every_s * 1_000_000
    found["total_ms"] = total_ms
    found["deadline_miss"] = np.arange(len(found)) % 100 < 100 * missed
    return found


def trades(takers: int) -> NDArray[np.void]:
    """A fill each ten seconds, `takers` of ten."""
    rows = [
        (1 if n % 2 else -1, n % 10 >= takers, 100.0, 1.0, 0.01, 100.02, 100.0) for n in range(180)
    ]
    found = fills(rows)
    found["time_us"] = np.arange(180) * 10_000_000 + 1
    return found


def half_hour(start: int = 0, **parts: NDArray[np.void]) -> Observation:
    marks = np.zeros(1801, MARK)
    marks["time_us"] = np.arange(1801) * 1_000_000
    marks["equity_quote"] = np.arange(1801) * 0.5
    whole = {"ticks": ticks(), "fills": trades(0), "marks": marks} | parts
    given = {name: rows.copy() for name, rows in whole.items()}  # their times are moved
    return observation(start_us=start, end_us=start + HALF_HOUR, **given)


def test_a_block_is_of_its_judged_minutes() -> None:
    block = block_of(half_hour(start=7 * HALF_HOUR, fills=trades(5)), SKIPPED)
    assert block["net_quote"] == 750.0
    assert block["volume_quote"] == 150 * 100.0
    assert block["taker_quote"] == 75 * 100.0
    assert block["ticks"] == 1500
    assert block["tick_total_p95_ms"] == 40.0
    taking = [n for n in range(30, 180) if n % 10 < 5]
    assert block["slippage_quote"] == pytest.approx(sum(0.02 if n % 2 else -0.02 for n in taking))


def test_blocks_without_skipping_add_up_to_the_window() -> None:
    whole, late = (block_of(half_hour(fills=trades(3)), skipped) for skipped in (0, SKIPPED))
    assert whole["net_quote"] == 900.0
    assert whole["volume_quote"] - late["volume_quote"] == 30 * 100.0


def test_what_is_not_known_of_a_block_is_nan() -> None:
    nothing = block_of(observation(end_us=HALF_HOUR), SKIPPED)
    assert all(np.isnan(nothing[name]) for name in BLOCK.names or ())


def blocks_under_b(*parts: dict[str, NDArray[np.void]]) -> list[Transition]:
    watch, found = Watch(), list[Transition]()
    for number, part in enumerate(parts):
        start = 5 * number * HALF_HOUR  # blocks under A lie between
        watch, acted = watched(load_rails(), watch, half_hour(start, **part), SKIPPED)
        found += acted
    return found


@pytest.mark.parametrize(
    ("bad", "good", "name", "minute"),
    [
        ({"ticks": ticks(missed=0.02)}, {"ticks": ticks(missed=0.01)}, "deadline", 15),
        ({"ticks": ticks(total_ms=151.0)}, {"ticks": ticks(total_ms=150.0)}, "slow_tick", 15),
        ({"fills": trades(1)}, {"fills": trades(0)}, "taker", 70),
    ],
)
def test_each_limit_acts_in_time_and_its_twin_does_not(
    bad: dict[str, NDArray[np.void]], good: dict[str, NDArray[np.void]], name: str, minute: int
) -> None:
    assert blocks_under_b(*[good] * 4) == []
    (acted,) = blocks_under_b(*[bad] * 3)
    assert (acted.criterion, acted.kind, acted.at) == (name, "stop", minute * MINUTE)


def test_what_ends_in_a_block_does_not_go_on_in_the_next() -> None:
    bad, good = {"ticks": ticks(missed=0.02)}, {"ticks": ticks()}
    bad["ticks"]["deadline_miss"][900:] = False  # under the limit before it has lasted
    assert blocks_under_b(good, bad, good) == []


def test_no_data_is_no_good_data() -> None:
    nothing = {"ticks": np.zeros(0, TICK), "fills": fills([])}
    found = blocks_under_b(nothing, nothing)
    assert {(t.criterion, t.value) for t in found} == {("deadline", None), ("slow_tick", None)}

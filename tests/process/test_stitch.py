"""Parts of a window that go on where the one before ended, whatever the feeds say at their ends."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.observation.columns import BLOCK, MARKED_FILL, Observation
from pytest_soak.observation.join import joined
from pytest_soak.process.stitch import Stitch

REASONS = ("risk", "inventory", "mine", "yours")


def part(number: int, quantity: float, believed: float, reasons: tuple[str, ...]) -> Observation:
    """A second with one fill; what its marks made of the inventory may be wrong."""
    fills = np.zeros(1, MARKED_FILL)
    fills["time_us"], fills["side"], fills["quantity"] = number, np.sign(quantity), abs(quantity)
    blocks = np.zeros(len(reasons), BLOCK)
    blocks["reason"] = range(len(reasons))
    return Observation(
        start_us=number,
        end_us=number + 1,
        fills=fills,
        blocks=blocks,
        block_reasons=reasons,
        inventory_start=believed,
        inventory_end=believed + quantity,
        mid_start=1.0,
        mid_end=1.0,
    )


sizes = st.floats(-5, 5).filter(lambda size: abs(size) > 1e-3)
names = (
    st.permutations(REASONS)
    .map(tuple)
    .flatmap(lambda some: st.integers(0, 4).map(lambda count: some[:count]))
)


@given(st.lists(st.tuples(sizes, st.floats(-9, 9), names), min_size=1, max_size=6))
def test_parts_join_and_keep_what_they_say(
    rows: list[tuple[float, float, tuple[str, ...]]],
) -> None:
    stitch = Stitch()
    whole = joined([stitch.add(part(n, *row)) for n, row in enumerate(rows)])
    assert whole.inventory_start == rows[0][1]
    assert np.isclose(whole.inventory_end, rows[0][1] + sum(size for size, _, _ in rows))
    said = [whole.block_reasons[place] for place in whole.blocks["reason"]]
    assert said == [name for _, _, some in rows for name in some]


def test_after_a_loss_a_part_says_for_itself_with_what_it_begins() -> None:
    stitch = Stitch()
    stitch.add(part(0, 1.0, 0.0, ()))
    assert stitch.add(part(1, 1.0, 7.0, ())).inventory_start == 1.0
    stitch.lose()
    assert stitch.add(part(2, 1.0, 7.0, ())).inventory_start == 7.0

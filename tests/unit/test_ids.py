"""The ids of lanes and of the items of a soak."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import inputs
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.config.lane_axes import Axes
from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.run.resolve import resolve_settings
from pytest_soak.session.item_ids import (
    iteration_name,
    lane_of,
    node_of_lane,
    parameter,
    split_users,
)

axes = st.builds(
    Axes,
    st.from_regex(r"[a-z][a-z0-9_]*(-iter[0-9]{4})?", fullmatch=True),
    st.sampled_from(list(BUILT_IN)),
    st.integers(0, 10**18),
    st.sampled_from(["", "wide"]),
)
iterations = st.integers(1, 10**6)


@given(axes, iterations)
def test_the_items_of_a_lane_have_its_id_in_common_and_nothing_else(one: Axes, number: int) -> None:
    built_in = f"{node_of_lane(one.id)}::{iteration_name(number)}"
    assert lane_of(built_in) == node_of_lane(one.id)
    users = f"test_a.py::test_b[{parameter(one.id, number)}]"
    assert lane_of(users) == f"test_a.py::test_b[{one.id}"
    assert split_users(users) == ("test_a.py::test_b", f"[{parameter(one.id, number)}]")


@pytest.mark.parametrize("argument", ["test_a.py", "test_a.py::test_b[x]", "soak::a::iter0001"])
def test_anything_else_is_no_item_of_a_users_soak_test(argument: str) -> None:
    assert split_users(argument) is None


def test_lanes_are_ranked_by_profile_then_market_as_listed_then_seed_as_a_number() -> None:
    ranked = [Axes("a", "calm", 9), Axes("a", "calm", 10), Axes("a", list(BUILT_IN)[-1], 1)]
    ranked += [Axes("b", "calm", 1)]
    shuffled = [ranked[n] for n in (2, 0, 3, 1)]
    assert sorted(shuffled, key=lambda one: one.rank) == ranked
    assert [one.id for one in ranked[:2]] == ["a-calm-9", "a-calm-10"]
    assert Axes("a", "calm", 9, "wide").id == "a-calm-9-wide"


def test_the_lanes_of_a_soak_are_called_by_their_axes(tmp_path: Path) -> None:
    given_ = inputs(tmp_path, {"seed": "2,10", "market": "spike,calm"})
    lanes = resolve_settings(given_).lanes()
    assert [lane.id for lane in lanes] == [
        Axes(lane.profile, lane.market, lane.seed, lane.variant).id for lane in lanes
    ]

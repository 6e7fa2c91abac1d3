"""Which blocks are under B, and whether so many can decide."""

from __future__ import annotations

import pytest
from ab_blocks import LIMITS
from builders import usage_error
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_soak.ab.design import STAGES, A, B, Share, make_design
from pytest_soak.ab.power import BlockNoise, hours_needed, least_effect, remedies, seeds_needed
from pytest_soak.stats.sequential import planned_values

shares = st.sampled_from(STAGES)
halves = st.integers(20, 240).map(lambda n: n / 2)
seeds = st.lists(st.integers(0, 10**18), min_size=1, max_size=3, unique=True)


@given(shares, halves, seeds)
def test_one_block_of_each_group_is_under_b(share: Share, hours: float, given: list[int]) -> None:
    design = make_design(share, hours, given, LIMITS)
    assert design.seeds == tuple(given)
    for text in design.assignment.values():
        assert len(text) == design.blocks == 2 * hours
        assert set(text) <= {A, B}
        groups = [text[n : n + 100 // share] for n in range(0, len(text), 100 // share)]
        assert all(group.count(B) == 1 for group in groups if len(group) == 100 // share)


@given(shares, halves, seeds)
def test_an_assignment_hangs_on_seed_and_stage_alone(
    share: Share, hours: float, given: list[int]
) -> None:
    whole, part = (make_design(share, h, given, LIMITS) for h in (120.0, hours))
    for seed in given:
        alone = make_design(share, hours, [seed], LIMITS)
        assert part.assignment[seed] == alone.assignment[seed]
        assert whole.assignment[seed].startswith(part.assignment[seed])


def test_seeds_and_stages_draw_otherwise() -> None:
    drawn = {make_design(Share.HALF, 24.0, [seed], LIMITS).assignment[seed] for seed in range(50)}
    assert len(drawn) == 50
    firsts = [make_design(Share.TENTH, 5.0, [n], LIMITS).assignment[n].index(B) for n in range(400)]
    assert {firsts.count(place) for place in range(10)} <= set(range(20, 65))


def test_a_stage_draws_apart_from_the_one_before() -> None:
    def first(share: Share, seed: int) -> int:
        return make_design(share, 5.0, [seed], LIMITS).assignment[seed].index(B)

    alike = [first(Share.TENTH, seed) % 2 == first(Share.HALF, seed) for seed in range(100)]
    assert 35 < sum(alike) < 65


@pytest.mark.parametrize(
    ("hours", "looks"), [(3, (6,)), (24, (48,)), (36, (72,)), (72, (48, 96, 144)), (120, 5)]
)
def test_promotion_is_looked_at_once_a_day(hours: float, looks: tuple[int, ...] | int) -> None:
    found = make_design(Share.HALF, hours, [1], LIMITS).looks
    assert looks in (found, len(found))
    assert found[-1] == 2 * hours


def test_what_cannot_be_is_refused() -> None:
    for hours in (0.2, float("nan"), 121.0):
        assert usage_error(lambda h=hours: make_design(Share.HALF, h, [1], LIMITS)).startswith(  # type: ignore[misc]
            "--hours: expected 0.5 to 120 hours, got"
        )
    assert "--seeds: expected seeds that differ" in usage_error(
        lambda: make_design(Share.HALF, 24.0, [1, 1], LIMITS)
    )
    late = next(
        n for n in range(99) if B not in make_design(Share.TENTH, 24, [n], LIMITS).assignment[n][:2]
    )
    assert "none under B at 10 %" in usage_error(
        lambda: make_design(Share.TENTH, 1.0, [late], LIMITS)
    )


@pytest.mark.parametrize(("share", "floor"), [(Share.TENTH, 60), (Share.HALF, 12), (Share.ALL, 6)])
def test_twelve_blocks_take_so_many_hours(share: Share, floor: float) -> None:
    needed = hours_needed(BlockNoise(0.05), 100 // share, 1, 1, LIMITS)
    assert set(needed) == {float(floor)}


def test_remedies_are_hours_that_there_are_and_seeds() -> None:
    assert remedies(24.0, 48.0, 8, LIMITS) == ["--hours=48", "16 seeds"]
    assert remedies(24.0, 240.0, 8, LIMITS) == ["80 seeds"]


@given(st.floats(0.05, 3.0), shares, st.integers(1, 20), st.integers(1, 5))
def test_seeds_add_up(sd: float, share: Share, n: int, looks: int) -> None:
    one, many = (hours_needed(BlockNoise(sd), 100 // share, k, looks, LIMITS) for k in (1, n))
    assert one.fixed <= one.planned <= one.sequence
    for alone, together in zip(one, many, strict=True):
        assert alone / n <= together <= alone / n + 100 // share / 2
    assert hours_needed(BlockNoise(sd, 2), 100 // share, n, looks, LIMITS).planned >= many.planned
    more = seeds_needed(24.0, many.planned, n)
    assert (
        hours_needed(BlockNoise(sd), 100 // share, more, looks, LIMITS).planned
        <= 24 + 100 // share / 2
    )


@settings(max_examples=30)
@given(st.floats(0.05, 5), st.integers(12, 2000), st.integers(1, 5))
def test_the_least_effect_takes_just_the_values_that_there_are(
    sd: float, values: int, looks: int
) -> None:
    found = least_effect(BlockNoise(sd), values, looks, LIMITS)
    assert found is not None
    assert planned_values(sd, found, looks, LIMITS.power) <= values
    assert planned_values(sd, 0.99 * found, looks, LIMITS.power) >= values
    pairs = least_effect(BlockNoise(sd, 2), 2 * values, looks, LIMITS)
    assert pairs == found


def test_what_cannot_be_promoted_has_no_least_effect() -> None:
    assert least_effect(BlockNoise(0.5), LIMITS.least_promoted - 1, 1, LIMITS) is None
    assert least_effect(BlockNoise(0.0), 100, 1, LIMITS) is None

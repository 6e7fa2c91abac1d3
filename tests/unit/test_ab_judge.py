"""What blocks come to: the differences, their bounds, and the decision."""

from __future__ import annotations

import re

import numpy as np
import pytest
from ab_blocks import LIMITS, VOLUME, MadeUpPair, block, blocks_of, design, of_pairs
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.ab.blocks import BLOCK, PairedBlocks
from pytest_soak.ab.compare import METRICS, MONEY, NET, SLIPPAGE, TICK, difference
from pytest_soak.ab.design import Share
from pytest_soak.ab.judge import Decision, Judgement, judge
from pytest_soak.gates.sustained import Transition

HALF = design()
amounts = st.integers(-1000, 1000).map(float)
one = st.tuples(amounts, st.integers(1, 1000).map(float))


def judged(hours: float = 24.0, share: Share = Share.HALF, **effect: float) -> Judgement:
    made = design(share, hours)
    return judge(blocks_of(made, None, **effect), made, LIMITS, ())


def lanes(rows: list[tuple[tuple[float, float], tuple[float, float]]]) -> PairedBlocks:
    t, c = (np.zeros((1, len(rows)), BLOCK) for _ in "tc")
    for side, place in ((t, 0), (c, 1)):
        side["net_quote"][0] = [row[place][0] for row in rows]
        side["volume_quote"][0] = [row[place][1] for row in rows]
    return PairedBlocks(t, c, np.ones((1, len(rows)), np.bool_))


@given(st.lists(st.tuples(one, one), min_size=2, max_size=12))
def test_a_difference_of_ratios_is_that_of_ratios_of_sums(
    rows: list[tuple[tuple[float, float], tuple[float, float]]],
) -> None:
    blocks = lanes(rows)
    found = difference(NET, blocks.effect, LIMITS.likeness)
    assert found is not None
    b, a = (1e4 * s["net_quote"].sum() / s["volume_quote"].sum() for s in (blocks.t, blocks.c))
    assert (found.a, found.b) == pytest.approx((a, b))
    assert found.delta == pytest.approx(b - a, abs=1e-6)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_difference_is_b_minus_a_and_turns_with_the_lanes(metric: object) -> None:
    there = blocks_of(HALF, net=0.4, cost=-0.1, tick=1.05, volume=1.1)
    back = PairedBlocks(there.c, there.t, there.treated)
    for blocks, sign in ((there, 1.0), (back, -1.0)):
        found = difference(metric, blocks.effect, LIMITS.likeness)  # type: ignore[arg-type]
        assert found is not None
        change = found.b - found.a if found.metric is not TICK else 100 * (found.b / found.a - 1)
        assert found.delta == pytest.approx(change, abs=1e-9)
        assert found.delta * sign >= -1e-9 or found.metric in (SLIPPAGE,)


def test_blocks_that_are_too_alike_are_joined() -> None:
    drift = np.repeat(np.random.default_rng(3).normal(size=24), 4)
    blocks = lanes([((0.0, VOLUME), (value, VOLUME)) for value in drift])
    found = difference(NET, blocks.effect, LIMITS.likeness)
    assert found is not None
    assert (found.joined, found.noise.n, found.blocks) == (2, 48, 96)
    assert found.delta == pytest.approx(found.b - found.a)


def test_a_block_without_a_value_is_left_out_and_counted() -> None:
    blocks = blocks_of(HALF, net=0.4)
    where = np.argwhere(blocks.treated)[3]
    for name, value in (("net_quote", np.nan), ("volume_quote", 0.0)):
        other = PairedBlocks(blocks.t.copy(), blocks.c, blocks.treated)
        other.t[name][tuple(where)] = value
        found = difference(NET, other.effect, LIMITS.likeness)
        assert found is not None
        assert (found.missing, found.blocks) == (1, 95)
        assert np.isfinite(found.delta)


def test_what_is_better_is_promoted_at_the_look_and_not_before() -> None:
    came = judged(net=0.4)
    assert came.decision is Decision.PROMOTE
    assert came.findings[NET.name].low > 0
    for done in (12, 47):
        early = judge(blocks_of(HALF, done, net=0.4), HALF, LIMITS, ())
        assert early.decision is None
        assert early.findings[NET.name].low > 0


def test_what_is_better_by_too_little_is_held() -> None:
    came = judged(net=0.1)
    assert came.decision is Decision.HOLD
    assert "better by 0.2 is asked for" in came.reasons[0]


def test_what_is_better_but_not_surely_is_held_with_the_hours_that_it_takes() -> None:
    came = judged(hours=12.0, net=0.4, sd=2.0)
    assert came.decision is Decision.HOLD
    assert any("h more of each lane" in reason for reason in came.reasons)
    goes_on = design(hours=48.0)
    first = judge(blocks_of(goes_on, 48, net=0.1), goes_on, LIMITS, ())
    assert first.decision is None
    assert first.reasons


def test_what_is_worse_is_rolled_back_before_the_look() -> None:
    came = judge(blocks_of(HALF, 8, net=-0.8), HALF, LIMITS, ())
    assert came.decision is Decision.ROLLBACK
    assert "net_bps" in came.reasons[0]
    assert judge(blocks_of(HALF, 8, net=0.8), HALF, LIMITS, ()).decision is None


def test_harm_rolls_back_whatever_is_earned() -> None:
    cost = judged(net=0.4, cost=-0.1)
    assert cost.decision is Decision.ROLLBACK
    assert cost.reasons[0].startswith("slippage_bps -0.")
    assert judged(net=0.4, cost=0.1).decision is Decision.PROMOTE
    slow = judged(net=0.4, tick=1.2)
    assert slow.decision is Decision.ROLLBACK
    assert slow.reasons[0].startswith("tick_total_p95_ms +")
    near = judged(net=0.4, tick=1.0995)
    assert near.decision is Decision.PROMOTE
    assert near.findings[TICK.name].high > LIMITS.tick_total_p95_pct


def test_more_bps_of_less_money_are_held() -> None:
    came = judged(net=0.4, volume=0.5)
    assert came.decision is Decision.HOLD
    assert "less money" in came.reasons[0]


def test_an_absolute_limit_rolls_back() -> None:
    fired = Transition(
        criterion="taker",
        kind="stop",
        metric="taker_ratio",
        value=0.1,
        limit="> 0.09",
        since=0,
        at=6,
    )
    came = judge(blocks_of(HALF, 2), HALF, LIMITS, [str(fired)])
    assert came.decision is Decision.ROLLBACK
    assert came.reasons == (str(fired),)


def test_a_lane_that_stays_changed_under_a_is_held() -> None:
    blocks = blocks_of(HALF, net=0.4)
    carried = blocks.t.copy()
    carried["net_quote"][~blocks.treated] += 0.4 * VOLUME / 1e4
    came = judge(PairedBlocks(carried, blocks.c, blocks.treated), HALF, LIMITS, ())
    assert came.decision is Decision.HOLD
    assert came.reasons[0].startswith("placebo:")


def test_before_the_first_block_under_b_nothing_is_placebo() -> None:
    treated = np.array([[False, False, True, False], [True, False, False, False]])
    nothing = np.zeros(treated.shape, BLOCK)
    found = PairedBlocks(nothing, nothing, treated)
    assert found.placebo.where.tolist() == [
        [False, False, False, True],
        [False, True, True, True],
    ]
    assert judged(share=Share.ALL, net=0.4).placebo is None
    tenth = blocks_of(design(Share.TENTH))
    placebo = judged(share=Share.TENTH).placebo
    assert placebo is not None
    assert placebo.difference.blocks == np.sum(tenth.placebo.where) < np.sum(~tenth.treated)


def test_what_does_nothing_or_always_the_same_is_held() -> None:
    blocks = blocks_of(HALF)
    same = judge(PairedBlocks(blocks.c, blocks.c, blocks.treated), HALF, LIMITS, ())
    assert same.decision is Decision.HOLD
    assert "did the same as A in all 96 blocks" in same.reasons[0]
    flat = np.full(blocks.c.shape, block(), BLOCK)
    more = np.full(blocks.c.shape, block(4.0), BLOCK)
    worse = np.full(blocks.c.shape, block(1.0), BLOCK)
    for t in (more, worse):
        came = judge(PairedBlocks(t, flat, blocks.treated), HALF, LIMITS, ())
        assert came.decision is Decision.HOLD
        assert "no noise to judge by" in came.reasons[0]


@pytest.mark.parametrize("name", ["tick_total_p95_ms", "slippage_quote"])
def test_a_constant_harm_is_not_promoted(name: str) -> None:
    blocks = blocks_of(HALF, net=0.4)
    for lane, value in ((blocks.t, 60.0), (blocks.c, 30.0)):
        lane[name] = value if name == TICK.name else -value * lane["volume_quote"] / VOLUME
    came = judge(blocks, HALF, LIMITS, ())
    assert came.decision is Decision.HOLD
    assert "no noise to judge by" in came.reasons[0]


@pytest.mark.parametrize("side", ["t", "c"])
def test_want_of_data_holds_and_then_rolls_back(side: str) -> None:
    for last, decision in ((1, Decision.HOLD), (2, Decision.ROLLBACK)):
        blocks = blocks_of(HALF, net=0.4)
        getattr(blocks, side)["net_quote"][1, -last:] = np.nan
        came = judge(blocks, HALF, LIMITS, ())
        assert came.decision is decision
        assert "no data" in came.reasons[0]


@pytest.mark.parametrize(
    ("hours", "seeds", "findings"), [(2.0, 1, 0), (12.0, 1, 6), (5.0, 2, 6), (11.0, 1, 6)]
)
def test_of_too_few_blocks_there_is_no_number(hours: float, seeds: int, findings: int) -> None:
    made = design(hours=hours, seeds=seeds)
    came = judge(blocks_of(made, net=0.8), made, LIMITS, ())
    assert len(came.findings) == findings
    if made.treated < 12:
        assert came.decision is Decision.HOLD
        assert came.reasons[-1].startswith(f"{made.treated} blocks under B, 12 are needed: at")
    else:
        assert came.decision is Decision.PROMOTE


def skewed(net: float, sd: float, left: bool) -> Judgement:
    """Of one lane whose blocks have a long tail to the left, or to the right."""
    side = -1.0 if left else 1.0
    made = design(seeds=1)
    draw = lambda rng: side * (float(rng.exponential()) ** 3 / 6 - 1)  # noqa: E731
    return judge(of_pairs(made, [MadeUpPair(1, net=net, sd=sd, draw=draw)], 48), made, LIMITS, ())


def test_blocks_skewed_to_the_good_side_are_promoted_and_never_rolled_back() -> None:
    assert skewed(0.8, 0.3, left=False).decision is Decision.PROMOTE
    worse = skewed(-3.0, 0.3, left=False)
    assert worse.findings[NET.name].high < 0
    assert worse.decision is Decision.HOLD


def test_blocks_skewed_to_the_bad_side_are_rolled_back_and_never_promoted() -> None:
    better = skewed(0.8, 0.3, left=True)
    assert better.decision is Decision.HOLD
    assert better.findings[NET.name].low > 0
    assert re.match(r"net_bps: blocks are too skewed .* \(-\d.*, \d.* at most\)", better.reasons[0])
    assert skewed(-3.0, 0.3, left=True).decision is Decision.ROLLBACK


def test_where_nothing_differs_hardly_anything_is_decided() -> None:
    made, decisions = design(seeds=1, hours=24.0), []
    for seed in range(60):
        pairs = [MadeUpPair(1000 + seed, sd=0.4)]
        decisions.append(judge(of_pairs(made, pairs, made.blocks), made, LIMITS, ()).decision)
    assert decisions.count(Decision.PROMOTE) <= 5
    assert decisions.count(Decision.ROLLBACK) <= 5


def test_money_and_basis_points_are_both_told() -> None:
    found = judged(net=0.4).findings
    assert {NET.name, MONEY.name, SLIPPAGE.name, TICK.name} <= set(found)
    assert all(f.low < f.difference.delta < f.high for f in found.values() if f.difference.noise.sd)

"""Facts of feeds made by hand, whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from feeds import SECOND_US, orders_at, quiet, tops_at, walk
from numpy.typing import NDArray

from pytest_soak.facts.curves import GRIDS, RESPONSE, RESPONSE_S, SPREAD, TAIL, TAIL_SDS, curves
from pytest_soak.facts.definitions import FACTS
from pytest_soak.facts.feed import LaneFeed, joined, market_orders, tops_of_book
from pytest_soak.facts.measure import measure, order_facts, response_facts, return_facts
from pytest_soak.facts.measure import spread_facts as _spread_facts
from pytest_soak.facts.mids import moves_bps, returns_bps
from pytest_soak.market.feeds import TOP, TRADE

EMPTY = LaneFeed(market_orders(np.zeros(0, TRADE)), tops_of_book(np.zeros(0, TOP)), 1.0)


def trades(*rows: tuple[int, int, float, float]) -> NDArray[np.void]:
    return np.array(list(rows), TRADE)


def spread_facts(ticks: list[float], lasting: list[int], mid: float = 10_000.0) -> dict[str, float]:
    """Of spreads in ticks of 0.5, each of which stands for some seconds."""
    time = np.cumsum([0, *lasting]) * SECOND_US
    return _spread_facts(tops_at(time, mid, 0.5 * np.array([*ticks, 999.0])), 0.5)


def test_trades_of_one_side_at_one_time_are_one_order() -> None:
    orders = market_orders(
        trades((5, 1, 10.0, 1.0), (5, 1, 12.0, 3.0), (5, -1, 9.0, 2.0), (6, -1, 9.0, 1.0))
    )
    assert list(orders.time_us) == [5, 5, 6]
    assert list(orders.sign) == [1.0, -1.0, -1.0]
    assert list(orders.quantity) == [4.0, 2.0, 1.0]
    assert list(orders.price) == [11.5, 9.0, 9.0]


def test_while_a_side_is_empty_the_last_full_top_holds() -> None:
    rows = np.array([(1, 9.0, 2.0, 11.0, 4.0), (2, 9.0, 0.0, 11.0, 1.0)], TOP)
    tops = tops_of_book(rows)
    assert (list(tops.time_us), list(tops.mid)) == ([1], [10.0])
    assert list(tops.depth_quote) == [(9.0 * 2.0 + 11.0 * 4.0) / 2]


def test_pieces_of_a_feed_are_joined_in_their_order() -> None:
    pieces = [(quiet(2).orders, quiet().tops), (quiet(3).orders, quiet().tops)]
    feed = joined(pieces, 0.5)
    assert (len(feed.orders.sign), len(feed.tops.time_us), feed.tick) == (5, 1202, 0.5)
    assert list(feed.orders.price[:2]) == list(quiet(2).orders.price)


def test_the_mid_at_a_time_is_the_one_just_before() -> None:
    tops = tops_at([10, 20, 20], [1.0, 2.0, 3.0], 0.5)
    assert list(tops.mid_at(np.array([5, 10, 11, 20, 21]))) == [1.0, 1.0, 1.0, 1.0, 3.0]


def test_a_constant_spread_has_no_spread_of_its_own() -> None:
    facts = spread_facts([4.0] * 3, [1, 5, 2])
    assert facts["spread_bps"] == pytest.approx(2.0)
    assert facts["spread_cv"] == 0.0
    assert facts["spread_mode_ticks"] == 4
    assert np.isnan(facts["spread_tail_ratio"])
    assert facts["touch_depth_quote"] == 1000.0


def test_spreads_count_by_the_time_that_they_stand() -> None:
    """2 ticks for 30 s and 6 ticks for 10 s: a mean of 3, a standard deviation of sqrt(3)."""
    facts = spread_facts([2.0, 6.0], [30, 10])
    assert facts["spread_bps"] == pytest.approx(1.5)
    assert facts["spread_cv"] == pytest.approx(np.sqrt(3.0) / 3.0)
    assert facts["spread_mode_ticks"] == 2


def test_the_tail_of_a_geometric_spread_is_its_ratio() -> None:
    facts = spread_facts([1.0, 2.0, 3.0, 4.0, 5.0], [16, 81, 27, 9, 3])
    assert facts["spread_mode_ticks"] == 2
    assert facts["spread_tail_ratio"] == pytest.approx(1 / 3)


def test_a_spread_that_is_never_seen_stands_between_those_that_are() -> None:
    assert spread_facts([2.0, 4.0], [64, 16])["spread_tail_ratio"] == pytest.approx(0.5)


def test_the_tail_is_followed_for_a_few_ticks_only() -> None:
    assert np.isnan(spread_facts([2.0, 10.0], [64, 16])["spread_tail_ratio"])


def test_orders_that_come_every_two_seconds_and_take_turns() -> None:
    tops = tops_at([0, 400 * SECOND_US], 10_000.0)
    orders = orders_at(np.arange(200) * 2 * SECOND_US, np.tile([1.0, -1.0], 100), 10_000.0)
    facts = order_facts(orders, tops)
    assert facts["orders_per_s"] == 0.5
    assert facts["sign_lag_1"] == pytest.approx(-1.0)
    assert facts["sign_lag_50"] == pytest.approx(1.0)


def stepping(step: float, after_us: int = 300_000, count: int = 60) -> LaneFeed:
    """Orders every 200 s at 5 over the mid of 10,000; the mid then goes with them by `step`."""
    start = (np.arange(count) + 1) * 200 * SECOND_US
    sign = np.where(np.arange(count) % 3, 1.0, -1.0)
    time = np.r_[0, np.c_[start + after_us, start + 100 * SECOND_US].ravel()]
    mid = np.r_[10_000.0, np.c_[10_000.0 + step * sign, np.full(count, 10_000.0)].ravel()]
    orders = orders_at(start, sign, 10_000.0 + 5.0 * sign)
    return LaneFeed(orders, tops_at(time, mid), 1.0)


def test_a_response_that_is_a_step_is_told_at_each_horizon() -> None:
    feed = stepping(3.0)
    facts = response_facts(feed.orders, feed.tops)
    assert facts["effective_half_bps"] == pytest.approx(5.0)
    for seconds in (1, 10, 60):
        assert facts[f"response_{seconds}s_bps"] == pytest.approx(3.0)
    assert facts["response_60s_ratio"] == pytest.approx(0.6)


def test_a_mid_that_goes_against_the_order_is_a_negative_response() -> None:
    feed = stepping(-2.0)
    assert response_facts(feed.orders, feed.tops)["response_10s_bps"] == pytest.approx(-2.0)


def test_the_curve_of_a_step_is_0_before_it_and_gone_after_it() -> None:
    curve = dict(zip(RESPONSE_S, curves(stepping(3.0))[RESPONSE], strict=True))
    assert curve[0.2] == 0.0
    assert curve[0.3] == 0.0
    for seconds in (0.5, 1, 60):
        assert curve[seconds] == pytest.approx(3.0)
    assert curve[120] == 0.0


def test_a_move_at_the_time_of_the_order_is_part_of_the_response() -> None:
    feed = stepping(3.0, after_us=0)
    assert response_facts(feed.orders, feed.tops)["response_1s_bps"] == pytest.approx(3.0)


def test_an_order_is_followed_no_further_than_the_feed() -> None:
    tops = tops_at([0, 100 * SECOND_US], 10_000.0)
    orders = orders_at(np.array([0, 40, 41, 99]) * SECOND_US, 1.0, 10_000.0)
    moved, seen = moves_bps(orders, tops, 60)
    assert list(seen) == [False, True, False, False]
    assert len(moved) == 1


def test_impact_that_grows_as_the_root_of_the_size_has_the_exponent_a_half() -> None:
    count = 100
    start = (np.arange(count) + 1) * 20 * SECOND_US
    size = np.tile([1.0, 4.0, 9.0, 16.0, 25.0], count // 5)
    time = np.r_[0, np.c_[start + 1, start + 10 * SECOND_US].ravel()]
    mid = np.r_[10_000.0, np.c_[10_000.0 + np.sqrt(size), np.full(count, 10_000.0)].ravel()]
    facts = response_facts(orders_at(start, 1.0, 10_001.0, size), tops_at(time, mid))
    assert facts["impact_exponent"] == pytest.approx(0.5)


def test_returns_are_those_of_each_second() -> None:
    given = [1.0, -2.0, 0.5, 3.0]
    assert returns_bps(walk(given), 1) == pytest.approx(given)
    assert returns_bps(walk(np.ones(121)), 60) == pytest.approx([60.0, 60.0])


def test_independent_normal_returns_have_neither_memory_nor_tails() -> None:
    facts = return_facts(walk(np.random.default_rng(3).normal(0.0, 2.0, 40_000)))
    assert facts["volatility_1s_bps"] == pytest.approx(2.0, rel=0.02)
    assert facts["volatility_60s_ratio"] == pytest.approx(1.0, abs=0.08)
    for name in ("return_1s_lag_1", "abs_return_lag_1s", "abs_return_lag_300s"):
        assert facts[name] == pytest.approx(0.0, abs=0.025)
    assert facts["return_60s_lag_1"] == pytest.approx(0.0, abs=0.12)
    assert facts["kurtosis_1s"] == pytest.approx(0.0, abs=0.15)
    assert facts["hill_1s"] > 5.0


def test_returns_that_follow_each_other_and_those_that_return() -> None:
    """A moving average of c has the autocorrelation c / (1 + c^2)."""
    noise = np.random.default_rng(4).normal(size=40_001)
    for c in (0.5, -0.5):
        facts = return_facts(walk(noise[1:] + c * noise[:-1]))
        assert facts["return_1s_lag_1"] == pytest.approx(c / 1.25, abs=0.02)
        assert facts["volatility_60s_ratio"] == pytest.approx((1 + c) / np.sqrt(1.25), rel=0.08)


def test_volatility_that_changes_by_the_hour_is_remembered() -> None:
    noise = np.random.default_rng(5).normal(size=36_000)
    facts = return_facts(walk(noise * np.repeat([1.0, 4.0] * 5, 3_600)))
    assert facts["abs_return_lag_300s"] > 0.25
    assert facts["abs_return_lag_1s"] > facts["abs_return_lag_300s"]
    assert facts["kurtosis_1s"] > 1.0


def test_pareto_returns_have_the_index_of_their_tail() -> None:
    rng = np.random.default_rng(6)
    returns = 0.01 * (rng.pareto(3.0, 100_000) + 1.0) * rng.choice([-1.0, 1.0], 100_000)
    assert return_facts(walk(returns))["hill_1s"] == pytest.approx(3.0, rel=0.12)


def test_the_tail_is_counted_in_standard_deviations() -> None:
    feed = LaneFeed(EMPTY.orders, walk(np.tile([3.0, -3.0], 500)), 1.0)
    curve = dict(zip(TAIL_SDS, curves(feed)[TAIL], strict=True))
    assert {share for sds, share in curve.items() if sds < 0.99} == {1.0}
    assert {share for sds, share in curve.items() if sds > 1.01} == {0.0}


@pytest.mark.parametrize("feed", [EMPTY, quiet(), quiet(400), stepping(1.0)])
def test_each_fact_that_is_named_is_measured_and_no_other(feed: LaneFeed) -> None:
    assert [*measure(feed)] == [fact.name for fact in FACTS]
    assert {*curves(feed)} == {SPREAD, *GRIDS}
    for name, grid in GRIDS.items():
        assert len(curves(feed)[name]) == len(grid)


def test_an_empty_feed_has_no_fact() -> None:
    assert all(np.isnan(value) for value in measure(EMPTY).values())
    assert all(np.isnan(curves(EMPTY)[name]).all() for name in GRIDS)
    assert len(curves(EMPTY)[SPREAD]) == 0


def test_tops_of_one_moment_are_no_feed() -> None:
    feed = LaneFeed(EMPTY.orders, tops_at(np.full(100, 7), 10_000.0), 1.0)
    assert all(np.isnan(value) for value in measure(feed).values())


def test_a_mid_that_never_moves_has_a_spread_but_no_memory_and_no_tail() -> None:
    facts = measure(quiet(400))
    assert facts["spread_bps"] == pytest.approx(2.0)
    assert facts["effective_half_bps"] == pytest.approx(1.0)
    assert facts["volatility_1s_bps"] == 0.0
    for name in ("return_1s_lag_1", "abs_return_lag_1s", "kurtosis_1s", "hill_1s"):
        assert np.isnan(facts[name])
    assert np.isnan(facts["volatility_60s_ratio"])
    assert np.isnan(facts["impact_exponent"])


def test_without_orders_only_their_number_is_known() -> None:
    facts = measure(quiet())
    assert facts["orders_per_s"] == 0.0
    for name in ("sign_lag_1", "effective_half_bps", "response_1s_bps", "response_60s_ratio"):
        assert np.isnan(facts[name])

"""What is kept of a window's events to be drawn: small, and its parts add up to the whole."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from builders import fills, observation
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_soak.kpi.account import Running, Stretch, joined, largest_drawdown
from pytest_soak.kpi.curves import (
    BINS_A_DECADE,
    LEAST_MS,
    MOST_BINS,
    SLICES,
    Account,
    Curves,
    Histogram,
    histograms_sum,
    markouts_sum,
)
from pytest_soak.kpi.edge import summarize
from pytest_soak.kpi.reduce import curves_of, histogram
from pytest_soak.observation.columns import LATENCY, MARK, TICK, Observation

END_US = 3_600_000_000
moves = st.lists(st.floats(-100.0, 100.0), min_size=1, max_size=200)
times = st.lists(st.floats(0.0, 1e7), min_size=1, max_size=200)


def marked(equity: list[float], inventory: list[float] | None = None, **more: Any) -> Observation:
    """A window of an hour whose account moved so, evenly over it, and that ends as the last."""
    marks = np.zeros(len(equity), MARK)
    marks["time_us"] = np.linspace(0, END_US, len(equity)).astype("i8")
    marks["equity_quote"], marks["mid"] = equity, 100.0
    marks["inventory"] = inventory or 0.0
    return observation(end_us=END_US, marks=marks, **more)


def account_of(window: Observation) -> Account:
    account = curves_of(window).account
    assert account is not None
    return account


def fall(equity: np.ndarray[Any, Any]) -> float:
    return float(np.max(np.maximum.accumulate(equity) - equity))


def bought_and_marked(changes: list[list[float]]) -> list[Account]:
    """Windows of a bot that holds one unit of what moves by such changes."""
    found, price = [], 1e4
    for window in changes:
        mids = price + np.concatenate([[0.0], np.cumsum(window)])
        marks = np.zeros(len(mids), MARK)
        marks["time_us"] = np.linspace(0, END_US, len(mids)).astype("i8")
        marks["mid"], marks["inventory"], marks["equity_quote"] = mids, 1.0, mids
        ends = {"mid_start": mids[0], "mid_end": mids[-1]}
        held = {"inventory_start": 1.0, "inventory_end": 1.0}
        found.append(account_of(observation(end_us=END_US, marks=marks, **ends, **held)))
        price = float(mids[-1])
    return found


@settings(max_examples=60)
@given(st.lists(moves, min_size=1, max_size=6), st.sampled_from([1, 2, 3, 8, 24]))
def test_windows_one_after_the_other_are_the_account_of_all_of_them(
    changes: list[list[float]], together: int
) -> None:
    running = Running()
    parts = [x for one in bought_and_marked(changes) for x in running.add(one, together)]
    whole = np.concatenate([[0.0], np.cumsum([x for window in changes for x in window])])
    near = pytest.approx
    assert parts[-1].equity == near(whole[-1], abs=0.05)
    assert max(0.0, *(p.high for p in parts)) == near(whole.max(), abs=0.05)
    assert min(0.0, *(p.low for p in parts)) == near(whole.min(), abs=0.05)
    assert largest_drawdown(parts) == near(fall(whole), abs=0.1)
    assert running.peak == near(max(0.0, whole.max()), abs=0.05)
    assert len(parts) == len(changes) * SLICES // together


@settings(max_examples=60)
@given(moves)
def test_slices_together_are_what_they_would_be_apart(changes: list[float]) -> None:
    (account,) = bought_and_marked([changes])
    apart, at_once = Running().add(account), Running().add(account, SLICES)
    assert at_once == [joined(apart)]
    assert all(part.low <= part.equity <= part.high for part in apart)
    assert all(before.drawdown >= 0.0 for before, _ in pairwise(apart))


def test_a_window_ends_with_its_net_and_falls_as_its_kpi_says() -> None:
    rows = [(1, True, 99.0, 2.0, 0.1, 100.0, 101.0), (-1, False, 103.0, 1.0, 0.2, 102.0, 102.0)]
    for marks in ({}, {"marks": marked([0.0, 4.0, -3.0, 5.0]).marks}):
        window = observation(
            end_us=END_US, fills=fills(rows), mid_start=99.0, mid_end=104.0, **marks
        )
        kpis, account = summarize(window).kpis, account_of(window)
        assert account.equity[-1] == pytest.approx(kpis["net_quote"], rel=1e-5)
        assert account.by == ("marks" if marks else "fills")


def test_without_marks_equity_is_reckoned_from_fills_at_their_own_mid() -> None:
    rows = [(1, True, 99.0, 2.0, 0.5, 100.0, 101.0)]
    window = observation(end_us=END_US, fills=fills(rows), mid_start=100.0, mid_end=100.0)
    account = account_of(window)
    assert account.by == "fills"
    assert account.equity[0] == 2.0 * 1.0 - 0.5
    assert account.equity[-1] == account.equity[0]
    assert (account.inventory_low[0], account.inventory[-1]) == (0.0, 2.0)


def test_marks_that_begin_late_begin_where_the_fills_have_led() -> None:
    """The constant of a bot's equity is not known, what it gained before the first mark is."""
    marks = np.zeros(2, MARK)
    marks["time_us"], marks["mid"] = [END_US // 2, END_US], [110.0, 120.0]
    marks["inventory"], marks["equity_quote"] = 1.0, [1e6, 1e6 + 10.0]
    rows = [(1, True, 100.0, 1.0, 0.0, 100.0, 101.0)]
    window = observation(
        end_us=END_US, fills=fills(rows), marks=marks, mid_start=100.0, mid_end=120.0
    )
    account = account_of(window)
    assert account.equity[0] == 0.0
    assert account.high[SLICES // 2 - 1] == 10.0
    assert account.equity[-1] == 20.0


def test_a_slice_without_a_mark_is_as_the_one_before() -> None:
    account = account_of(marked([0.0, 0.0]))
    assert account.equity == [0.0] * SLICES
    assert account.fall == [0.0] * SLICES


@settings(max_examples=80)
@given(times, times)
def test_histograms_of_parts_are_that_of_the_whole(one: list[float], other: list[float]) -> None:
    parts = [histogram(np.array(part)) for part in (one, other)]
    whole = histogram(np.array(one + other))
    assert histograms_sum([*parts, None]) == whole
    assert whole is not None
    assert whole.total == len(one) + len(other)


@settings(max_examples=80)
@given(times, st.sampled_from([50.0, 95.0, 99.9]))
def test_a_percentile_is_within_a_bin_of_the_time_that_so_many_do_not_exceed(
    given_ms: list[float], percent: float
) -> None:
    found = histogram(np.array(given_ms))
    assert found is not None
    exact = float(np.percentile(given_ms, percent, method="inverted_cdf"))
    width = 10 ** (1 / BINS_A_DECADE)
    held = min(max(exact, LEAST_MS), LEAST_MS * 10 ** (MOST_BINS / BINS_A_DECADE))
    assert held / width / 1.001 <= max(found.percentile(percent), LEAST_MS) <= held * width * 1.001


def test_no_times_are_no_histogram() -> None:
    assert histogram(np.zeros(0)) is None
    assert histograms_sum([None, None]) is None
    found = curves_of(observation(end_us=END_US))
    assert (found.acks, found.ticks, found.markouts) == (None, None, [])


def test_markouts_are_what_maker_fills_were_worth_later() -> None:
    table = fills([(1, True, 99.0, 2.0, 0.0, 100.0, 101.0), (-1, False, 9.0, 1.0, 0.0, 1.0, 1.0)])
    found = curves_of(observation(end_us=END_US, fills=table)).markouts
    known = {one.after_ms: one for one in found}
    assert set(known) == {0, 1000}
    assert known[0].gain_quote == 2.0 * (100.0 - 99.0)
    assert known[1000].bps == pytest.approx(1e4 * 4.0 / 198.0, rel=1e-5)
    both = markouts_sum([known[1000], known[1000]])
    assert both.fills == 2
    assert both.bps == pytest.approx(known[1000].bps)


def test_it_is_small_and_the_same_for_the_same_events() -> None:
    random = np.random.default_rng(1)
    acks, ticks = np.zeros(2000, LATENCY), np.zeros(9000, TICK)
    acks["latency_ms"] = random.lognormal(5.0, 0.5, 2000)
    ticks["total_ms"] = random.lognormal(2.0, 1.0, 9000)
    steps = random.normal(0.0, 7.0, 3600).cumsum()
    window = marked(steps.tolist(), acks=acks, ticks=ticks)
    text = curves_of(window).model_dump_json()
    assert len(text) < 4096
    assert text == curves_of(window).model_dump_json()
    assert Curves.model_validate(json.loads(text), strict=True) == curves_of(window)


def test_an_account_has_its_slices() -> None:
    columns = {name: [0.0] * SLICES for name in Account.model_fields if name != "by"}
    assert Account.model_validate({"by": "marks", **columns})
    with pytest.raises(ValueError, match=f"high: expected {SLICES} numbers, got 1"):
        Account.model_validate({"by": "marks", **columns, "high": [0.0]})


def test_a_window_of_which_only_the_net_is_known_is_gone_over() -> None:
    (account,) = bought_and_marked([[5.0]])
    running = Running()
    running.add(account)
    running.skip(-2.0)
    running.skip(10.0)
    (after,) = running.add(account, SLICES)
    assert (after.equity, after.drawdown) == (18.0, 0.0)
    assert isinstance(after, Stretch)


def test_percentiles_do_not_exceed_the_largest() -> None:
    found = Histogram(first=100, counts=[1], largest_ms=LEAST_MS * 1e5 * 1.01)
    assert found.percentile(99.0) == found.largest_ms


@pytest.mark.parametrize("name", ["fills.fee_quote", "fills.mid", "mid_start", "mid_end"])
def test_an_account_that_is_not_told_is_none_and_says_why(name: str) -> None:
    found = curves_of(observation(end_us=END_US, untold={name: "nobody says"}))
    assert (found.account, found.no_account) == (None, "nobody says")
    told = curves_of(marked([0.0, 1.0], untold={name: "nobody says"}))
    assert (told.account is None) == (name != "fills.mid")

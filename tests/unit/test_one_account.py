"""Marks of two accounts in one feed are told from one account that learns late of its fills."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import observation
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pytest_soak.observation.columns import MARK, MARKED_FILL, OTHER_MIDS, Observation
from pytest_soak.observation.conserve import LATE_US
from pytest_soak.observation.validate import validated

SECOND = 1_000_000
MINUTES = 2
END_US = MINUTES * 60 * SECOND
TWO = "(two accounts in turn: do two processes write this?)"


def mids(seed: int) -> NDArray[np.float64]:
    """A price for each 10 ms, wandering by some 20 bps."""
    steps = np.random.default_rng(seed).normal(size=END_US // 10_000 + 1)
    return 100.0 + 0.002 * np.cumsum(steps)


def account(seed: int, late_us: int = 0, drawn: int = 1, every_us: int = SECOND) -> Observation:
    """Books of a bot that learns of each fill up to `late_us` after it."""
    rng, price = np.random.default_rng(seed), mids(drawn)
    number = int(rng.integers(30, 120))
    fills = np.zeros(number, MARKED_FILL)
    fills["time_us"] = np.sort(rng.integers(0, END_US - LATE_US - every_us, number))
    fills["mid"] = price[fills["time_us"] // 10_000]
    for name in ("mid_1s", *OTHER_MIDS):
        fills[name] = np.nan
    fills["side"], fills["maker"] = rng.choice([1, -1], number), True
    fills["quantity"] = rng.integers(1, 50, number) * 0.1
    fills["price"] = fills["mid"] * (1 - 2e-4 * fills["side"])
    fills["fee_quote"] = 1e-5 * fills["price"] * fills["quantity"]
    marks = np.zeros(END_US // every_us, MARK)
    marks["time_us"] = every_us * (1 + np.arange(len(marks)))
    marks["mid"] = price[marks["time_us"] // 10_000]
    learnt = fills["time_us"] + rng.integers(0, late_us + 1, number)
    known = learnt[None, :] <= marks["time_us"][:, None]
    signed = fills["side"] * fills["quantity"]
    marks["inventory"] = known @ signed
    cash = 1e4 - known @ (signed * fills["price"] + fills["fee_quote"])
    marks["equity_quote"] = cash + marks["inventory"] * marks["mid"]
    return observation(
        start_us=0,
        end_us=END_US,
        fills=fills,
        marks=marks,
        inventory_end=float(signed.sum()),
        mid_start=float(price[0]),
        mid_end=float(price[-1]),
    )


def together(one: Observation, other: Observation) -> Observation:
    """What is found in a feed that both write; the account at its end is of both."""
    marks = other.marks.copy()
    marks["time_us"] = np.minimum(marks["time_us"] + 300_000, END_US)
    rows = np.concatenate([one.marks, marks])
    return replace(
        one,
        fills=np.sort(np.concatenate([one.fills, other.fills]), order="time_us"),
        marks=rows[np.argsort(rows["time_us"], kind="stable")],
        inventory_end=one.inventory_end + other.inventory_end,
    )


@settings(max_examples=80)
@given(
    st.integers(0, 10_000),
    st.integers(0, LATE_US),
    st.sampled_from([100_000, SECOND, 20 * SECOND]),
)
def test_an_account_that_learns_late_of_its_fills_is_one(
    seed: int, late_us: int, every_us: int
) -> None:
    assert validated(account(seed, late_us, every_us=every_us), MINUTES).faults == ()


@settings(max_examples=80)
@given(st.integers(0, 10_000), st.integers(0, 2 * SECOND), st.integers(1, 100))
def test_two_accounts_in_one_feed_are_a_fault(seed: int, late_us: int, drawn: int) -> None:
    one, other = (account(seed + n, late_us, drawn) for n in range(2))
    other.marks["equity_quote"] += 50.0  # what else it has
    [fault] = validated(together(one, other), MINUTES).faults
    assert fault.startswith("marks.")
    assert fault.endswith(TWO)


def test_two_accounts_with_the_same_inventory_are_told_by_their_equity() -> None:
    """Neither trades here: nothing but the marks says that there are two."""
    quiet = replace(account(1), fills=account(1).fills[:0], inventory_end=0.0)
    marks = quiet.marks.copy()
    marks["inventory"], marks["equity_quote"] = 0.0, 1e4
    one = replace(quiet, marks=marks)
    assert validated(one, MINUTES).faults == ()
    other = replace(one, marks=marks.copy())
    other.marks["equity_quote"] = 1e4 - 0.5
    [fault] = validated(together(one, other), MINUTES).faults
    what = "goes to and fro by 119.5 in all, expected at most 0 by the fills"
    assert fault == f"marks.equity_quote: {what} {TWO}"


@pytest.mark.parametrize("wrong", ["equity_quote", "inventory"])
def test_one_account_that_is_wrong_is_not_taken_for_two(wrong: str) -> None:
    """Equity or inventory that stands still while the mid moves: another fault, named as such."""
    given = account(1)
    given.marks[wrong] = given.marks[wrong][0]
    faults = validated(given, MINUTES).faults
    assert faults
    assert not any(TWO in fault for fault in faults)


def test_a_mark_or_two_that_are_wrong_are_not_taken_for_another_account() -> None:
    given = account(1)
    given.marks["equity_quote"][[30, 60]] += 1e4
    [fault] = validated(given, MINUTES).faults
    assert fault.startswith("marks.equity_quote[30]=")

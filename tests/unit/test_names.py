"""How the files of a run are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.artifacts import names
from pytest_soak.artifacts.names import feed_name, is_feed, iteration_of, summary_name


@given(st.integers(1, 10**17))
def test_the_number_of_an_iteration_comes_back_from_its_name(number: int) -> None:
    assert iteration_of(summary_name(number)) == number


@pytest.mark.parametrize("number", ["0", "007", "-1", "1.0", "\u0661", "final", "9" * 19, ""])
def test_what_a_soak_does_not_write_is_no_iteration(number: str) -> None:
    assert iteration_of(f"ITER_SUMMARY_{number}.json") is None


def test_the_final_summary_is_called_like_one() -> None:
    assert summary_name("final") == names.FINAL


@pytest.mark.parametrize("feed", [names.FILLS, names.PIPELINE_TICKS])
def test_a_feed_is_known_by_its_name(feed: str) -> None:
    assert is_feed(feed_name(feed, "20250101"))
    assert not is_feed(feed_name(feed, "2025"))
    assert not is_feed(f"mine_{feed_name(feed, '20250101')}")

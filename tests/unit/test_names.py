"""How the files of a run are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.artifacts import names
from pytest_soak.artifacts.names import iteration_of, summary_name
from pytest_soak.observation.feed_files import FeedFile, feed_file
from pytest_soak.observation.feed_schema import FEEDS


@given(st.integers(1, 10**17))
def test_the_number_of_an_iteration_comes_back_from_its_name(number: int) -> None:
    assert iteration_of(summary_name(number)) == number


@pytest.mark.parametrize("number", ["0", "007", "-1", "1.0", "\u0661", "final", "9" * 19, ""])
def test_what_a_soak_does_not_write_is_no_iteration(number: str) -> None:
    assert iteration_of(f"ITER_SUMMARY_{number}.json") is None


def test_the_final_summary_is_called_like_one() -> None:
    assert summary_name("final") == names.FINAL


@given(st.sampled_from(list(FEEDS)), st.integers(0, 2_900_000))
def test_a_feed_and_its_day_come_back_from_the_name_of_their_file(feed: str, day: int) -> None:
    file = FeedFile(feed, day)
    assert feed_file(file.name) == file
    assert file.start_us == day * 86_400_000_000


def test_a_feed_is_called_by_its_utc_day() -> None:
    assert FeedFile("fills", 20_089).name == "fills_20250101.jsonl"


@pytest.mark.parametrize(
    "name",
    [
        "fills_2025.jsonl",
        "fills_20250230.jsonl",
        "mine_fills_20250101.jsonl",
        "fills_20250101.jsonl.gz",
        "mine_20250101.jsonl",
        "fills_\u0662\u0660250101.jsonl",
    ],
)
def test_what_is_called_otherwise_is_no_feed(name: str) -> None:
    assert feed_file(name) is None

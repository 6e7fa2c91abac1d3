"""Files of criteria: what they may say, and how what is wrong is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import usage_error
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.config.durations import span_us
from pytest_soak.gates.criteria import OFF, Criteria, criteria_shelf, load_criteria

NOWHERE = Path("/nowhere")
HEAD = "name: mine\ncriteria:\n"


def builtin() -> Criteria:
    return load_criteria("stop", criteria_shelf(NOWHERE), NOWHERE, "test")


def test_the_builtin_criteria_are_those_of_the_specification() -> None:
    told = {
        c.name: (c.metric, c.window, c.stop_if, c.warn_if, c.for_, c.no_data and c.no_data.then)
        for c in builtin().criteria
    }
    assert told == {
        "deadline": ("deadline_miss_ratio", "5m", "> 0.05", None, "10m", "stop"),
        "cache": ("md_cache_hit_ratio", "10m", "< 0.50", None, "30m", "stop"),
        "taker": ("taker_ratio", "1h", "> 0.15", None, "60m", "warn"),
        "memory": ("rss_growth_mb_per_h", None, "> 100", None, "0s", None),
        "breaker": ("breaker_open", None, "> 0", None, "5m", None),
        "slow_tick": ("tick_total_p95_ms", "5m", None, "> 180", "10m", None),
        "slow_fetch": ("fetch_md_p95_ms", "5m", None, "> 45", "10m", None),
        "errors": ("errors_per_min", "5m", None, "> 10", "10m", None),
    }
    lacking = {c.name: c.no_data.for_ for c in builtin().criteria if c.no_data}
    assert lacking == {"deadline": "2m", "cache": "2m", "taker": "0s"}


def test_off_is_a_word_and_no_file() -> None:
    assert load_criteria("off", criteria_shelf(NOWHERE), NOWHERE, "test") is OFF


def test_an_unknown_name_suggests_the_nearest() -> None:
    told = usage_error(
        lambda: load_criteria("stopp", criteria_shelf(NOWHERE), NOWHERE, "SOAK_STOP")
    )
    assert told.startswith("SOAK_STOP: unknown criteria 'stopp'; did you mean 'stop'?")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{name: a}", "missing key 'criteria.0.metric'"),
        ('{name: a, metric: x, window: 5m, stop_if: "> 1"}', "unknown metric 'x'"),
        (
            '{name: a, metric: taker_ratio, stop_if: "> 0.1"}',
            "expected a window for taker_ratio, e.g. 5m",
        ),
        (
            '{name: a, metric: taker_ratio, window: 30s, stop_if: "> 0.1"}',
            "expected a window of 60s or more",
        ),
        (
            '{name: a, metric: taker_ratio, window: 5, stop_if: "> 0.1"}',
            "a span of at most 168h like 90s",
        ),
        ("{name: a, metric: taker_ratio, window: 5m, stop_if: 0.1}", 'in quotes, e.g. ">= 2.0"'),
        (
            '{name: a, metric: taker_ratio, window: 5 min, stop_if: "> 0.1"}',
            "expected a span of at most 168h like 90s, 5m or 1h, got '5 min'",
        ),
        ("{name: a, metric: taker_ratio, window: 5m}", "one of stop_if and warn_if"),
        (
            '{name: a, metric: taker_ratio, window: 5m, stop_if: "> 0.1", warn_if: "> 0.2"}',
            "one of stop_if and warn_if",
        ),
        (
            '{name: a, metric: taker_ratio, window: 5m, stop_if: "> 15"}',
            "a limit that some value from 0 to 1 can meet, not '> 15'; did you mean '> 0.15'?",
        ),
        ('{name: a, metric: breaker_open, window: 5m, stop_if: "> 0"}', "expected no window"),
        (
            '{name: a, metric: breaker_open, stop_if: "> 0", clear_if: "< 1"}',
            "no clear_if and no clear_for: a stop is for good",
        ),
        (
            '{name: a, metric: fetch_md_p95_ms, window: 5m, warn_if: "> 45", clear_if: "< 50"}',
            "a clear_if that holds of no value of '> 45'",
        ),
        (
            '{name: a, metric: breaker_open, stop_if: "> 0", no_data: {for: 2m}}',
            "missing key 'criteria.0.no_data.then'",
        ),
        ('{name: a, metric: breaker_open, stop_if: "> 0", fo: 5m}', "did you mean 'for'?"),
    ],
)
def test_what_is_wrong_is_one_line_that_points_at_it(
    line: str, problem: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(f"{HEAD}  - {line}\n")
    told = usage_error(
        lambda: load_criteria("mine.yaml", criteria_shelf(tmp_path), tmp_path, "--soak-stop")
    )
    assert told.startswith("mine.yaml:3: ")
    assert problem in told


def test_two_criteria_have_two_names(tmp_path: Path) -> None:
    line = '  - {name: a, metric: breaker_open, stop_if: "> 0"}\n'
    (tmp_path / "mine.yaml").write_text(HEAD + 2 * line)
    told = usage_error(
        lambda: load_criteria("mine.yaml", criteria_shelf(tmp_path), tmp_path, "--soak-stop")
    )
    assert "'a' is there twice" in told


def test_ones_own_are_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "criteria").mkdir()
    line = '  - {name: a, metric: breaker_open, stop_if: "> 0"}\n'
    (tmp_path / "criteria" / "mine.yaml").write_text(HEAD + line)
    found = load_criteria("mine", criteria_shelf(tmp_path), tmp_path, "--soak-stop")
    assert [one.name for one in found.criteria] == ["a"]


@given(st.integers(0, 999), st.sampled_from("smh"))
def test_a_span_is_a_number_and_its_unit(count: int, unit: str) -> None:
    seconds = count * {"s": 1, "m": 60, "h": 3600}[unit]
    if seconds > 168 * 3600:
        with pytest.raises(ValueError, match="at most 168h"):
            span_us(f"{count}{unit}")
    else:
        assert span_us(f"{count}{unit}") == seconds * 1_000_000

"""Keys that say what is bad, where a file says what must hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import usage_error

from pytest_soak.config.opposites import unless
from pytest_soak.gates.model import gate_shelf, load_gate


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ('fail_if: "< 1.0"', """say the opposite, what must hold, fail_unless: ">= 1.0\""""),
        ('warn_when: ">= 3"', """say the opposite, what must hold, warn_unless: "< 3\""""),
        ('fail_if: "> 3"', """say the opposite, what must hold, fail_unless: "<= 3\""""),
        ("fail: 1.0", "say the opposite, what must hold, by fail_unless"),
        ('fail_unles: "> 1"', "did you mean 'fail_unless'?"),
    ],
)
def test_a_gate_that_says_what_is_bad_is_told_the_opposite(
    tmp_path: Path, key: str, remedy: str
) -> None:
    (tmp_path / "gates").mkdir()
    text = f"name: mine\nthresholds:\n  - metric: net_bps\n    {key}\n"
    (tmp_path / "gates/mine.yaml").write_text(text)
    problem = usage_error(lambda: load_gate("mine", gate_shelf(tmp_path), tmp_path, "test"))
    assert "mine.yaml:4" in problem
    assert problem.endswith(f"unknown key 'thresholds.0.{key.split(':')[0]}'; {remedy}")


def test_where_nothing_says_what_must_hold_there_is_no_opposite() -> None:
    assert unless("fail_if", "< 1", ["name", "grace"]) == ""

"""The clock of `for` is Prometheus's, as far as there are values."""

from __future__ import annotations

import shutil

import pytest

from benchmarks import promtool

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is not installed: apt-get install prometheus",
)


@needs_promtool
def test_promtool_agrees_on_random_series() -> None:
    cases = promtool.cases(30)
    assert 10 < sum(promtool.ours(case) is not None for case in cases) < 30
    assert promtool.differences(cases) == ""


@needs_promtool
def test_promtool_would_tell_a_clock_that_is_a_minute_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = promtool.Case("series_0", [1] * promtool.MINUTES, 5)
    monkeypatch.setattr(promtool, "ours", lambda _: 6)
    assert "series_0" in promtool.differences([case])

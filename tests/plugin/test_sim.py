"""The built-in market in a session: same seed, same bytes; other seed, other KPIs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from crashes import contents
from harness import Outcome, Workbench

MINUTES = "--soak-minutes=5"


def files(done: Outcome) -> dict[str, Any]:
    """Every artifact of a run, without what differs from run to run."""
    return contents(done.directory / "artifacts" / "soak")


def test_the_same_seed_gives_the_same_bytes(bench: Workbench) -> None:
    first = files(bench.soak(2, MINUTES, "--soak-feeds"))
    assert files(bench.soak(2, MINUTES, "--soak-feeds")) == first
    assert {Path(name).name for name in first} >= {
        "fills_20240101.jsonl",
        "pipeline_ticks_20240101.jsonl",
        "INDEX.json",
    }
    other = files(bench.soak(2, MINUTES, "--soak-feeds", "--soak-seed=43"))
    name = "latest/ITER_SUMMARY_2.json"
    assert other[name]["summary"]["net_bps"] != first[name]["summary"]["net_bps"]


@pytest.mark.parametrize("market", ["volatile", "spike"])
def test_each_regime_runs_and_is_named(bench: Workbench, market: str) -> None:
    done = bench.soak(1, MINUTES, f"--soak-market={market}", "--soak-gate=smoke")
    summary = done.artifact("ITER_SUMMARY_1.json")["summary"]
    assert (summary["mock_mode"], summary["mock_seed"]) == (market, 42)
    assert {"spike_count", "gap_events"} <= set(summary)

"""Finished runs as files, without a session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_soak.artifacts.feed_index import LaneIndex
from pytest_soak.artifacts.feeds import Feeds
from pytest_soak.artifacts.lane_journal import LaneJournal
from pytest_soak.artifacts.layout import LaneFiles
from pytest_soak.artifacts.models import FinalSummary, LaneOutcome, RunResult
from pytest_soak.engine.past import NO_EDITS, NOTHING, Done
from pytest_soak.kpi.summary import Summary
from pytest_soak.storage.files import write_json


def outcome(seed: int = 42, market: str = "calm", **more: Any) -> LaneOutcome:
    """A lane of `steady_safe` that passed, but for `more`."""
    facts: dict[str, Any] = {
        "lane": f"steady_safe-{market}-{seed}",
        "profile": "steady_safe",
        "market": market,
        "seed": seed,
        "gate": "soak",
        "verdict": "PASS",
        "verdict_raw": "PASS",
        "reasons": [],
        "ending": "completed",
        "iterations": 6,
        "planned": 6,
        "counts": {"PASS": 6},
        "medians": {"net_bps": 3.0},
        "samples": {},
        "changed": [],
    }
    return LaneOutcome(**(facts | more))


def result(*lanes: LaneOutcome, **more: Any) -> RunResult:
    """A finished run that passed, but for `more`."""
    facts: dict[str, Any] = {
        "source": "sim",
        "status": "finished",
        "verdict": "PASS",
        "exit_status": 0,
        "gate_mode": "soft",
        "settings": {"iterations": "6", "minutes": "60", "market": "calm", "gate-mode": "soft"},
        "lanes": list(lanes),
        "unfinished": [],
        "meta": {"pytest_soak": "1.0", "run": "20250101T000000Z-00000001"},
    }
    return RunResult(**(facts | more))


def write_run(folder: Path, of: RunResult) -> Path:
    """An artifact root with a RESULT.json, the final summary of each lane, and nothing else."""
    latest = folder / "latest"
    write_json(latest / "RESULT.json", of.data())
    several = len({*of.unfinished, *(lane.lane for lane in of.lanes)}) > 1
    for lane in of.lanes:
        final = FinalSummary(source=of.source, result=lane, overrides={}, sources={}, meta={})
        home = latest / lane.lane if several else latest
        write_json(home / "ITER_SUMMARY_final.json", final.data())
    return folder


def journal(root: Path, iterations: int, lane: str = "") -> LaneJournal:
    """A lane's journal with so many durable iterations; `lane` names one of several."""
    files = LaneFiles(root, root / "latest" / lane, root / "runtime_overrides.json")
    made = LaneJournal(files, {}, Feeds(files, LaneIndex("x", "sim"), kept=False))
    made.begin()
    for n in range(1, iterations + 1):
        done = Done(
            iteration=n,
            edits=NO_EDITS,
            summary=Summary(kpis={}),
            state_hash="",
            started="",
            seconds=0,
        )
        made.keep(done, NOTHING, None, None)
    return made

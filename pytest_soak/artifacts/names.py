"""How the files of a run are called; `artifacts/layout.py` says where they lie.

Those of feeds are called as `observation.feed_files` says.
"""

from __future__ import annotations

import re

LATEST, RUNS = "latest", "runs"
"""The run in progress or the last one; the earlier ones."""

RUN_INDEX = "runs.sqlite"
"""What is known of the runs of a root: can be deleted at any time, and is made anew."""

BEGUN = ".soak.begun"
RUNTIME = "runtime_overrides.json"

RESULT = "RESULT.json"
COMPARISON = "COMPARISON.json"
REPORT = "report.html"
TREND = "STEADY_TREND.md"

JOURNAL = "journal"
CHECKPOINT = "checkpoint_"
FINAL = "ITER_SUMMARY_final.json"
TUNING_STATE = "TUNING_STATE.json"
TUNING_REPORT = "TUNING_REPORT.json"
PRODUCTION_SNAPSHOT = "PRODUCTION_SNAPSHOT.json"

NEWEST = "artifacts"
"""The folder of what is told of a lane's newest iteration."""
KPI_GATE = "KPI_GATE.json"
EDGE_REPORT = "EDGE_REPORT.json"
EDGE_SENTINEL = "EDGE_SENTINEL.json"
AUDIT = "audit.jsonl"

PRINTED = "output"
"""The folder of what a bot printed and logged, a file an iteration."""

FEEDS = "feeds"
FEED_INDEX = "INDEX.json"

_ITERATION = re.compile(r"ITER_SUMMARY_([1-9][0-9]{0,17})\.json")


def summary_name(iterations: int | str) -> str:
    """How the ITER_SUMMARY of an iteration is called, or those of a span of them together."""
    return f"ITER_SUMMARY_{iterations}.json"


def iteration_of(name: str) -> int | None:
    """The iteration whose ITER_SUMMARY is called `name`; None where a soak calls none so."""
    match = _ITERATION.fullmatch(name)
    return int(match[1]) if match else None

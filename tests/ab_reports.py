"""Reports of A/Bs that nobody ran, and folders of them."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from pytest_soak.artifacts.ab_models import AbArm, AbChange, AbLane, AbMetric, AbNeeds, AbReport
from pytest_soak.artifacts.ledger import Kind, Ledger
from pytest_soak.canonical import dumps
from pytest_soak.storage.files import write_text

A, B = {"spread": 1.0}, {"spread": 2.0}
EVENTS: dict[str, Kind] = {"PROMOTE": "promoted", "HOLD": "held", "ROLLBACK": "rolled_back"}


def ab_metric(name: str = "net_bps", **more: Any) -> AbMetric:
    facts: dict[str, Any] = {
        "metric": name,
        "a": 3.0,
        "b": 3.4,
        "delta": 0.4,
        "unit": "bps",
        "low": 0.3,
        "high": 0.5,
        "chance": 0.05,
        "blocks": 24,
        "missing": 0,
        "joined": 1,
        "sd": 0.2,
        "phi": 0.0,
        "skewness": 0.0,
        "correlation": 0.8,
        "limit": 0.2,
        "rule": ">= +0.2 and sure to be above 0",
        "verdict": "better",
    }
    return AbMetric(**(facts | more))


def ab_report(stage: int = 10, **more: Any) -> AbReport:
    """`wider` is promoted against `steady_safe` on `calm`, but for `more`."""
    facts: dict[str, Any] = {
        "source": "fake",
        "decision": "PROMOTE",
        "reasons": ["net_bps +0.4 bps over 24 blocks: better"],
        "stage": stage,
        "paired": True,
        "low_power": False,
        "a": AbArm(name="steady_safe", digest="a" * 64, overrides=A, flags={}),
        "b": AbArm(name="wider", digest="b" * 64, overrides=B, flags={}),
        "changes": {"spread": AbChange(a=1.0, b=2.0)},
        "market": "calm",
        "scenario_hash": None,
        "settings": {},
        "hours_asked": 24.0,
        "hours_used": 24.0,
        "looks": [24.0],
        "block_minutes": 30,
        "skipped_minutes": 5,
        "cold_blocks": 4,
        "assignment": [AbLane(seed=1, blocks="AABA"), AbLane(seed=2, blocks="BAAA")],
        "blocks_b": 24,
        "metrics": [ab_metric(), ab_metric("taker_ratio", rule="", verdict="", limit=None)],
        "placebo": None,
        "net_quote_a": 100.0,
        "net_quote_b": 110.0,
        "needs": AbNeeds(fixed=5, planned=6, sequence=9, floor=2, sd=0.2),
        "could_see": 0.1,
        "power": 0.8,
        "rails": ["taker: taker_ratio of 1h > 0.09 for 10m"],
        "passed": [],
        "versions": {"package": "1.0"},
        "meta": {},
    }
    return AbReport(**(facts | more))


def write_abs(folder: Path, *reports: AbReport, name: str = "AB_0123456789ab") -> Path:
    """A folder as `pytest-soak ab` leaves it after these stages of one A/B."""
    folder.mkdir(parents=True, exist_ok=True)
    for report in reports:
        text = dumps(report.data())
        file = f"{name}_{report.stage}.json"
        write_text(folder / file, text)
        add(folder, EVENTS[report.decision], report.stage, name, file=file, text=text)
    return folder


def add(
    folder: Path, event: Kind, stage: int, name: str, *, file: str = "", text: str = ""
) -> None:
    """An event on the ledger of a folder."""
    outputs = {file: sha256(text.encode()).hexdigest()} if file else {}
    same: dict[str, Any] = {"inputs": {"of": name}, "versions": {"package": "1.0"}}
    ledger = Ledger(folder, lambda _: None)
    ledger.add(event, "ab", stage=stage, outputs=outputs, **same)


def stages(decisions: Iterable[str], **more: Any) -> list[AbReport]:
    """The stages of an A/B that came to these decisions."""
    pairs = zip((10, 50, 100), decisions, strict=False)
    return [ab_report(stage, decision=decision, **more) for stage, decision in pairs]

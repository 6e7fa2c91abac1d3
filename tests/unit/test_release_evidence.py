"""What a stored run proves for a release: its verdict is derived anew, and never taken on trust."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

import pytest_soak
from pytest_soak.artifacts.stored_run import run_in
from pytest_soak.calibration.stored import stored_lane
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.engine import Verdict
from pytest_soak.gates.model import Gate, gate_shelf, load_gates
from pytest_soak.market.compile import source_digest
from pytest_soak.release.evidence import Evidence, Wanted, evidence
from pytest_soak.testing import GOOD, InstantTarget


class Earner(InstantTarget):
    """Earns 2 bps in each window, which is enough for some gates."""

    flags: ClassVar[dict[str, Any]] = {"fast.enabled": {"type": "bool", "default": True}}

    def run(self, overrides: Any, window: Any) -> Any:
        return {**GOOD, "net_bps": 2.0}


@dataclass(frozen=True)
class Done:
    """A soak of two seeds, and what it was to be."""

    folder: Path
    wanted: Wanted

    def says(self, **other: Any) -> Evidence:
        return evidence(run_in(self.folder / "artifacts/soak"), self.wanted._replace(**other))

    def refusal(self, **other: Any) -> str:
        with pytest.raises(SoakUsageError) as raised:
            self.says(**other)
        return raised.value.problem


def gates(folder: Path, least: float) -> tuple[Gate, ...]:
    path = folder / f"least_{least:g}.yaml"
    limit = f'{{metric: net_bps, fail_unless: ">= {least:g}"}}'
    path.write_text(f"name: least_{least:g}\nmin_final: 1\nthresholds: [{limit}]\n")
    return load_gates(str(path), gate_shelf(folder), folder, "test")


def soaked(folder: Path, **options: Any) -> Done:
    usual: dict[str, Any] = {
        "iterations": 3,
        "seed": [1, 2],
        "gate": "least_1.yaml",
        "gate_mode": "hard",
    }
    loose = gates(folder, 1.0)
    pytest_soak.soak(Earner, folder=folder, **(usual | options))
    run = run_in(folder / "artifacts/soak")
    plan = Wanted(
        target=run.result.source,
        version=stored_lane(run, run.result.lanes[0]).version or "not told",
        market="calm",
        seeds=(1, 2),
        iterations=3,
        minutes=60.0,
        overrides={},
        flags={"fast.enabled": True},
        gates=loose,
    )
    home = folder / "artifacts/soak/latest/default-calm-1"
    told = json.loads((home / "ITER_SUMMARY_1.json").read_text())
    return Done(folder, plan._replace(overrides=told["overrides"]))


@pytest.fixture
def done(tmp_path: Path) -> Done:
    return soaked(tmp_path)


def test_a_run_that_is_what_was_wanted_passes_by_what_it_measured(done: Done) -> None:
    verdict, reasons, checks = done.says()
    assert (verdict, reasons) == (Verdict.PASS, ())
    assert [(check.metric, check.value) for check in checks] == [("net_bps", 2.0)] * 2


def test_another_gate_judges_what_was_measured_anew(done: Done) -> None:
    verdict, reasons, _ = done.says(gates=gates(done.folder, 2.5))
    assert verdict is Verdict.FAIL
    assert {reason.split(":")[0] for reason in reasons} == {"default-calm-1", "default-calm-2"}
    assert any("net_bps = 2, fail unless >= 2.5" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"target": "sim"}, "target: the run has "),
        ({"version": "2"}, "target version: the run has "),
        ({"market": "spike"}, "market: the run has calm, the plan wants spike"),
        ({"seeds": (1, 2, 3)}, "seeds: the run has [1, 2], the plan wants [1, 2, 3]"),
        ({"seeds": (1,)}, "seeds: the run has [1, 2], the plan wants [1]"),
        ({"iterations": 4}, "iterations: the run has 3, the plan wants 4"),
        ({"minutes": 30.0}, "minutes: the run has 60.0, the plan wants 30.0"),
        ({"overrides": {"tail_age_ms": 9.0}}, "overrides: the run has "),
        ({"flags": {"fast.enabled": False}}, "flags: the run has {'fast.enabled': True}"),
    ],
)
def test_a_run_of_something_else_proves_nothing(done: Done, other: Any, said: str) -> None:
    assert done.refusal(**other).startswith(said)


def test_a_stored_verdict_is_not_taken_on_trust(done: Done) -> None:
    path = done.folder / "artifacts/soak/latest/RESULT.json"
    told = json.loads(path.read_text())
    told["lanes"][0]["verdict"] = "FAIL"
    path.write_text(json.dumps(told))
    assert "get the whole run" in done.refusal()


def test_an_edited_journal_proves_nothing(done: Done) -> None:
    (path, *_) = sorted((done.folder / "artifacts/soak/latest").rglob("journal"))
    path.write_bytes(path.read_bytes().replace(b'"net_bps":2.0', b'"net_bps":9.0'))
    assert done.refusal()


@pytest.mark.parametrize("status", ["running", "interrupted"])
def test_a_run_that_is_not_over_proves_nothing(done: Done, status: str) -> None:
    path = done.folder / "artifacts/soak/latest/RESULT.json"
    told = json.loads(path.read_text()) | {"status": status}
    path.write_text(json.dumps(told))
    assert done.refusal() == f"the run is {status}, expected a finished one"


def test_a_drill_is_no_evidence(tmp_path: Path) -> None:
    pytest_soak.soak("sim", folder=tmp_path, iterations=1, minutes=1, drill="cache_off@0m+1m")
    run = run_in(tmp_path / "artifacts/soak")
    wanted = Wanted("sim", source_digest(), "calm", (42,), 1, 1.0, {}, {}, ())
    with pytest.raises(SoakUsageError, match="no evidence: drill cache_off"):
        evidence(run, wanted)

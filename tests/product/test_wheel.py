"""The built wheel in an empty directory: what a newcomer gets."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from harness import MARKER, Outcome, Workbench

from pytest_soak.artifacts.models import ARTIFACTS, shipped_schema

TEMPLATES = ("chart.html", "lane.html", "report.html", "style.css")


@pytest.fixture(scope="session")
def soaked(site: Path, once: Callable[[str, Callable[[Path], None]], Path]) -> Outcome:
    """The first command of the README, run in an empty directory."""

    def soak(folder: Path) -> None:
        desk = Workbench(folder).beside("empty")
        done = desk.soak(24, "--soak-profile=steady_safe", PYTHONPATH=str(site))
        left = (done.returncode, done.stdout, done.stderr)
        (folder / "outcome.json").write_text(json.dumps(left), encoding="utf-8")

    folder = once("soaked", soak)
    status, stdout, stderr = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))
    return Outcome(status, stdout, stderr, folder / "empty")


def test_the_wheel_holds_data_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in ("profiles/steady_safe.yaml", "py.typed", "gates/builtin/soak.yaml"):
        assert f"pytest_soak/{name}" in names
    assert "pytest_soak/calibration/shipped/CALIBRATION.json" in names
    assert {f"pytest_soak/config/{kind}.yaml" for kind in ("parameters", "flags")} <= set(names)
    assert {f"pytest_soak/ab/{kind}.yaml" for kind in ("limits", "ab_safety")} <= set(names)
    assert {f"pytest_soak/report/templates/{name}" for name in TEMPLATES} <= names
    assert not any(name.startswith(("tests/", "conftest")) for name in names)


def test_the_wheels_own_code_runs(site: Path, tmp_path: Path) -> None:
    where = "import pytest_soak; print(pytest_soak.__file__)"
    done = Workbench(tmp_path).run(sys.executable, "-c", where, PYTHONPATH=str(site))
    assert Path(done.stdout.strip()).is_relative_to(site)


@pytest.mark.smoke
def test_a_smoke_soak_passes_its_gate(site: Path, tmp_path: Path) -> None:
    done = Workbench(tmp_path).soak(3, "--soak-gate=smoke", PYTHONPATH=str(site))
    assert done.returncode == 0, done.everything
    assert done.last_line == "PASS for default on calm (3 iterations, sim)"


def test_a_day_is_24_items_and_24_summary_lines(soaked: Outcome) -> None:
    assert len(soaked.summaries()) == 24
    assert len(soaked.iteration_files()) == 25
    assert all(MARKER.match(line) for line in soaked.lines if line.startswith("|"))


def test_the_exit_status_is_explained_by_the_last_line(soaked: Outcome) -> None:
    result = soaked.artifact("RESULT.json")
    assert result["exit_status"] == soaked.returncode == (1 if result["verdict"] == "FAIL" else 0)
    assert soaked.last_line.startswith(
        f"{result['verdict']} for steady_safe on calm (24 iterations, sim)"
    )


def test_every_artifact_validates_against_its_shipped_schema(soaked: Outcome) -> None:
    latest = soaked.directory / "artifacts" / "soak" / "latest"
    files = sorted(latest.rglob("*.json"))
    seen = set()
    for path in files:
        data = json.loads(path.read_text(encoding="utf-8"))
        name = data["schema"].split("/")[1]
        jsonschema.validate(data, json.loads(shipped_schema(name)))
        assert path.read_bytes().endswith(b"}\n")
        seen.add(name)
    of_commands = {"ab-plan", "ab-report", "calibration", "comparison", "compared-runs"}
    of_commands |= {"release-state", "flags-snapshot", "prep-log", "flags-registry"}
    of_commands |= {"release-judged", "stage-budgets", "shadow-report", "finish-line", "calib"}
    of_commands |= {"locked-budgets", "baseline-lock", "ci-gates-status", "daily", "spread-fit"}
    assert seen == set(ARTIFACTS) - of_commands - {
        "feed-check",
        "feed-facts",
        "feed-index",
        "span-kpis",
    }
    assert len(files) == 24 + 1 + 4 + 3


def test_every_kpi_is_caused_and_none_is_missing(soaked: Outcome) -> None:
    summary = soaked.artifact("ITER_SUMMARY_24.json")["summary"]
    assert {name: why for name, why in summary["reasons"].items() if "fill" not in why} == {}
    assert summary["num_fills"] > 100
    parts = ("gross_bps", "fees_eff_bps", "slippage_bps", "inventory_bps")
    assert summary["net_bps"] == pytest.approx(sum(summary[p] for p in parts), abs=1e-9)


def test_the_audit_holds_at_most_a_thousand_block_events(soaked: Outcome) -> None:
    lines = (soaked.directory / "artifacts/soak/latest/artifacts/audit.jsonl").read_text()
    assert 0 < len(lines.splitlines()) <= 1000
    assert lines.endswith("\n")

"""A standard output that breaks: the soak goes on, and its verdict stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness import INSTANT, Workbench

LOUD = """
    import pytest

    @pytest.hookimpl(trylast=True)
    def pytest_soak_iteration_finished(config, record):
        config.get_terminal_writer().line("loud " * 20_000)
"""


@pytest.mark.parametrize(
    ("gate", "verdict", "workers"), [("smoke", "PASS", ()), ("mine.yaml", "FAIL", ("-n", "1"))]
)
def test_a_reader_that_is_gone_costs_no_verdict(
    bench: Workbench, gate: str, verdict: str, workers: tuple[str, ...]
) -> None:
    bench.write("conftest.py", LOUD)
    bench.write(
        "mine.yaml", "name: mine\nthresholds:\n  - {metric: net_bps, fail_unless: '>= 99'}\n"
    )
    command = ["-m", "pytest", "--soak-iterations=3", INSTANT, f"--soak-gate={gate}", *workers]
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=bench.directory,
        env=bench.environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read().decode()
    assert process.wait() == (0 if verdict == "PASS" else 1), errors
    assert errors == ""
    process.stderr.close()
    is_over(bench, verdict)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_it_costs_no_verdict(bench: Workbench) -> None:
    command = ["-m", "pytest", "--soak-iterations=1", INSTANT, "--soak-gate=smoke"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=bench.directory,
            env=bench.environment({"GITHUB_ACTIONS": "true"}),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (os.EX_OK, b"")
    is_over(bench, "PASS")


def is_over(bench: Workbench, verdict: str) -> None:
    latest = bench.directory / "artifacts/soak/latest"
    result = json.loads((latest / "RESULT.json").read_text())
    assert (result["status"], result["verdict"]) == ("finished", verdict)
    assert result["exit_status"] == (0 if verdict == "PASS" else 1)
    assert (latest / "report.html").exists()
    assert (latest / "ITER_SUMMARY_final.json").exists()

"""Ctrl-C and a full stop: a clear message, and valid artifacts of what was done."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
from harness import Workbench, wait_for

SLOW_BOT = """
    import time
    from pathlib import Path
    from pytest_soak.testing import InstantTarget

    class Bot(InstantTarget):
        def run(self, overrides, window):
            if window.iteration == 3:
                Path("waiting").touch()
                time.sleep(60)
            return super().run(overrides, window)

        def stop(self):
            Path("stopped").touch()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_ctrl_c_keeps_the_completed_iterations(bench: Workbench, workers: tuple[str, ...]) -> None:
    bench.write("bot.py", SLOW_BOT)
    command = [sys.executable, "-m", "pytest", "--soak-iterations=9", "--soak-target=bot:Bot"]
    process = subprocess.Popen(
        [*command, *workers],
        cwd=bench.directory,
        env=bench.environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    wait_for(bench.directory / "waiting")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2, output
    assert "KeyboardInterrupt" in output
    assert "INTERNALERROR" not in output
    latest = bench.directory / "artifacts/soak/latest"
    assert sorted(p.name for p in latest.glob("ITER_SUMMARY_*")) == [
        "ITER_SUMMARY_1.json",
        "ITER_SUMMARY_2.json",
    ]
    result = json.loads((latest / "RESULT.json").read_text())
    assert (result["status"], result["exit_status"]) == ("interrupted", 2)
    assert result["unfinished"] == ["default-calm-42"]
    assert output.splitlines()[-1].startswith("NO VERDICT: 0 of 1 lane finished")
    if not workers:
        assert (bench.directory / "stopped").exists()

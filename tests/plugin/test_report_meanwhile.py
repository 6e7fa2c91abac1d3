"""The report is there while a session goes on: what is killed has one."""

from __future__ import annotations

import pytest
from harness import Workbench

BOT = """
    import time
    from pathlib import Path
    from pytest_soak.testing import InstantTarget

    REPORT = Path("artifacts/soak/latest/report.html")

    class Bot(InstantTarget):
        def run(self, overrides, window):
            if window.iteration == 3:
                until = time.monotonic() + 600
                while not REPORT.exists() and time.monotonic() < until:
                    time.sleep(0.01)
                Path("meanwhile.html").write_bytes(REPORT.read_bytes())
            return super().run(overrides, window)
"""
ALWAYS_DUE = """
    from pytest_soak.report.while_running import Pace

    Pace.is_due = lambda self, now, expected=0.0: True
"""


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["here", "xdist"])
def test_a_session_has_it_while_it_runs(bench: Workbench, workers: tuple[str, ...]) -> None:
    bench.write("bot.py", BOT)
    bench.write("conftest.py", ALWAYS_DUE)
    done = bench.soak(6, "--soak-target=bot:Bot", *workers)
    assert done.returncode == 0, done.everything
    meanwhile = (bench.directory / "meanwhile.html").read_text("utf-8")
    assert "<title>IN PROGRESS: " in meanwhile
    assert " of 6, default-calm-42, target bot:Bot</title>" in meanwhile
    last = (bench.directory / "artifacts/soak/latest/report.html").read_text("utf-8")
    assert "<title>PASS: default-calm-42" in last


def test_the_command_makes_it_anew(bench: Workbench) -> None:
    done = bench.soak(3, "--soak-target=pytest_soak.testing:InstantTarget")
    page = bench.directory / "artifacts/soak/latest/report.html"
    first = page.read_bytes()
    page.unlink()
    again = bench.command("report")
    assert again.returncode == 0, done.everything
    assert again.last_line.replace("\\", "/") == "artifacts/soak/latest/report.html"
    assert page.read_bytes() == first
    there = bench.command("report", "artifacts/soak/latest", "--output=a.html")
    assert (there.returncode, there.last_line) == (0, "a.html")
    missing = bench.command("report", "nowhere")
    assert missing.returncode == 4
    assert missing.stderr.startswith("ERROR: RUN: no run 'nowhere': ")
    assert len(missing.stderr.splitlines()) == 1

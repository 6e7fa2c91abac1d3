"""`--soak-metrics-port` in a pytest session, also where workers run the lanes."""

from __future__ import annotations

import json
import socket

import pytest
from harness import INSTANT, Workbench
from scrapes import free_port, one, parsed

BOT = """
    import json, sys, time, urllib.request
    from pathlib import Path

    import numpy as np
    import pytest
    from pytest_soak import Observation, MARKED_FILL, TICK

    PORT = Path("port").read_text()

    def scrape():
        asked = urllib.request.Request(f"http://127.0.0.1:{PORT}/metrics")
        asked.add_header("Accept", "application/openmetrics-text; version=1.0.0")
        return urllib.request.urlopen(asked, timeout=60).read().decode()

    class Bot:
        kpis = None
        def __init__(self, lane):
            pass
        def start(self, lane):
            pass
        def stop(self):
            pass
        def run(self, overrides, window):
            if window.iteration == 2:
                for _ in range(6000):  # until the main process has heard of the first one
                    seen = scrape()
                    if "soak_iterations_done{" in seen and "} 1.0" in seen.split(
                        "soak_iterations_done{")[1].split(chr(10))[0]:
                        break
                    time.sleep(0.01)
                Path("during.txt").write_text(seen)
            start = int(window.start_minutes * 60e6)
            ticks = np.zeros(3, TICK)
            ticks["time_us"], ticks["total_ms"] = start, 12.0
            return Observation(
                start_us=start, end_us=start + int(window.minutes * 60e6), ticks=ticks,
                fills=np.zeros(0, MARKED_FILL), inventory_start=0.0, inventory_end=0.0,
                mid_start=1.0, mid_end=1.0,
            )

    @pytest.fixture
    def soak_target():
        return Bot

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(session):
        if not hasattr(session.config, "workerinput"):
            Path("end.txt").write_text(scrape())
"""
OPTIONS = ("--soak-gate-mode=off", "--soak-gate=smoke")


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["here", "xdist"])
def test_a_scrape_tells_of_a_soak_while_it_runs_and_until_its_session_ends(
    bench: Workbench, workers: tuple[str, ...]
) -> None:
    port = free_port()
    bench.write("port", str(port))
    bench.write("conftest.py", BOT)
    done = bench.soak(2, *OPTIONS, *workers, SOAK_METRICS_PORT=str(port))
    during = parsed((bench.directory / "during.txt").read_text())
    end = parsed((bench.directory / "end.txt").read_text())
    assert "2 iterations" in done.last_line, done.everything
    assert f"soak: metrics at http://127.0.0.1:{port}/metrics" in done.lines
    assert one(during, "soak_iterations_done") == 1
    assert one(during, "soak_ticks_total") == one(during, "soak_tick_total_ms_count") == 3
    assert one(during, "soak_tick_total_ms_bucket", le="15.0") == 3
    assert "soak_lane_verdict" not in during
    assert one(end, "soak_ticks_total") == 6
    assert one(end, "soak_run_lanes_over") == 1
    assert sum(end["soak_lane_verdict"].values()) == 1
    settings = json.loads((bench.directory / "artifacts/soak/latest/RESULT.json").read_text())
    assert "metrics-port" not in settings["settings"]


def test_a_port_that_is_in_use_is_told_before_anything_is_soaked(bench: Workbench) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        bench.write("pytest.ini", f"[pytest]\nsoak_metrics_port = {port}\n")
        done = bench.soak(2, INSTANT)
        listed = bench.soak(2, INSTANT, "--collect-only", "-q")
    assert done.returncode == 4
    (line,) = [line for line in done.everything.splitlines() if line.strip()]
    assert line.startswith(f"ERROR: ini soak_metrics_port: port {port} of 127.0.0.1 cannot be had")
    assert not (bench.directory / "artifacts").exists()
    assert listed.returncode == 0


def test_a_soak_without_the_option_imports_none_of_it(shell: Workbench) -> None:
    shell.write(
        "conftest.py",
        """
        import sys

        def pytest_unconfigure():
            late = ("prometheus_client", "http.server", "pytest_soak.metrics.meter")
            print("imported:", [name for name in late if name in sys.modules])
        """,
    )
    done = shell.soak(1, INSTANT, "--soak-gate=smoke", "-s")
    assert "imported: []" in done.stdout

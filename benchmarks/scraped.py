"""A real Prometheus scrapes a soak while it runs, is asked what it knows, and fires an alert.

The bot trades in real time and reports each second; after a while its ticks become slow and late.
The rules are those of `pytest-soak metrics rules`, of a criterion that asks for a minute or of the
shipped ones, which take a quarter of an hour. Needs `prometheus` and `promtool` (of the Debian
package `prometheus`). Run: python -m benchmarks.scraped [--workers 2] [--shipped]
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from benchmarks.metrics_cost import free_port
from benchmarks.startup import ENVIRONMENT

MINUTES = 2.0
QUERIES = (
    "up{job='soak'}",
    "soak_run_info",
    "soak_iterations_done",
    "soak_net_bps",
    "soak_own_kpi",
    "soak_parameter",
    "sum by (lane) (rate(soak_ticks_total[1m]))",
    "histogram_quantile(0.95, sum by (le, lane) (rate(soak_tick_total_ms_bucket[1m])))",
    "60 * sum by (lane, liquidity) (rate(soak_fills_total[1m]))",
    "soak_criterion_pending_seconds",
    "soak_criterion_warned",
)


class Case(NamedTuple):
    """Criteria, the alert that is waited for, and for how many iterations at most."""

    criteria: str
    stop: str
    alert: str
    iterations: int


QUICK = Case("quick", "quick", "soak_slow_tick", 3)
SHIPPED = Case("stop", "off", "soak_deadline", 10)
"""The soak itself does not stop: the alert must come of what is scraped."""
CRITERIA = """
name: quick
criteria:
  - {name: slow_tick, metric: tick_total_p95_ms, warn_if: "> 60", window: 1m, for: 1m}
"""
BOT = """
import time

import numpy as np
from pytest_soak import MARKED_FILL, TICK, Observation


class Bot:
    parameters = {"half_spread_bps": {"default": 2.0, "bounds": [0.5, 10]}}

    def __init__(self, lane):
        self.began = time.time()

    def start(self, lane):
        pass

    def stop(self):
        pass

    def run(self, overrides, window):
        start = now = int(time.time() * 1e6)
        while now - start < window.minutes * 60e6 and not window.cancelled():
            time.sleep(1)
            before, now = now, int(time.time() * 1e6)
            window.report(self.second(before, now))

    def second(self, start, end):
        ticks, fills = np.zeros(20, TICK), np.zeros(2, MARKED_FILL)
        ticks["time_us"] = np.linspace(start, end, 20, endpoint=False)
        slow = time.time() - self.began > 20
        ticks["total_ms"], ticks["deadline_miss"] = (150.0, True) if slow else (20.0, False)
        fills["time_us"], fills["side"], fills["maker"] = start, [1, -1], [True, False]
        fills["price"], fills["quantity"], fills["mid"] = [99.98, 100.0], 1.0, [100.0, 100.0]
        for name in ("mid_1s", "mid_1s_before", "mid_100ms", "mid_10s", "mid_60s"):
            fills[name] = np.nan
        return Observation(
            start_us=start, end_us=end, fills=fills, ticks=ticks, inventory_start=0.0,
            inventory_end=0.0, mid_start=100.0, mid_end=100.0,
        )
"""
CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules/alert_rules.yml]
scrape_configs:
  - job_name: soak
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def main() -> int:
    """Soak, scrape, ask, wait for the alert; what was found. Exit status 1 where none fired."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=0, help="of pytest-xdist")
    parser.add_argument("--shipped", action="store_true", help="wait for a shipped rule")
    given = parser.parse_args()
    case = SHIPPED if given.shipped else QUICK
    program = shutil.which("prometheus")
    if program is None:
        raise FileNotFoundError("prometheus is not installed: apt-get install prometheus")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        metrics, web = free_port(), free_port()
        _prepare(folder, metrics, case)
        soak = subprocess.Popen(_soak(metrics, given.workers, case), cwd=folder, env=ENVIRONMENT)
        server = subprocess.Popen(_prometheus(program, web), cwd=folder, stderr=subprocess.DEVNULL)
        try:
            fired = _watch(web, soak, case)
        finally:
            for process in (server, soak):
                process.terminate()
                process.wait()
    print("fired" if fired else "NOT FIRED")
    return 0 if fired else 1


def _prepare(folder: Path, port: int, case: Case) -> None:
    (folder / "criteria").mkdir()
    (folder / "criteria" / "quick.yaml").write_text(CRITERIA, encoding="utf-8")
    (folder / "bot.py").write_text(BOT, encoding="utf-8")
    (folder / "prometheus.yml").write_text(CONFIG.format(port=port), encoding="utf-8")
    ours = [sys.executable, "-m", "pytest_soak.cli"]
    made = [*ours, "metrics", "rules", f"--stop={case.criteria}", "--output=rules"]
    for command in (made, ["promtool", "check", "config", "prometheus.yml"]):
        subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True)


def _soak(port: int, workers: int, case: Case) -> list[str]:
    return [
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *(
            f"--soak-iterations={case.iterations}",
            f"--soak-minutes={MINUTES}",
            "--soak-target=bot:Bot",
        ),
        *("--soak-gate-mode=off", f"--soak-stop={case.stop}", f"--soak-metrics-port={port}"),
        *(("-n", str(workers), "--soak-seed=1,2") if workers else ()),
    ]


def _prometheus(program: str, port: int) -> list[str]:
    return [
        program,
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]


def _watch(web: int, soak: subprocess.Popen[bytes], case: Case) -> bool:
    """Ask once an iteration is over, then wait until the alert fires; False if the soak ends."""
    asked = False
    while soak.poll() is None:
        time.sleep(1)
        done = _values(web, "min(soak_iterations_done)")
        if not asked and done and float(done[0]["value"][1]) >= 1:
            asked = True
            for query in QUERIES:
                _tell(web, query)
        alerts = _ask(web, "alerts", {}).get("alerts", [])
        firing = [one for one in alerts if one["state"] == "firing"]
        if asked and any(one["labels"]["alertname"] == case.alert for one in firing):
            for one in alerts:
                print(f"alert {one['state']}: {json.dumps(one['labels'])} {one['value']}")
            _tell(web, "ALERTS{alertstate='firing'}")
            return True
    return False


def _tell(web: int, query: str) -> None:
    print(f"$ curl 'http://127.0.0.1:{web}/api/v1/query' --data-urlencode {query!r}")
    for found in _values(web, query):
        print(f"  {json.dumps(found['metric'])} = {found['value'][1]}", flush=True)


def _values(web: int, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _ask(web, "query", {"query": query}).get("result", [])
    return found


def _ask(web: int, what: str, asked: dict[str, str]) -> dict[str, Any]:
    try:
        with urlopen(f"http://127.0.0.1:{web}/api/v1/{what}?{urlencode(asked)}") as answer:
            found: dict[str, Any] = json.load(answer)["data"]
            return found
    except (URLError, OSError):
        return {}


if __name__ == "__main__":
    sys.exit(main())

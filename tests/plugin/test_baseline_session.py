"""A session that is worse than its baseline: what pytest says."""

from __future__ import annotations

from harness import Workbench

BOT = """
import random

class Bot:
    kpis = ("net_bps",)
    net_bps = 3.0

    def __init__(self, lane):
        self.seed = lane.seed

    def start(self, lane):
        pass

    def stop(self):
        pass

    def run(self, overrides, window):
        noise = random.Random(f"{self.seed}/{window.iteration}").gauss(0, 0.05)
        return {"net_bps": self.net_bps + noise}

class Worse(Bot):
    net_bps = 2.6
"""
GATE = """
name: desk
thresholds:
  - {metric: net_bps, fail_unless: ">= 2.0"}
  - {metric: net_bps, baseline: difference, fail_unless: ">= -0.2"}
"""
LANES = ("--soak-gate=desk.yaml", "--soak-seed=1..3")


def test_a_worse_bot_fails_the_session(bench: Workbench) -> None:
    bench.write("bot.py", BOT)
    bench.write("desk.yaml", GATE)
    limits = "name: plain\nthresholds: [{metric: net_bps, fail_unless: '>= 2.0'}]\n"
    bench.write("plain.yaml", limits)
    good = "--soak-target=bot:Bot", "--soak-dir=before", "--soak-gate=plain.yaml", LANES[1]
    assert bench.soak(4, *good).returncode == 0
    worse = "--soak-target=bot:Worse", "--soak-baseline=before"
    done = bench.soak(4, *LANES, *worse)
    assert done.returncode == 1, done.everything
    assert done.last_line.startswith("FAIL against before: net_bps -0.4")
    assert done.last_line.endswith("; PASS for 3 lanes (3 PASS, bot:Worse)")
    assert "12 passed, 1 gate failed" in done.stdout
    [row] = [line for line in done.lines if line.startswith("net_bps ")]
    assert row.split()[-1] == "FAIL"
    result = done.artifact("RESULT.json")
    assert (result["verdict"], result["exit_status"]) == ("FAIL", 1)
    assert [one["verdict"] for one in result["baseline"]] == ["FAIL"]

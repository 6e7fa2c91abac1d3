"""A lane that drifts, and one of which too little is known: what a session and commands say."""

from __future__ import annotations

import pytest
from harness import Workbench

BOT = """
class Bot:
    kpis = ("net_bps",)

    def __init__(self, lane):
        pass

    def start(self, lane):
        pass

    def stop(self):
        pass

    def run(self, overrides, window):
        wobble = (0.05, -0.04, 0.01, -0.05, 0.03, 0.02, -0.03, 0.0)[window.iteration % 8]
        return {"net_bps": 5.1 - 0.1 * window.iteration + wobble}
"""
GATE = """
name: desk
thresholds:
  - {metric: net_bps, fail_unless: ">= 2.0", LASTING}
"""
DRIFTS = "net_bps drifts from 5.02 to 2.73 over 24 hours"


@pytest.fixture
def drifting(bench: Workbench) -> Workbench:
    bench.write("bot.py", BOT)
    return bench


def gate(bench: Workbench, lasting: str, limit: str = "2.0") -> str:
    bench.write("desk.yaml", GATE.replace("LASTING", lasting).replace("2.0", limit))
    return "--soak-gate=desk.yaml"


def test_a_net_that_falls_fails_where_it_must_not_drift(drifting: Workbench) -> None:
    done = drifting.soak(24, "--soak-target=bot:Bot", gate(drifting, "drift: fail"))
    assert done.returncode == 1, done.everything
    assert any(line.startswith(("FAIL  net_bps ", "HOLD  net_bps ")) for line in done.lines)
    rates = "not calibrated (the nearest is of another gate: soak, not desk)"
    assert any(line.startswith(rates) for line in done.lines)
    assert done.last_line == f"FAIL for default on calm (24 iterations, bot:Bot): {DRIFTS} (desk)"
    [lane] = done.artifact("RESULT.json")["lanes"]
    assert lane["drifts"]["net_bps"] == pytest.approx(-0.1, rel=0.1)


@pytest.mark.parametrize("seeds", ["1", "1,2"])
def test_a_hard_gate_that_graded_nothing_holds(drifting: Workbench, seeds: str) -> None:
    drifting.write("desk.yaml", GATE.replace("LASTING", "") + "grace: 4\n")
    of = ("--soak-target=bot:Bot", "--soak-gate=desk.yaml", f"--soak-seed={seeds}")
    done = drifting.soak(2, *of, "--soak-gate-mode=hard")
    assert done.returncode == 1, done.everything
    assert done.last_line.startswith("HOLD for ")
    judged = drifting.command("verdict")
    assert (judged.returncode, judged.last_line) == (3, done.last_line)
    merged = drifting.command("merge", "artifacts/soak", "--output=merged")
    assert merged.returncode == 3, merged.everything


def test_it_warns_in_table_and_last_line_where_the_gate_says_so(drifting: Workbench) -> None:
    done = drifting.soak(24, "--soak-target=bot:Bot", gate(drifting, "drift: warn"))
    assert done.returncode == 0, done.everything
    assert done.last_line == f"WARN for default on calm (24 iterations, bot:Bot): {DRIFTS} (desk)"
    [row] = [line for line in done.lines if line.startswith("WARN  net_bps ")]
    assert float(row.split()[-1]) == pytest.approx(-0.1, rel=0.1)


def test_too_little_evidence_is_a_hold_everywhere(drifting: Workbench) -> None:
    asked = gate(drifting, "confidence: 0.95", "4.9")
    done = drifting.soak(4, "--soak-target=bot:Bot", asked)
    assert done.returncode == 0, done.everything
    held = "HOLD for default on calm (4 iterations, bot:Bot): net_bps = 4.8375 +- 0.251"
    assert done.last_line.startswith(held)
    assert "some 61 more hours would decide (desk)" in done.last_line
    [final] = [x for x in done.markers("| kpi_gate |") if "final=1" in x]
    assert final.startswith("| kpi_gate | verdict=HOLD |")
    judged = drifting.command("verdict")
    assert judged.returncode == 3
    assert judged.last_line == done.last_line
    merged = drifting.command("merge", "artifacts/soak", "--output=all")
    assert (merged.returncode, merged.last_line) == (3, done.last_line)


def test_hard_wants_it_decided(drifting: Workbench) -> None:
    asked = gate(drifting, "drift: fail")
    done = drifting.soak(4, "--soak-target=bot:Bot", asked, "--soak-gate-mode=hard")
    assert done.returncode == 1, done.everything
    assert any(line.startswith(("FAIL  net_bps ", "HOLD  net_bps ")) for line in done.lines)
    assert "not known (4 of 8 hours, 4 more needed)" in done.last_line

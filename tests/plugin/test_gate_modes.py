"""What a gate does to items, lanes and the exit status."""

from __future__ import annotations

import pytest
from harness import INSTANT, Workbench

IMPOSSIBLE = """
    name: impossible
    grace: 2
    thresholds:
      - {metric: net_bps, fail_unless: ">= 99"}
      - {metric: risk_ratio, fail_unless: "<= 0.9"}
"""


@pytest.fixture
def strict(bench: Workbench) -> Workbench:
    bench.write("impossible.yaml", IMPOSSIBLE)
    return bench


def test_soft_runs_on_and_fails_the_session_at_the_end(strict: Workbench) -> None:
    done = strict.soak(5, INSTANT, "--soak-gate=impossible.yaml", "--soak-gate-mode=soft")
    assert done.returncode == 1
    assert "5 passed, 1 gate failed" in done.stdout
    assert "FAIL  net_bps " in done.stdout
    assert "FAIL  risk_ratio " not in done.stdout
    assert done.last_line.startswith("FAIL for default on calm (5 iterations")
    assert "net_bps = 3.1, fail unless >= 99" in done.last_line


def test_hard_ends_the_lane_at_the_first_graded_fail(strict: Workbench) -> None:
    done = strict.soak(5, INSTANT, "--soak-gate=impossible.yaml", "--soak-gate-mode=hard")
    assert done.returncode == 1
    assert len(done.summaries()) == 3
    assert "3 of 5 iterations" in done.last_line
    assert "2 passed, 2 skipped" in done.stdout
    assert (
        "the gate ended the lane at iteration 3"
        in strict.soak(
            5, INSTANT, "--soak-gate=impossible.yaml", "--soak-gate-mode=hard", "-rs"
        ).stdout
    )
    final = done.artifact("ITER_SUMMARY_final.json")["result"]
    assert (final["ending"], final["verdict"], final["iterations"]) == ("gate", "FAIL", 3)


def test_hard_ends_only_its_own_lane(strict: Workbench) -> None:
    strict.write("gates/tight.yaml", IMPOSSIBLE.replace("impossible", "tight"))
    strict.write("profiles/doomed.yaml", "gate: tight\noverrides: {}\n")
    done = strict.soak(4, INSTANT, "--soak-profile=doomed,default", "--soak-gate-mode=hard")
    assert done.returncode == 1
    assert sum("lane=doomed-calm-42" in line for line in done.summaries()) == 3
    assert sum("lane=default-calm-42" in line for line in done.summaries()) == 4


def test_off_never_fails_on_a_kpi(strict: Workbench) -> None:
    done = strict.soak(5, INSTANT, "--soak-gate=impossible.yaml", "--soak-gate-mode=off")
    assert done.returncode == 0
    assert "gate off" in done.last_line
    assert done.artifact("ITER_SUMMARY_5.json")["summary"]["verdict_raw"] == "FAIL"


def test_a_gate_failure_is_in_the_junit_report(strict: Workbench) -> None:
    done = strict.soak(3, INSTANT, "--soak-gate=impossible.yaml", "--junitxml=report.xml")
    text = (done.directory / "report.xml").read_text()
    assert 'name="net_bps"' in text
    assert 'failures="1"' in text
    assert 'tests="4"' in text


@pytest.mark.parametrize(("mode", "verdict"), [("hard", "FAIL"), ("soft", "FAIL"), ("off", "WARN")])
def test_nan_fails_the_item_in_every_mode(bench: Workbench, mode: str, verdict: str) -> None:
    bench.write(
        "bot.py",
        """
        from pytest_soak.testing import GOOD, InstantTarget

        class Broken(InstantTarget):
            def run(self, overrides, window):
                return {**GOOD, "net_bps": float("nan") if window.iteration == 2 else 3.1}
        """,
    )
    done = bench.soak(6, "--soak-target=bot:Broken", f"--soak-gate-mode={mode}")
    assert done.returncode == 1
    assert "net_bps: expected a number, got nan" in done.stdout
    assert done.artifact("ITER_SUMMARY_2.json")["summary"]["verdict"] == verdict
    assert done.artifact("ITER_SUMMARY_2.json")["summary"]["net_bps"] is None
    assert f"{verdict} for default on calm" in done.last_line
    assert len(done.summaries()) == (2 if mode == "hard" else 6)


def test_the_gate_hook_speaks_after_each_iteration_and_at_the_end(bench: Workbench) -> None:
    bench.write(
        "conftest.py",
        """
        def pytest_soak_iteration_finished(record):
            print(f"HOOK iteration {record.iteration} {record.verdict}")

        def pytest_soak_gate_verdict(lane, judgement, final):
            print(f"HOOK gate {lane} {judgement.verdict} {final}")

        def pytest_soak_lane_finished(result):
            print(f"HOOK lane {result.lane.id} {result.verdict}")
        """,
    )
    done = bench.soak(2, INSTANT, "-s")
    hooks = [line for line in done.lines if line.startswith("HOOK")]
    assert hooks == [
        "HOOK iteration 1 PASS",
        "HOOK gate default-calm-42 PASS False",
        "HOOK iteration 2 PASS",
        "HOOK gate default-calm-42 PASS False",
        "HOOK gate default-calm-42 WARN True",
        "HOOK lane default-calm-42 WARN",
    ]


def test_what_a_hook_does_to_what_it_is_told_changes_no_artifact(bench: Workbench) -> None:
    bench.write(
        "conftest.py",
        """
        def pytest_soak_iteration_finished(record):
            record.overrides.clear()

        def pytest_soak_lane_finished(result):
            result.overrides.clear()
            result.medians.clear()
        """,
    )
    spoilt = bench.soak(2, INSTANT).artifact("RESULT.json")["lanes"]
    bench.write("conftest.py", "")
    assert bench.soak(2, INSTANT).artifact("RESULT.json")["lanes"] == spoilt


BOT = """
    import pytest
    from pytest_soak.testing import GOOD, InstantTarget


    class Bot(InstantTarget):
        nets = {nets}

        def run(self, overrides, window):
            net = self.nets[window.iteration - 1]
            loss = max(0.0, -net) * 400
            return {{**GOOD, "net_bps": net, "net_quote": net * 400, "max_drawdown_quote": loss}}


    @pytest.fixture(scope="session")
    def soak_target():
        return Bot
"""


def test_hours_of_catastrophe_are_not_forgotten_for_good_ones_at_the_end(bench: Workbench) -> None:
    bench.write("conftest.py", BOT.format(nets=[3.1] * 4 + [-500.0] * 12 + [3.1] * 8))
    done = bench.soak(24)
    assert done.returncode == 1
    assert "FAIL  failed " in done.stdout
    assert done.last_line == (
        "FAIL for default on calm (24 iterations, conftest:Bot): 12 of 20 graded hours failed: "
        "first and worst 5 (net_bps = -500, fail at once unless >= -3) (soak)"
    )
    metrics = {m["metric"]: m for m in done.artifact("artifacts/KPI_GATE.json")["metrics"]}
    assert metrics["failed"]["value"] == 12
    assert metrics["failed"]["fail_unless"] == "<= 10 %"
    off = bench.soak(24, "--soak-gate-mode=off")
    assert off.returncode == 0
    assert "12 of 20 graded hours failed" in off.last_line


def test_a_lane_that_loses_its_money_in_an_hour_is_no_pass(bench: Workbench) -> None:
    bench.write("conftest.py", BOT.format(nets=[3.1] * 14 + [-10.0] + [3.1] * 5))
    done = bench.soak(20)
    assert done.returncode == 1
    assert "FAIL  drawdown_ratio " in done.stdout
    assert "drawdown_ratio = 0.315457, fail unless <= 0.25 (last8)" in done.stdout
    for bad, said in ((2, "PASS for default on calm (20"), (3, "WARN for default on calm (20")):
        bench.write("conftest.py", BOT.format(nets=[3.1] * 13 + [-1.0] * bad + [3.1] * (7 - bad)))
        done = bench.soak(20)
        assert done.returncode == 0
        assert done.last_line.startswith(said)
    assert "conftest:Bot): 1 of 16 graded hours failed" in done.last_line

"""The user's own bot: fixture, module:attr, own parameters, own KPIs, and what can go wrong."""

from __future__ import annotations

import pytest
from harness import INSTANT, Workbench

BOT = """
    class Bot:
        parameters = {"half_spread_bps": {"default": 2.0, "bounds": [0.5, 10], "decimals": 2}}
        kpis = ("net_bps", "fill_ratio")

        def __init__(self, lane):
            self.lane = lane

        def start(self, lane):
            assert lane == self.lane

        def run(self, overrides, window):
            return {"net_bps": overrides["half_spread_bps"], "fill_ratio": 0.5}

        def stop(self):
            print("stopped")
"""
GATE = """
    name: mine
    thresholds:
      - {metric: net_bps, fail_unless: ">= 1"}
      - {metric: fill_ratio, fail_unless: ">= 0.1"}
"""
CONFTEST = """
    import pytest
    from bot import Bot

    @pytest.fixture
    def soak_target():
        return Bot
"""


@pytest.fixture
def quant(bench: Workbench) -> Workbench:
    bench.write("bot.py", BOT)
    bench.write("mine.yaml", GATE)
    return bench


def test_a_class_named_on_the_command_line_is_soaked(quant: Workbench) -> None:
    done = quant.soak(2, "--soak-target=bot:Bot", "--soak-gate=mine.yaml")
    assert done.returncode == 0, done.everything
    first = done.artifact("ITER_SUMMARY_1.json")
    assert first["overrides"] == {"half_spread_bps": 2.0}
    assert first["summary"]["fill_ratio"] == 0.5
    assert first["source"] == "bot:Bot"


def test_the_root_conftest_fixture_is_the_target_of_the_built_in_soak(quant: Workbench) -> None:
    quant.write("conftest.py", CONFTEST)
    done = quant.soak(2, "--soak-gate=mine.yaml", "--soak-set=half_spread_bps=3.456")
    assert done.returncode == 0, done.everything
    assert done.artifact("ITER_SUMMARY_2.json")["overrides"] == {"half_spread_bps": 3.46}
    assert done.artifact("ITER_SUMMARY_2.json")["sources"] == {"half_spread_bps": "cli"}
    assert done.last_line.endswith("(2 iterations, bot:Bot)")


def test_a_users_soak_test_replaces_the_built_in_one(quant: Workbench) -> None:
    quant.write("conftest.py", CONFTEST)
    quant.write(
        "test_mine.py",
        """
        def test_other():
            pass

        def test_soak(soak_iteration, soak_config, soak_phase, soak_lane, soak_artifacts):
            record = soak_iteration.run()
            assert record.iteration == soak_iteration.number
            assert soak_config.sources["half_spread_bps"] == "default"
            assert soak_phase == "steady"
            assert (soak_artifacts / f"ITER_SUMMARY_{record.iteration}.json").exists()
            assert record.summary.kpis["net_bps"] == soak_lane.state.overrides["half_spread_bps"]
        """,
    )
    done = quant.soak(3, "--soak-gate=mine.yaml", "-v")
    assert done.returncode == 0, done.everything
    assert "test_mine.py::test_soak[default-calm-42-iter0003] PASSED" in done.stdout
    assert "3 passed, 1 deselected" in done.stdout
    assert "soak::" not in done.stdout


def test_a_failed_assertion_fails_the_lane_and_does_not_end_it(quant: Workbench) -> None:
    quant.write(
        "test_mine.py",
        """
        def test_soak(soak_iteration):
            assert soak_iteration.run().iteration != 2
        """,
    )
    done = quant.soak(3, "--soak-target=bot:Bot", "--soak-gate=mine.yaml")
    assert done.returncode == 1
    assert "1 failed, 2 passed" in done.stdout
    lane = done.artifact("RESULT.json")["lanes"][0]
    assert (lane["verdict"], lane["ending"], lane["iterations"]) == ("FAIL", "completed", 3)
    [why] = lane["reasons"]
    assert why.startswith("iteration 2: its test failed: AssertionError: assert 2 != 2")
    assert done.last_line.endswith(why)


def test_a_test_that_does_not_run_its_window_ends_the_lane(quant: Workbench) -> None:
    quant.write(
        "test_mine.py",
        """
        def test_soak(soak_iteration):
            if soak_iteration.number != 2:
                soak_iteration.run()
        """,
    )
    done = quant.soak(4, "--soak-target=bot:Bot", "--soak-gate=mine.yaml", "-rs")
    assert done.returncode == 1
    assert "1 failed, 1 passed, 2 skipped" in done.stdout
    assert "did not call soak_iteration.run()" in done.stdout
    assert "iteration 2 did not complete" in done.stdout
    assert done.artifact("RESULT.json")["lanes"][0]["verdict"] == "FAIL"


@pytest.mark.parametrize(
    ("method", "line"),
    [
        ("start", "the target's start raised ValueError: no connection"),
        ("run", "the target's run raised ValueError: no connection"),
        ("__init__", "raised ValueError: no connection"),
    ],
)
def test_a_raising_target_fails_its_iteration_with_the_cause(
    quant: Workbench, method: str, line: str
) -> None:
    quant.write(
        "broken.py",
        f"""
        from pytest_soak.testing import InstantTarget

        class Broken(InstantTarget):
            def {method}(self, *args):
                raise ValueError("no connection")
        """,
    )
    done = quant.soak(3, "--soak-target=broken:Broken")
    assert done.returncode == 1
    assert line in done.stdout
    assert "broken.py" in done.stdout
    assert "1 failed, 2 skipped" in done.stdout
    assert "pytest_soak/engine" not in done.stdout
    assert "INTERNALERROR" not in done.everything
    assert done.last_line.startswith("FAIL for default on calm (0 of 3 iterations")


def test_completed_iterations_stay_valid_when_the_target_dies(quant: Workbench) -> None:
    quant.write(
        "broken.py",
        """
        from pytest_soak.testing import InstantTarget

        class Broken(InstantTarget):
            def run(self, overrides, window):
                return super().run(overrides, window) if window.iteration < 3 else None
        """,
    )
    done = quant.soak(5, "--soak-target=broken:Broken")
    assert done.returncode == 1
    assert "run() returned NoneType, expected an Observation or a mapping of KPIs" in done.stdout
    assert done.iteration_files() == [
        "ITER_SUMMARY_1.json",
        "ITER_SUMMARY_2.json",
        "ITER_SUMMARY_final.json",
    ]
    assert done.artifact("ITER_SUMMARY_final.json")["result"]["ending"] == "target"


def test_the_target_is_stopped_once_also_after_an_error(quant: Workbench) -> None:
    quant.write(
        "bot.py", BOT.replace('"fill_ratio": 0.5}', '"fill_ratio": 1 / (3 - window.iteration)}')
    )
    done = quant.soak(4, "--soak-target=bot:Bot", "--soak-gate=mine.yaml", "-s")
    assert done.lines.count("stopped") == 1


def test_a_gate_over_kpis_the_target_does_not_give_prints_the_one_that_fits(
    quant: Workbench,
) -> None:
    done = quant.soak(2, "--soak-target=bot:Bot")
    assert done.returncode == 4
    assert "bot:Bot does not give risk_ratio, maker_taker_ratio, " in done.stderr
    net = (
        '{"fail_at_once": ">= -3", "fail_unless": ">= 2.0", "for": 3, "metric": "net_bps", '
        '"warn_unless": ">= 2.7"}'
    )
    assert net in done.stderr
    assert not (quant.directory / "artifacts").exists()


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_a_misfit_of_a_fixture_target_is_a_usage_error_and_leaves_the_run_before(
    quant: Workbench, workers: tuple[str, ...]
) -> None:
    quant.write("conftest.py", CONFTEST)
    assert quant.soak(2, "--soak-gate=mine.yaml").returncode == 0
    root = quant.directory / "artifacts"
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    done = quant.soak(2, "--soak-gate=mine.yaml", "--soak-set=half_spread=1", *workers)
    assert done.returncode == 4, done.everything
    assert "unknown parameter 'half_spread'; did you mean 'half_spread_bps'?" in done.last_line
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_shipped_profiles_are_off_for_a_target_with_its_own_table(quant: Workbench) -> None:
    done = quant.soak(
        1, "--soak-target=bot:Bot", "--soak-gate=mine.yaml", "--soak-profile=steady_safe"
    )
    assert done.returncode == 0, done.everything
    assert done.stdout.count("the target has no base_spread_bps_delta") == 1


def test_a_plugin_can_name_targets_and_add_kpis(quant: Workbench) -> None:
    quant.write(
        "conftest.py",
        """
        from bot import Bot

        def pytest_soak_make_target(name):
            return Bot if name == "mine" else None

        def pytest_soak_extra_kpis():
            return {"double_net": lambda given, summary: 2 * summary.kpis["net_bps"]}
        """,
    )
    quant.write("gate.yaml", 'name: g\nthresholds: [{metric: double_net, fail_unless: "== 4"}]\n')
    done = quant.soak(1, "--soak-target=mine", "--soak-gate=gate.yaml")
    assert done.returncode == 0, done.everything
    assert done.artifact("ITER_SUMMARY_1.json")["summary"]["double_net"] == 4.0


def test_a_plain_session_skips_the_users_soak_test(quant: Workbench) -> None:
    quant.write("test_mine.py", "def test_soak(soak_iteration):\n    soak_iteration.run()\n")
    done = quant.pytest("-rs")
    assert "1 skipped" in done.stdout
    assert "give --soak-iterations=N" in done.stdout


def test_two_soak_tests_are_a_usage_error(quant: Workbench) -> None:
    quant.write(
        "test_mine.py",
        "def test_a(soak_iteration): pass\n\ndef test_b(soak_iteration): pass\n",
    )
    done = quant.soak(2, INSTANT)
    assert done.returncode == 4
    assert "several soak tests: test_mine.py::test_a, test_mine.py::test_b" in done.stderr

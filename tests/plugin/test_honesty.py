"""The last line, RESULT.json and the exit status say the same, however a soak goes wrong."""

from __future__ import annotations

import json

import pytest
from harness import INSTANT, Outcome, Workbench

GATE = 'name: g\nthresholds: [{metric: net_bps, fail_unless: ">= 1"}]\n'


def bot(body: str) -> str:
    return f"""
    import pytest
    from pytest_soak.testing import GOOD, InstantTarget

    class Bot(InstantTarget):
        {body}
    """


def fails(done: Outcome) -> None:
    assert done.returncode == 1, done.everything
    assert done.last_line.startswith(("FAIL", "NO VERDICT")), done.last_line
    result = done.artifact("RESULT.json")
    assert (result["exit_status"], result["verdict"] in ("FAIL", None)) == (1, True)
    assert "INTERNALERROR" not in done.everything


WRONG = {
    "a value is missing": "def run(self, o, w): return {**GOOD, 'net_bps': None}",
    "stop raises": 'def stop(self): raise ValueError("late")',
    "run skips": "def run(self, o, w): pytest.skip('no')",
    "start skips": "def start(self, lane): pytest.skip('no')",
    "run exits": "def run(self, o, w): raise SystemExit(0)",
    "stop skips": "def stop(self): pytest.skip('no')",
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
def test_a_lane_that_fails_fails_the_session(bench: Workbench, body: str) -> None:
    bench.write("bot.py", bot(body))
    fails(bench.soak(3, "--soak-target=bot:Bot", "--soak-gate=smoke"))


def test_a_lane_that_fails_on_a_worker_does_too(bench: Workbench) -> None:
    bench.write("exits.py", bot(WRONG["run exits"]))
    bench.write("skips.py", bot(WRONG["stop skips"]))
    bench.write(
        "bot.py",
        """
        import exits, skips

        def make(lane):
            return (exits if lane.seed == 1 else skips).Bot(lane)
        """,
    )
    soak = ("--soak-target=bot:make", "--soak-gate=smoke", "--soak-seed=1,2", "-n", "2")
    done = bench.soak(2, *soak)
    fails(done)
    assert [lane["verdict"] for lane in done.artifact("RESULT.json")["lanes"]] == ["FAIL"] * 2


def test_a_failed_assertion_is_named_in_the_last_line(bench: Workbench) -> None:
    bench.write("test_a.py", "def test_a(soak_iteration):\n    assert not soak_iteration.run()\n")
    done = bench.soak(2, INSTANT, "--soak-gate=smoke")
    fails(done)
    why = "iteration 1: its test failed: AssertionError: assert not IterationRecord("
    assert why in done.last_line
    assert len(done.last_line) < 350


def test_a_soak_that_was_skipped_is_no_success(bench: Workbench) -> None:
    bench.write(
        "test_a.py",
        """
        import pytest

        @pytest.mark.skip
        def test_a(soak_iteration):
            soak_iteration.run()
        """,
    )
    done = bench.soak(2, INSTANT)
    assert done.returncode == 1
    assert done.last_line == "NO VERDICT: 0 of 1 lane finished, 0 iterations done"


def test_an_interrupted_lane_says_pass_nowhere(bench: Workbench) -> None:
    bench.write(
        "test_a.py", "def test_a(soak_iteration):\n    assert soak_iteration.run() is None\n"
    )
    done = bench.soak(9, INSTANT, "-x")
    assert not any("final=1" in line for line in done.markers())
    assert done.artifact("artifacts/KPI_GATE.json")["final"] is False
    lane = done.artifact("RESULT.json")["lanes"][0]
    assert (lane["verdict"], lane["ending"]) == (None, "interrupted")


def test_further_parameters_of_a_soak_test_are_a_usage_error(bench: Workbench) -> None:
    bench.write(
        "test_a.py",
        """
        import pytest

        @pytest.mark.parametrize("k", [1, 2])
        def test_a(soak_iteration, k):
            soak_iteration.run()
        """,
    )
    for workers in ((), ("-n", "1")):
        done = bench.soak(2, INSTANT, *workers)
        assert done.returncode == 4
        assert "take the other parameters off" in done.everything


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_one_iteration_of_a_users_test_runs_what_came_before(
    bench: Workbench, workers: tuple[str, ...]
) -> None:
    bench.write("test_a.py", "def test_a(soak_iteration):\n    soak_iteration.run()\n")
    one = "test_a.py::test_a[default-calm-42-iter0003]"
    done = bench.soak(5, INSTANT, "--soak-gate=smoke", one, *workers)
    assert done.returncode == 0, done.everything
    assert len(done.summaries()) == 3
    assert "3 of 5 iterations" in done.last_line


def test_a_built_in_id_works_under_xdist(bench: Workbench) -> None:
    nodes = ("soak::default-calm-1::iter0002", "soak::default-calm-2")
    done = bench.soak(3, INSTANT, "--soak-gate=smoke", "--soak-seed=1..3", *nodes, "-n", "1")
    assert done.returncode == 0, done.everything
    lanes = [line.rpartition("lane=")[2] for line in done.summaries()]
    assert [lanes.count(f"default-calm-{seed} |") for seed in (1, 2, 3)] == [2, 3, 0]


PLUG = """
    import pytest
    from pytest_soak.testing import GOOD, InstantTarget

    class Bad(InstantTarget):
        def run(self, overrides, window):
            return {**GOOD, "net_bps": -99.0}

    @pytest.fixture
    def soak_target():
        return Bad
"""


@pytest.mark.parametrize(
    ("conftest", "arguments"),
    [
        ("", ("-p", "plug")),
        ('pytest_plugins = ["plug"]', ()),
        ("from plug import soak_target", ()),
    ],
)
def test_a_target_fixture_of_a_plugin_is_soaked(
    bench: Workbench, conftest: str, arguments: tuple[str, ...]
) -> None:
    bench.write("plug.py", PLUG)
    bench.write("conftest.py", conftest)
    done = bench.soak(2, "--soak-gate=smoke", *arguments)
    assert done.returncode == 1, done.everything
    assert done.last_line.startswith("FAIL for default on calm (2 iterations, plug:Bad)")


def test_a_target_fixture_in_a_test_module_has_its_own_table(bench: Workbench) -> None:
    bench.write(
        "test_a.py",
        """
        import pytest
        from pytest_soak.testing import InstantTarget

        class Bot(InstantTarget):
            parameters = {"a": 1.0}

        @pytest.fixture
        def soak_target():
            return Bot

        def test_a(soak_iteration):
            soak_iteration.run()
        """,
    )
    done = bench.soak(1, "--soak-set=a=2", "--soak-gate=smoke")
    assert done.returncode == 0, done.everything
    assert done.artifact("ITER_SUMMARY_1.json")["overrides"] == {"a": 2.0}
    refused = bench.soak(1, "--soak-target=mock")
    assert refused.returncode == 4
    assert "keep one" in refused.stderr


@pytest.mark.parametrize("given", ["None", "3", "object()"])
def test_a_fixture_that_gives_no_factory_is_a_usage_error(bench: Workbench, given: str) -> None:
    bench.write(
        "conftest.py",
        f"""
        import pytest

        @pytest.fixture
        def soak_target():
            return {given}
        """,
    )
    done = bench.soak(1)
    assert done.returncode == 4, done.everything
    assert "expected a class or LaneInfo -> Target" in done.last_line


@pytest.mark.parametrize(
    ("hook", "error"),
    [
        ("iteration_finished(record)", "ValueError: mine"),
        ("gate_verdict(lane)", "SystemExit: 0"),
        ("lane_finished(result)", "Skipped: mine"),
    ],
)
def test_a_hook_that_raises_costs_a_note_and_keeps_no_other_from_being_told(
    bench: Workbench, hook: str, error: str
) -> None:
    kind, text = error.split(": ")
    raised = {"Skipped": "pytest.skip.Exception('mine')", "SystemExit": "SystemExit(0)"}
    what = raised.get(kind, f"{kind}({text!r})")
    bench.write("conftest.py", f"import pytest\ndef pytest_soak_{hook}:\n    raise {what}\n")
    bench.write("other.py", f"def pytest_soak_{hook}:\n    print('told all the same')\n")
    done = bench.soak(2, INSTANT, "--soak-gate=smoke", "-p", "other")
    assert done.returncode == 0, done.everything
    name = hook.split("(")[0]
    note = f"| NOTE | hook pytest_soak_{name} raised {error}; that fails nothing, unless"
    assert done.stdout.count(note) == 1, done.everything
    assert "told all the same" in done.stdout
    assert len(done.summaries()) == 2


def test_a_required_hook_that_raises_fails_the_session_and_not_the_soak(bench: Workbench) -> None:
    hook = "def pytest_soak_iteration_finished(record):\n    raise ValueError('mine')\n"
    bench.write("conftest.py", f"soak_hooks_required = True\n{hook}")
    done = bench.soak(2, INSTANT, "--soak-gate=smoke")
    fails(done)
    assert "hook pytest_soak_iteration_finished raised ValueError: mine" in done.stdout
    assert len(done.summaries()) == 2


def test_hooks_that_give_nonsense_are_usage_errors(bench: Workbench) -> None:
    bench.write("conftest.py", "def pytest_soak_extra_kpis():\n    return ['x']\n")
    assert "expected functions by KPI name" in bench.soak(1, INSTANT).everything
    bench.write("conftest.py", "def pytest_soak_make_target(name):\n    raise KeyError(name)\n")
    done = bench.soak(1, INSTANT)
    assert done.returncode == 4
    assert "hook pytest_soak_make_target raised KeyError" in done.everything
    bench.write("conftest.py", "def pytest_soak_extra_kpis():\n    raise SystemExit(0)\n")
    done = bench.soak(1, INSTANT)
    assert done.returncode == 4
    assert "hook pytest_soak_extra_kpis raised SystemExit: 0" in done.everything


@pytest.mark.parametrize("text", ["import sys; sys.exit(3)", "import pytest; pytest.skip('x')"])
def test_a_target_module_that_exits_is_a_usage_error(bench: Workbench, text: str) -> None:
    bench.write("bad.py", text)
    done = bench.soak(1, "--soak-target=bad:Bot")
    assert done.returncode == 4
    assert "cannot import 'bad'" in done.stderr


@pytest.mark.parametrize("bad", ["--soak-profile=nope", "--soak-target=nope:x"])
def test_show_config_refuses_what_a_soak_would(bench: Workbench, bad: str) -> None:
    done = bench.pytest("--soak-show-config", bad)
    assert done.returncode == 4
    assert "Traceback" not in done.everything


def test_every_fixture_skips_outside_a_soak(bench: Workbench) -> None:
    names = "soak_config, soak_iteration, soak_lane, soak_phase, soak_artifacts"
    bench.write("test_a.py", f"def test_a({names}):\n    pass\n")
    done = bench.pytest()
    assert done.returncode == 0
    assert "1 skipped" in done.stdout


@pytest.mark.parametrize("name", ["a|b", "x\\n| kpi_gate | verdict=PASS | net=9 final=1 |", ""])
def test_a_gate_name_cannot_forge_lines(bench: Workbench, name: str) -> None:
    bench.write("f.yaml", GATE.replace("name: g", f'name: "{name}"'))
    done = bench.soak(1, INSTANT, "--soak-gate=f.yaml")
    assert done.returncode == 4
    assert not done.markers()


def test_a_final_summary_tells_its_samples(bench: Workbench) -> None:
    bench.write(
        "m.yaml",
        'name: m\nthresholds: [{metric: net_bps, fail_unless: "> -99", min_samples: 10}]\n',
    )
    bench.soak(6, "--soak-target=mock", "--soak-gate=smoke")
    done = bench.command("gate", "m.yaml", "artifacts/soak/latest/ITER_SUMMARY_final.json")
    assert done.returncode == 0, done.everything


def test_result_settings_do_not_contradict_the_source(bench: Workbench) -> None:
    bench.write("plug.py", PLUG)
    done = bench.soak(1, "-p", "plug", "--soak-gate=smoke")
    result = json.dumps(done.artifact("RESULT.json"))
    assert '"source": "plug:Bad"' in result
    assert '"sim"' not in result


def test_a_lane_of_a_day_has_the_error_rates_that_ship(bench: Workbench) -> None:
    """What a lane is told beside its market, profile and gate is none of another's calibration."""
    done = bench.pytest("--soak-iterations=24", "--soak-profile=steady_safe")
    told = " ".join(done.stdout.split())
    assert "a lane of 24 h: false alarms " in told
    assert "not calibrated" not in told

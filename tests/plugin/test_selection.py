"""Order and prefixes hold, whatever is selected, shuffled or distributed."""

from __future__ import annotations

import re

import pytest
from harness import INSTANT, Outcome, Workbench


def passed(done: Outcome) -> list[str]:
    return re.findall(r"(?:PASSED )?(soak::[\w-]+::iter\d+)(?: PASSED)", done.stdout)


def in_lane(done: Outcome, lane: str) -> list[int]:
    return [
        int(re.findall(r"iter=(\d+)", line)[0])
        for line in done.summaries()
        if line.endswith(f"lane={lane} |")
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("soak::default-calm-42::iter0003",),
        ("-k", "iter0003"),
        ("soak::default-calm-42::iter0001", "soak::default-calm-42::iter0003"),
    ],
)
def test_asking_for_iteration_three_runs_one_to_three(
    bench: Workbench, arguments: tuple[str, ...]
) -> None:
    done = bench.soak(5, INSTANT, "-v", *arguments)
    assert done.returncode == 0, done.everything
    assert passed(done) == [f"soak::default-calm-42::iter{n:04d}" for n in (1, 2, 3)]
    assert "3 passed, 2 deselected" in done.stdout
    assert "3 of 5 iterations" in done.last_line
    assert (bench.directory / "artifacts/soak/latest/ITER_SUMMARY_final.json").exists()


def test_a_whole_lane_can_be_asked_for(bench: Workbench) -> None:
    done = bench.soak(2, INSTANT, "--soak-seed=1,2", "soak::default-calm-2", "-v")
    assert passed(done) == [f"soak::default-calm-2::iter{n:04d}" for n in (1, 2)]
    assert done.returncode == 0
    assert "NO VERDICT" not in done.last_line


@pytest.mark.parametrize(
    ("node", "problem"),
    [
        ("soak::steady-calm-42", "no such lane; this soak has default-calm-42"),
        ("soak::default-calm-42::iter0006", "no such iteration; expected iter0001 to iter0005"),
        ("soak::default-calm-42::iter3", "no such iteration"),
    ],
)
def test_ids_that_do_not_exist_are_usage_errors(bench: Workbench, node: str, problem: str) -> None:
    done = bench.soak(5, INSTANT, node)
    assert done.returncode == 4
    assert problem in done.stderr


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_shuffling_plugins_do_not_break_lanes(bench: Workbench, workers: tuple[str, ...]) -> None:
    shuffled = ("-p", "randomly", "-p", "no:cacheprovider", "--soak-seed=1..3")
    done = bench.soak(6, INSTANT, *shuffled, *workers, PYTEST_ADDOPTS="")
    assert done.returncode == 0, done.everything
    for seed in (1, 2, 3):
        assert in_lane(done, f"default-calm-{seed}") == [1, 2, 3, 4, 5, 6]


def test_last_failed_runs_the_prefix_up_to_what_failed(bench: Workbench) -> None:
    bench.write(
        "test_mine.py",
        "def test_soak(soak_iteration):\n    assert soak_iteration.run().iteration != 3\n",
    )
    assert bench.soak(6, INSTANT).returncode == 1
    again = bench.soak(6, INSTANT, "--lf", "-v")
    assert again.returncode == 1
    assert len(again.summaries()) == 3
    assert "1 failed, 2 passed, 3 deselected" in again.stdout


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_stopping_at_the_first_failure_keeps_what_was_done(
    bench: Workbench, workers: tuple[str, ...]
) -> None:
    bench.write(
        "test_mine.py",
        "def test_soak(soak_iteration):\n    assert soak_iteration.run().iteration != 3\n",
    )
    done = bench.soak(60, INSTANT, "-x", *workers)
    assert done.returncode == 1, done.everything
    assert 3 <= len(done.summaries()) <= 5
    assert "ITER_SUMMARY_3.json" in done.iteration_files()
    assert done.last_line.startswith("NO VERDICT: 0 of 1 lane finished")
    assert done.artifact("RESULT.json")["unfinished"] == ["default-calm-42"]


def test_a_failure_on_one_worker_stops_the_other_in_order(bench: Workbench) -> None:
    bench.write(
        "bot.py",
        """
        import time
        from pathlib import Path
        from pytest_soak.testing import InstantTarget

        class Bot(InstantTarget):
            def run(self, overrides, window):
                if self.lane.seed == 7:
                    raise ConnectionError("lost")
                while not Path("failed").exists():
                    time.sleep(0.01)
                return super().run(overrides, window)
        """,
    )
    bench.write(
        "conftest.py",
        """
        from pathlib import Path

        def pytest_runtest_logreport(report):
            if report.failed:
                Path("failed").touch()
        """,
    )
    arguments = ("--soak-target=bot:Bot", "--soak-gate=smoke", "--soak-seed=6..8")
    done = bench.soak(6, *arguments, "-n", "2", "-x")
    assert done.returncode == 1, done.everything
    assert "INTERNALERROR" not in done.everything
    assert done.last_line.startswith("FAIL for ")
    result = done.artifact("RESULT.json")
    assert "default-calm-8" in result["unfinished"]
    assert [x["verdict"] for x in result["lanes"] if x["lane"] == "default-calm-7"] == ["FAIL"]


def test_a_lane_stays_on_one_worker(bench: Workbench) -> None:
    bench.write(
        "bot.py",
        """
        import os
        from pytest_soak.testing import GOOD, InstantTarget

        class Bot(InstantTarget):
            kpis = (*InstantTarget.kpis, "process")

            def run(self, overrides, window):
                return {**GOOD, "process": os.getpid()}
        """,
    )
    done = bench.soak(5, "--soak-target=bot:Bot", "--soak-seed=1..4", "-n", "2")
    assert done.returncode == 0, done.everything
    processes = set()
    for seed in range(1, 5):
        lane = {
            done.artifact(f"default-calm-{seed}/ITER_SUMMARY_{n}.json")["summary"]["process"]
            for n in range(1, 6)
        }
        assert len(lane) == 1
        processes |= lane
    assert len(processes) == 2


def test_a_killed_worker_costs_its_lane_only(bench: Workbench) -> None:
    bench.write(
        "bot.py",
        """
        import os, signal
        from pytest_soak.testing import InstantTarget

        class Bot(InstantTarget):
            def run(self, overrides, window):
                if self.lane.seed == 2 and window.iteration == 3:
                    os._exit(9)
                return super().run(overrides, window)
        """,
    )
    done = bench.soak(6, "--soak-target=bot:Bot", "--soak-seed=1..3", "-n", "2", "-rs")
    assert done.returncode == 1
    assert "crashed while running" in done.stdout
    assert in_lane(done, "default-calm-1") == in_lane(done, "default-calm-3") == [1, 2, 3, 4, 5, 6]
    assert in_lane(done, "default-calm-2") == [1, 2]
    assert "iteration 3 of default-calm-2 did not run in this process" in done.stdout
    assert done.last_line.startswith("NO VERDICT: 2 of 3 lanes finished")


def test_same_bytes_on_one_worker_or_two(bench: Workbench) -> None:
    contents = []
    for workers in ((), ("-n", "2")):
        done = bench.soak(3, "--soak-target=mock", "--soak-seed=1..3", *workers)
        home = done.directory / "artifacts/soak/latest"
        files = sorted(p for p in home.rglob("*.json") if p.name != "RESULT.json")
        assert len(files) == 3 * (3 + 1 + 1 + 1 + 1 + 3)
        contents.append({str(p.relative_to(home)): _without_meta(p.read_text()) for p in files})
    assert contents[0] == contents[1]


def _without_meta(text: str) -> str:
    return re.sub(r'^  "meta": \{.*?\}', '  "meta": {}', text, flags=re.MULTILINE | re.DOTALL)


def test_a_soak_test_that_pytest_cannot_parametrize_is_not_left_out(bench: Workbench) -> None:
    bench.write(
        "test_own.py",
        """
        import unittest

        import pytest


        class Tests(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def soak(self, soak_iteration):
                self.iteration = soak_iteration

            def test_soak(self):
                assert False, "never ran"
        """,
    )
    done = bench.soak(2, INSTANT)
    assert done.returncode == 4, done.everything
    assert "ERROR: test_own.py::Tests::test_soak: asks for soak_iteration, but " in done.everything

"""The command `pytest-soak`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from harness import INSTANT, Workbench
from warm import Warm

LATEST = "artifacts/soak/latest"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, warm: Warm | None) -> Path:
    bench = Workbench(tmp_path_factory.mktemp("run"), warm)
    bench.soak(5, INSTANT)
    return bench.directory


@pytest.fixture
def soaked(bench: Workbench, run: Path) -> Workbench:
    shutil.copytree(run, bench.directory, dirs_exist_ok=True)
    return bench


@pytest.mark.parametrize("name", ["ITER_SUMMARY_final.json", "ITER_SUMMARY_5.json"])
def test_a_good_run_passes_the_release_gate(soaked: Workbench, name: str) -> None:
    done = soaked.command("gate", "release", f"{LATEST}/{name}")
    assert done.returncode == 0, done.everything
    assert "net_bps            3.1   fail unless >= 2.7" in done.stdout
    assert done.last_line.startswith("PASS: gate release on")


def test_a_violation_is_listed_and_fails(soaked: Workbench) -> None:
    soaked.write("strict.yaml", 'name: strict\nthresholds: [{metric: net_bps, fail_unless: "> 4"}]')
    done = soaked.command("gate", "strict.yaml", f"{LATEST}/ITER_SUMMARY_final.json")
    assert done.returncode == 1
    assert "violation: net_bps = 3.1, fail unless > 4 (strict)" in done.stdout


@pytest.mark.parametrize("file", [f"{LATEST}/RESULT.json", "list.json"])
def test_a_file_that_is_no_summary_passes_no_gate(soaked: Workbench, file: str) -> None:
    soaked.write("list.json", "[1, 2]")
    done = soaked.command("gate", "release", file)
    assert done.returncode == 1
    assert done.stdout.startswith(f"FAIL: {file}: is no ITER_SUMMARY; give ")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("gate", "releas", f"{LATEST}/ITER_SUMMARY_final.json"), "did you mean 'release'?"),
        (("gate", "release", "missing.json"), "missing.json: cannot be read"),
        (("gate",), "Missing argument"),
        (("gats",), "No such command 'gats'"),
    ],
)
def test_mistakes_are_one_line_and_status_four(
    soaked: Workbench, arguments: tuple[str, ...], problem: str
) -> None:
    done = soaked.command(*arguments)
    assert done.returncode == 4
    assert done.stderr.startswith("ERROR: ")
    assert problem in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_bot_that_ends_its_process_leaves_no_verdict(bench: Workbench) -> None:
    bench.write(
        "bot.py",
        """
        import os
        from pytest_soak.testing import InstantTarget

        class Exits(InstantTarget):
            def run(self, overrides, window):
                return super().run(overrides, window) if window.iteration < 3 else os._exit(0)
        """,
    )
    assert bench.soak(4, "--soak-target=bot:Exits", "--soak-gate=smoke").returncode == 0
    done = bench.command("verdict")
    assert done.returncode == 2, done.everything
    assert done.lines == [
        "default-calm-42: not finished, 2 iterations done",
        "NO VERDICT: its process ended before it could conclude; go on with --soak-resume",
    ]
    assert bench.command("verdict", "nowhere").returncode == 4


def test_the_run_before_is_no_verdict_on_a_session_that_never_came_to_its_end(
    bench: Workbench,
) -> None:
    bench.write(
        "bot.py",
        """
        import os
        from pytest_soak.testing import InstantTarget

        class Exits(InstantTarget):
            def __init__(self, lane):
                super().__init__(lane)
                if os.environ.get("EXIT"):
                    os._exit(0)
        """,
    )
    soak = (2, "--soak-target=bot:Exits", "--soak-gate=smoke")
    assert bench.soak(*soak).returncode == 0
    assert bench.command("verdict").returncode == 0
    assert bench.soak(*soak, EXIT="1").returncode == 0
    done = bench.command("verdict")
    assert done.returncode == 2
    assert done.last_line == (
        "NO VERDICT: a later session ended before its first lane; this is the run before it"
    )
    assert bench.soak(*soak, "--soak-set=nonsense=1").returncode == 4
    assert bench.command("verdict").returncode == 0
    assert not (bench.directory / "artifacts/soak/.soak.begun").exists()

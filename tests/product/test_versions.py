"""The wheel beside the oldest pytest it asks for, and on every newer Python that is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest
from harness import INSTANT, Workbench

OLDEST_PYTEST = "8.2.0"
NEWER_PYTHONS = ("3.12", "3.13", "3.14")
_PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")


@pytest.fixture(scope="session")
def oldest(site: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An import path on which the wheel and the oldest pytest come first."""
    folder = tmp_path_factory.mktemp("oldest")
    asked = f"pytest=={OLDEST_PYTEST}"
    subprocess.run([sys.executable, *_PIP, "--target", folder, asked], check=True)
    return os.pathsep.join(map(str, (folder, site)))


def test_the_oldest_pytest_is_the_one_that_the_package_asks_for() -> None:
    (asked,) = (x for x in requires("pytest-soak") or () if x.startswith("pytest>"))
    assert f"{asked.removeprefix('pytest>=')}.0" == OLDEST_PYTEST


def test_the_oldest_pytest_soaks_judges_and_resumes(shell: Workbench, oldest: str) -> None:
    plugins = ("-p", "pytest_soak.plugin", "-p", "xdist.plugin", "-p", "no:randomly")
    alone = {"PYTHONPATH": oldest, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    shell.write(
        "test_own.py",
        """
        def test_own(soak_iteration, soak_phase):
            assert soak_phase == "steady"
            assert soak_iteration.run().verdict == "PASS"
        """,
    )
    done = shell.soak(3, *plugins, INSTANT, "--soak-gate=smoke", "-k", "iter0002", **alone)
    assert (done.returncode, done.last_line[:4]) == (0, "PASS"), done.everything
    assert len(done.summaries()) == 2
    done = shell.soak(
        4, *plugins, INSTANT, "--soak-gate=smoke", "--soak-resume", "-n", "2", **alone
    )
    assert (done.returncode, done.last_line[:4]) == (0, "PASS"), done.everything
    assert len(done.summaries()) == 2
    assert "4 passed" in done.stdout
    shell.write("strict.yaml", "name: strict\nthresholds: [{metric: net_bps, fail_unless: '> 99'}]")
    done = shell.soak(2, *plugins, INSTANT, "--soak-gate=strict.yaml", "-v", **alone)
    assert (done.returncode, done.last_line[:4]) == (1, "FAIL"), done.everything
    version = shell.pytest("--version", **alone)
    assert version.stdout.strip() == f"pytest {OLDEST_PYTEST}"


@pytest.mark.parametrize("version", NEWER_PYTHONS)
def test_a_newer_python_installs_the_wheel_and_soaks(
    shell: Workbench, wheel: Path, version: str
) -> None:
    found = shutil.which(f"python{version}")
    if found is None or subprocess.run([found, "-c", ""], check=False).returncode != 0:
        pytest.skip(f"there is no Python {version}")
    subprocess.run([found, "-m", "venv", shell.directory / "venv"], check=True)
    python = str(shell.directory / "venv/bin/python")
    assert shell.run(python, *_PIP, str(wheel)).returncode == 0
    done = shell.run(python, "-m", "pytest", "--soak-iterations=3", "--soak-gate=smoke")
    assert done.returncode == 0, done.everything
    assert done.last_line == "PASS for default on calm (3 iterations, sim)"

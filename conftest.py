"""Set-up of the project's own tests; a soak of this checkout leaves them alone.

Properties are tried on the same examples in every run; `--hypothesis-profile=explore` tries
others.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from harness import Workbench
from warm import Warm

ROOT = Path(__file__).parent

with suppress(ImportError):  # a plain install, which soaks but does not test
    from hypothesis import settings

    settings.register_profile("explore", deadline=None)
    settings.register_profile("same", deadline=None, derandomize=True, database=None)
    settings.load_profile("same")


def pytest_configure() -> None:
    """Let the tests' own processes be interrupted, also if a shell runs this in background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Collect no test of the project in a soak."""
    return True if config.getoption("soak_iterations", None) else None


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm | None]:
    """The interpreter that `bench` is forked from; where forking is not safe, none."""
    if sys.platform != "linux":
        yield None
        return
    with closing(Warm()) as interpreter:
        yield interpreter


@pytest.fixture
def shell(tmp_path: Path) -> Workbench:
    """An empty directory in which a user works; each run is a fresh interpreter."""
    directory = tmp_path / "work"
    directory.mkdir()
    return Workbench(directory)


@pytest.fixture
def bench(shell: Workbench, warm: Warm | None) -> Workbench:
    """The same directory; each run is a fork of an interpreter, which costs a fifth."""
    return replace(shell, warm=warm)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel installed, to come first on the import path."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", folder, wheel], check=True, capture_output=True)
    return folder

"""Set-up of the project's own tests; a soak of this checkout leaves them alone.

Properties are tried on the same examples in every run; `--hypothesis-profile=explore` tries
others.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from harness import Workbench
from warm import Warm

from pytest_soak.market.compile import compile_kernel, kernel_is_compiled, load_kernel

ROOT = Path(__file__).parent

with suppress(ImportError):  # a plain install, which soaks but does not test
    from hypothesis import Phase, settings

    settings.register_profile("explore", deadline=None)
    settings.register_profile("same", deadline=None, derandomize=True, database=None)
    same = settings.get_profile("same")
    settings.register_profile("unshrunk", same, phases=(Phase.explicit, Phase.generate))
    settings.load_profile("same")


def pytest_configure() -> None:
    """Let the tests' own processes be interrupted, also if a shell runs this in background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Compile the market before the workers start, each of which would."""
    if not config.getoption("soak_iterations", None) and not kernel_is_compiled():
        compile_kernel()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collect no test of the project in a soak, nor where there is no supervisor its tests."""
    supervised = collection_path == ROOT / "tests" / "process"
    if config.getoption("soak_iterations", None) or (supervised and sys.platform == "win32"):
        return True
    return None


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


Once = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """A folder by its name, filled by the first process of the session that asks for it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, fill: Callable[[Path], None]) -> Path:
        folder = shared / name
        with FileLock(shared / f"{name}.lock"):
            if not folder.exists():
                folder.mkdir()
                fill(folder)
        return folder

    return made


@pytest.fixture(scope="session")
def wheel(once: Once) -> Path:
    """The wheel, built from the checkout."""

    def build(folder: Path) -> None:
        _python("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)

    (built,) = once("wheel", build).glob("*.whl")
    return built


@pytest.fixture(scope="session")
def site(once: Once, wheel: Path) -> Path:
    """A folder with the wheel installed, and the kernel compiled, to come first on the path."""

    def install(folder: Path) -> None:
        pip = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
        _python(*pip, "--target", folder, wheel)
        kernel = Path(str(load_kernel().__file__)).parent
        shutil.copytree(kernel, folder / "pytest_soak/market/__pycache__" / kernel.name)

    return once("site", install)


def _python(*arguments: str | Path, **env: str) -> None:
    command = [sys.executable, *arguments]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | env)

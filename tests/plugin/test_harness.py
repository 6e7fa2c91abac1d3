"""A fork of the warm interpreter does what a fresh interpreter does."""

from __future__ import annotations

import re
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from crashes import contents
from harness import Workbench

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks nowhere else")

BOT = """
    import atexit, os, signal, sys
    from pytest_soak.testing import InstantTarget

    atexit.register(print, "last at exit")
    atexit.register(print, "first at exit")

    class Bot(InstantTarget):
        def run(self, overrides, window):
            assert not os.read(0, 1)
            assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
            print("says", os.getcwd() == sys.path[0], sys.argv[1:], sorted(os.environ))
            print("errs", file=sys.stderr)
            if window.iteration == 2:
                {second}
            return super().run(overrides, window)
"""
OWN = """
    import warnings

    def test_own(soak_iteration):
        warnings.warn("odd")
        number = soak_iteration.run().iteration
        assert number == 1
"""
WRONG = "def test_a():\n    assert 1 == 2\n"
SOAK = ("--soak-iterations=3", "--soak-target=bot:Bot", "--soak-gate=smoke", "-p", "no:randomly")
CACHED = re.compile(r"__pycache__|\.pytest_cache")


@dataclass(frozen=True)
class Example:
    """A directory, what is run in it, and the exit status of that."""

    arguments: tuple[str, ...] = SOAK
    status: int = 0
    second: str = "pass"
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    module: str = "pytest"


EXAMPLES = {
    "soak": Example(),
    "a test": Example((*SOAK, "-rA", "--tb=short"), 1, files={"test_own.py": OWN}),
    "an error": Example((*SOAK, "-s"), 1, "raise ValueError('mine')"),
    "an exit": Example((*SOAK, "-s"), 9, "os._exit(9)"),
    "Ctrl-C": Example((*SOAK, "-s"), 2, "os.kill(os.getpid(), signal.SIGINT)"),
    "a mistake": Example((*SOAK, "--soak-profile=nope"), 4),
    "a workflow": Example(env={"GITHUB_ACTIONS": "true"}),
    "a command": Example(("config", "list"), module="pytest_soak.cli"),
    "no soak": Example(("-p", "no:randomly"), 1, files={"test_a.py": WRONG}),
    "an exit in an import": Example((), 1, files={"conftest.py": "raise SystemExit('out')"}),
}


def seen(bench: Workbench, example: Example) -> tuple[Any, ...]:
    """All that a run does, but for its times and for what is by chance; then it is undone."""
    files = {"bot.py": BOT.format(second=example.second), **example.files}
    for name, text in files.items():
        bench.write(name, text)
    done = bench.module(example.module, *example.arguments, **example.env)
    assert done.returncode == example.status, done.everything
    told = re.sub(r"\d+\.\d\ds|\b[0-9a-f]{32}\b", "_", done.stdout)
    names = {name for name in bench.files() if not CACHED.search(name)}
    left = contents(bench.directory / "artifacts/soak")
    shutil.rmtree(bench.directory)
    bench.directory.mkdir()
    return re.sub("==+", "==", told).splitlines(), done.stderr.splitlines(), names, left


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_a_fork_is_no_different(shell: Workbench, bench: Workbench, example: Example) -> None:
    assert seen(bench, example) == seen(shell, example)


def test_what_only_a_fresh_interpreter_can_do_is_refused(bench: Workbench) -> None:
    with pytest.raises(AssertionError, match="fresh interpreter"):
        bench.pytest(PYTHONPATH="x")


def test_a_run_that_hangs_is_killed(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.HANGS", 0.1)
    bench.write("conftest.py", "import time\n\ntime.sleep(600)\n")
    assert bench.pytest().returncode == -signal.SIGKILL

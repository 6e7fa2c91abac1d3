"""Running pytest sessions and commands in a directory of their own.

A `Workbench` runs them in forks of a warm interpreter or, without one, in fresh interpreters.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any, Protocol

from warm import AT_START, Run, Warm

MARKER = re.compile(r"^\| (?P<tag>\w+) \| (?P<body>.*) \|$")
INSTANT = "--soak-target=pytest_soak.testing:InstantTarget"
HANGS = 600
"""Seconds after which what a test waits for will never come, however slow the machine is."""
OTHERS = (
    "hypothesispytest",
    "pytest_cov",
    "html",
    "metadata",
    "pytest-reportlog",
    "rerunfailures",
    "randomly",
)
ALONE = " ".join(f"-p no:{name}" for name in OTHERS)
"""Leaves out plugins of others that a session does not ask for, a quarter of what it costs."""
_OURS = ("SOAK_", "MM_RUNTIME_", "KPI_GATE_", "PYTEST_", "GITHUB_", "USE_MOCK", "COV_")


@dataclass(frozen=True)
class Outcome:
    """What a finished process left."""

    returncode: int
    stdout: str
    stderr: str
    directory: Path

    @property
    def lines(self) -> list[str]:
        return self.stdout.splitlines()

    @property
    def last_line(self) -> str:
        return self.lines[-1]

    @property
    def everything(self) -> str:
        return self.stdout + self.stderr

    def markers(self, start: str = "") -> list[str]:
        return [line for line in self.lines if MARKER.match(line) and line.startswith(start)]

    def summaries(self) -> list[str]:
        return self.markers("| iter_watch | SUMMARY |")

    def artifact(self, name: str) -> Any:
        path = self.directory / "artifacts" / "soak" / "latest" / name
        return json.loads(path.read_text(encoding="utf-8"))

    def iteration_files(self, lane: str = "") -> list[str]:
        home = self.directory / "artifacts" / "soak" / "latest" / lane
        return sorted(path.name for path in home.glob("ITER_SUMMARY_*.json"))


class Process(Protocol):
    """A process that was started."""

    pid: int

    def wait(self, timeout: float) -> int:
        """Its exit status, negative for a signal."""
        ...


@dataclass(frozen=True)
class Workbench:
    """An empty directory in which a user works; with `warm`, faster.

    With `addopts` empty the plugins of others are there, too.
    """

    directory: Path
    warm: Warm | None = None
    addopts: str = ALONE

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()  # one of the same second and size is taken for that of the new text
        return path

    def environment(self, extra: dict[str, str]) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_OURS) and k != "CI"}
        usual = {"PYTHONIOENCODING": "utf-8", "COLUMNS": "120", "PYTEST_ADDOPTS": self.addopts}
        return kept | usual | extra

    def run(self, *command: str, **env: str) -> Outcome:
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=HANGS,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr, self.directory)

    def beside(self, name: str) -> Workbench:
        """Another directory, in or beside this one, in which the same user works."""
        directory = self.directory / name
        directory.mkdir(parents=True)
        return replace(self, directory=directory)

    def fresh(self) -> Workbench:
        """The same directory, in which each run is a fresh interpreter."""
        return replace(self, warm=None)

    def module(self, name: str, *args: str, **env: str) -> Outcome:
        """`python -m name args...`."""
        if self.warm is None:
            return self.run(sys.executable, "-m", name, *args, **env)
        assert not any(key.startswith(AT_START) for key in env), "this needs a fresh interpreter"
        with TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            environment = self.environment(env)
            run = Run(name, args, str(self.directory), environment, str(out), str(err))
            status = self.warm.start(run).wait(HANGS)
            return Outcome(status, _text(out), _text(err), self.directory)

    def start(self, name: str, *args: str) -> Process:
        """`python -m name args...`, which goes on, and whose output nobody sees."""
        environment = self.environment({})
        if self.warm is None:
            return subprocess.Popen(
                [sys.executable, "-m", name, *args],
                cwd=self.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        run = Run(name, args, str(self.directory), environment, os.devnull, os.devnull)
        return self.warm.start(run)

    def pytest(self, *args: str, **env: str) -> Outcome:
        return self.module("pytest", *args, **env)

    def soak(self, iterations: int | str, *args: str, **env: str) -> Outcome:
        return self.pytest(f"--soak-iterations={iterations}", *args, **env)

    def command(self, *args: str, **env: str) -> Outcome:
        return self.module("pytest_soak.cli", *args, **env)

    def files(self) -> set[str]:
        return {str(path.relative_to(self.directory)) for path in self.directory.rglob("*")}


def _text(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.read()


def wait_for(path: Path, seconds: float = HANGS) -> None:
    """Wait until another process has written `path`."""
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} did not appear"
        time.sleep(0.02)

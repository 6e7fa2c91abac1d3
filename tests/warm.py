"""Processes that are ready at once: forked from an interpreter that has imported everything.

Most of what a short session costs is its imports. `Warm` keeps one interpreter, this file run as a
script, which has them done and forks for each run. A run is a process like any other, with streams,
directory, environment, signals and an end of its own; only what depends on how an interpreter
starts, or on what it has not imported yet, needs a fresh one.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Timer
from typing import NoReturn

AT_START = ("PYTHON", "NUMBA_")
"""Prefixes of the variables that are read when an interpreter starts, or numba is imported."""
_AS_MAIN = ("pytest_soak.cli",)


@dataclass(frozen=True)
class Run:
    """`python -m module arguments...` in a directory, with the files that take its output."""

    module: str
    arguments: Sequence[str]
    directory: str
    environment: Mapping[str, str]
    stdout: str
    stderr: str


class Warm:
    """The warm interpreter, seen from a test: runs one process after the other."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, run: Run, timeout: float) -> int:
        """The exit status of a run, negative for a signal; TimeoutError kills what goes on."""
        assert self._server.stdin is not None
        self._server.stdin.write(f"{json.dumps(asdict(run))}\n")
        self._server.stdin.flush()
        late = Timer(timeout, os.kill, (self._answer(), signal.SIGKILL))
        late.start()
        status = self._answer()
        late.cancel()
        if late.finished.is_set() and status == -signal.SIGKILL:
            pass
        return status

    def _answer(self) -> int:
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())

    def close(self) -> None:
        """End the interpreter."""
        self._server.communicate()


def main() -> None:
    """Answer each request with a process id, then with an exit status."""
    _import_everything()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _become(Run(**json.loads(line)))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _import_everything() -> None:
    import pytest

    nowhere = Path(os.devnull).open("w")
    with tempfile.TemporaryDirectory() as empty, chdir(empty), redirect_stdout(nowhere):
        pytest.main(["--collect-only", "-p", "no:cacheprovider"])
    import pytest_soak

    for module in pkgutil.walk_packages(pytest_soak.__path__, "pytest_soak."):
        if module.name not in _AS_MAIN:
            importlib.import_module(module.name)
    from pytest_soak.market.recording import record_feed

    record_feed(minutes=1)


def _become(run: Run) -> NoReturn:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, (path, flags) in enumerate(
        [(os.devnull, os.O_RDONLY), (run.stdout, os.O_WRONLY), (run.stderr, os.O_WRONLY)]
    ):
        opened = os.open(path, flags)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(run.environment)
    os.chdir(run.directory)
    sys.path[0] = run.directory
    sys.argv[:] = [run.module, *run.arguments]
    importlib.invalidate_caches()
    tempfile.tempdir = None
    runpy.run_module(run.module, run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    main()

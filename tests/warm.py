"""Processes that are ready at once: forked from an interpreter that has imported everything.

Most of what a short session costs is its imports. `Warm` keeps one interpreter, this file run as a
script, which has them done and forks for each run. A run is a process like any other, with streams,
directory, environment, signals and an end of its own; only what depends on how an interpreter
starts, or on what it has not imported yet, needs a fresh one.
"""

from __future__ import annotations

import atexit
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
from io import StringIO
from threading import Timer

AT_START = ("PYTHON", "NUMBA_")
"""Prefixes of the variables that are read when an interpreter starts, or numba is imported."""
_AS_MAIN = "pytest_soak.cli"


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
            [sys.executable, __file__],
            env=os.environ | {"PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, run: Run, timeout: float) -> int:
        """The exit status of a run, negative for a signal; one that hangs is killed."""
        assert self._server.stdin is not None
        self._server.stdin.write(f"{json.dumps(asdict(run))}\n")
        self._server.stdin.flush()
        guard = Timer(timeout, os.kill, (self._answer(), signal.SIGKILL))
        guard.start()
        try:
            return self._answer()
        finally:
            guard.cancel()

    def _answer(self) -> int:
        assert self._server.stdout is not None
        line = self._server.stdout.readline()
        assert line, "the warm interpreter has ended; what it said is on stderr"
        return int(line)

    def close(self) -> None:
        """End the interpreter."""
        self._server.communicate()


def main() -> None:
    """Answer each request with a process id, then with an exit status."""
    ending = Ending()
    _import_everything()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            ending.run(Run(**json.loads(line)))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _import_everything() -> None:
    """What sessions and commands import, through pytest where it rewrites assertions.

    A session has read what ships with the package, and compiled the templates and the kernel.
    """
    import pytest

    with tempfile.TemporaryDirectory() as empty, chdir(empty), redirect_stdout(StringIO()):
        pytest.main(["--soak-iterations=1", "--soak-gate=smoke", "-p", "no:cacheprovider"])
    import pytest_soak
    from pytest_soak.storage import files

    for module in pkgutil.walk_packages(pytest_soak.__path__, "pytest_soak."):
        if module.name != _AS_MAIN:
            importlib.import_module(module.name)
    files._owner = None  # the session is over; each fork may be one


class Ending:
    """Ends a forked process as the interpreter would, but leaves out what only frees memory."""

    def __init__(self) -> None:
        self._status: int | None = None
        atexit.register(self._end)  # the first to register is the last to be called

    def run(self, run: Run) -> None:
        """Become the process that was asked for."""
        self._status = 1
        try:
            _become(run)
            self._status = 0
            sys.exit()
        except SystemExit as error:
            self._status = (
                error.code if isinstance(error.code, int) else int(error.code is not None)
            )
            raise

    def _end(self) -> None:
        if self._status is not None:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(self._status)


def _become(run: Run) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    write = os.O_WRONLY | os.O_CREAT
    streams = (os.devnull, os.O_RDONLY), (run.stdout, write), (run.stderr, write)
    for number, (path, flags) in enumerate(streams):
        opened = os.open(path, flags)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(run.environment)
    os.chdir(run.directory)
    sys.path[0] = run.directory
    sys.argv[:] = [run.module, *run.arguments]
    tempfile.tempdir = None
    importlib.invalidate_caches()
    runpy.run_module(run.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

"""Processes that are ready at once: forked from an interpreter that has imported everything.

Most of what a short session costs is its imports. `Warm` keeps one interpreter, this file run as a
script, which has them done and forks for each run. A run is a process like any other, with streams,
directory, environment, signals and an end of its own; only what depends on how an interpreter
starts, or on what it has not imported yet, needs a fresh one. `python warm.py SOCKET MODULE ...`
asks for a run from a shell.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stdout
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from threading import Timer

AT_START = ("PYTHON", "NUMBA_")
"""Prefixes of the variables that are read when an interpreter starts, or numba is imported."""
_AS_MAIN = ("pytest_soak.cli", "pytest_soak.__main__")


@dataclass(frozen=True)
class Run:
    """`python -m module arguments...` in a directory, with the files that take its output."""

    module: str
    arguments: Sequence[str]
    directory: str
    environment: Mapping[str, str]
    stdout: str
    stderr: str


class Started:
    """A run that was asked for, by its process id."""

    def __init__(self, path: str, run: Run) -> None:
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(path)
            self._answers = asked.makefile()
            asked.sendall(f"{json.dumps(asdict(run))}\n".encode())
        self.pid = self._answer()

    def wait(self, timeout: float) -> int:
        """The exit status of the run, negative for a signal; one that hangs is killed."""
        guard = Timer(timeout, os.kill, (self.pid, signal.SIGKILL))
        guard.start()
        try:
            return self._answer()
        finally:
            guard.cancel()

    def _answer(self) -> int:
        line = self._answers.readline()
        assert line, "the warm interpreter has ended; what it said is on stderr"
        return int(line)


class Warm:
    """The warm interpreter, seen from a test: runs one process after the other."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.path = str(Path(self._folder.name, "socket"))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.path)
            listener.listen()
            self._server = subprocess.Popen(
                [sys.executable, __file__, str(listener.fileno())],
                env=os.environ | {"PYTHONIOENCODING": "utf-8"},
                stdin=subprocess.PIPE,
                pass_fds=[listener.fileno()],
            )

    def start(self, run: Run) -> Started:
        """Begin a run; the next one begins when it has ended."""
        return Started(self.path, run)

    def asked(self) -> str:
        """The shell's command that a module and its arguments are put behind."""
        return shlex.join(["exec", sys.executable, "-IS", __file__, self.path])

    def close(self) -> None:
        """End the interpreter."""
        self._server.communicate()
        self._folder.cleanup()


def serve(listener: socket.socket) -> None:
    """Answer each request with a process id, then with an exit status, until stdin is closed."""
    ending = Ending()
    _import_everything()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        asked = listener.accept()[0]
        with asked, asked.makefile("rw") as lines:
            run = Run(**json.loads(lines.readline()))
            child = os.fork()
            if not child:
                ending.run(run)
            print(child, file=lines, flush=True)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=lines, flush=True)


def ask(path: str, module: str, *arguments: str) -> int:
    """Run a module here and now, as `python -m` would; the exit status as a shell has it."""
    out, err = (f"/proc/{os.getpid()}/fd/{number}" for number in (1, 2))
    run = Run(module, arguments, str(Path.cwd()), dict(os.environ), out, err)
    status = Started(path, run).wait(600)
    return status if status >= 0 else 128 - status


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
        if module.name not in _AS_MAIN:
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
    write = os.O_WRONLY | os.O_CREAT | os.O_APPEND
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
    if len(sys.argv) > 2:
        sys.exit(ask(*sys.argv[1:]))
    serve(socket.socket(fileno=int(sys.argv[1])))

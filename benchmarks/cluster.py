"""Lanes on a dask cluster of this machine, one of whose workers is killed: the same bytes.

    python -m benchmarks.cluster [--lanes 8] [--hours 6] [--workers 2]

Needs `pip install 'pytest-soak[cluster]'`. Starts a scheduler and workers by dask's own commands on
127.0.0.1, soaks the reference maker by pytest here and there, kills a worker by SIGKILL when a
third of the windows are done, and compares all files of the two runs but for times and `meta`.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from crashes import contents

HANGS = 600


@contextmanager
def program(*arguments: str, log: Path) -> Iterator[None]:
    """A command of dask, which is ended with the block."""
    command = [sys.executable, "-m", "dask", *arguments]
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.terminate()
            process.wait(HANGS)


@contextmanager
def cluster(workers: int, folder: Path) -> Iterator[str]:
    """The HOST:PORT of a scheduler that has so many workers, each a process with one thread."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    address, log = f"127.0.0.1:{port}", folder / "dask.log"
    with ExitStack() as stack:
        listens = ("--host", "127.0.0.1", "--port", port, "--no-dashboard")
        stack.enter_context(program("scheduler", *listens, log=log))
        one = ("--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
        place = ("--local-directory", str(folder))
        for _ in range(workers):
            stack.enter_context(program("worker", f"tcp://{address}", *one, *place, log=log))
        _wait_for_workers(address, workers)
        yield address


def _wait_for_workers(address: str, workers: int) -> None:
    from distributed import Client

    deadline = time.monotonic() + HANGS
    while True:
        try:
            with Client(address, timeout=5, set_as_default=False) as client:
                client.wait_for_workers(workers, timeout=HANGS)
                return
        except OSError:
            if time.monotonic() > deadline:
                raise


def kill_one(address: str) -> None:
    """End a worker as the system would for want of memory."""
    from distributed import Client

    with Client(address, timeout=5, set_as_default=False) as client:
        worker, pid = sorted(client.run(os.getpid).items())[0]
    os.kill(pid, signal.SIGKILL)
    print(f"killed the worker at {worker}, process {pid}", flush=True)


def soaked(
    folder: Path, lanes: int, hours: int, *more: str, disturb: Callable[[], None] | None = None
) -> Path:
    """The artifact root of a soak, which is disturbed when a third of its windows are done."""
    folder.mkdir()
    root = folder / "artifacts" / "soak"
    asked = (f"--soak-iterations={hours}", f"--soak-seed=1..{lanes}", "--soak-gate=smoke")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *asked, *more]
    began, cpu = time.monotonic(), _children()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None and disturb is not None:
            time.sleep(0.05)
            if len([*root.rglob("ITER_SUMMARY_[0-9]*.json")]) >= lanes * hours // 3:
                disturb()
                break
        output, _ = process.communicate(timeout=HANGS)
    last = output.splitlines()[-1] if output else "nothing was printed"
    wall, cpu = time.monotonic() - began, _children() - cpu
    print(f"{folder.name}: {last}; {wall:.1f} s, {cpu:.1f} CPU-s of pytest", flush=True)
    return root


def _children() -> float:
    """CPU seconds of the processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lanes", type=int, default=8)
    parser.add_argument("--hours", type=int, default=6)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    size = given.lanes, given.hours
    with TemporaryDirectory() as name:
        folder = Path(name)
        here = contents(soaked(folder / "here", *size))
        with cluster(given.workers, folder) as address:
            where = f"--soak-cluster=dask://{address}"
            root = soaked(folder / "there", *size, where, disturb=lambda: kill_one(address))
        there = contents(root)
    other = sorted(name for name in here | there if here.get(name) != there.get(name))
    print(
        f"{len(here)} files: {f'different: {chr(10).join(other)}' if other else 'the same bytes'}"
    )
    return 1 if other else 0


if __name__ == "__main__":
    sys.exit(main())

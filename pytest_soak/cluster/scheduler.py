"""A dask scheduler that is there already, and its workers."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from logging import CRITICAL, getLogger
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from pytest_soak.cluster.remote import OPTION, Cluster, Pending
from pytest_soak.cluster.task import Answer, WindowTask, facts, run_packed, why_not
from pytest_soak.errors import ClusterError, SoakUsageError, TargetError, one_line, told

Result = TypeVar("Result")

CONNECT_SECONDS = 10.0
PATIENCE_SECONDS = 60.0
"""How long a cluster may be without any worker: one that died is soon replaced."""
LOOK_SECONDS = 10.0
WINDOWS_A_WORKER = 2
"""One that runs, and one that waits for it."""


@contextmanager
def connected(address: str, target: str, rootdir: Path) -> Iterator[Cluster]:
    """The cluster whose scheduler is at HOST:PORT, where every worker is able to run `target`.

    Raises SoakUsageError where that is not so.
    """
    if target.startswith("__main__:"):
        problem = f"{target} is known to this script alone"
        raise SoakUsageError(OPTION, f"{problem}; put it into a module that workers can import")
    client = _client(address)
    try:
        workers = _able_workers(client, address, target, rootdir)
        yield DaskCluster(client, address, WINDOWS_A_WORKER * workers)
    finally:
        client.close()


def _client(address: str) -> Any:
    try:
        import distributed
    except ImportError:
        problem = "needs dask's scheduler; pip install 'pytest-soak[cluster]'"
        raise SoakUsageError(OPTION, problem) from None
    for name in ("distributed", "distributed.client"):  # what they say with tracebacks, we say
        getLogger(name).setLevel(CRITICAL)
    make = partial(distributed.Client, address, timeout=CONNECT_SECONDS, set_as_default=False)
    try:
        return _within(CONNECT_SECONDS, make)
    except OSError:
        problem = f"no dask scheduler answers at {address} within {CONNECT_SECONDS:g} s"
        raise SoakUsageError(OPTION, f"{problem}; start one by: dask scheduler") from None
    except Exception as error:
        problem = f"what answers at {address} is no dask scheduler: {told(error)}"
        raise SoakUsageError(OPTION, f"{problem}; give its address") from None


def _able_workers(client: Any, address: str, target: str, rootdir: Path) -> int:
    """How many workers there are; SoakUsageError unless there is one, and all are able."""
    ask = partial(client.run, why_not, facts(), target, rootdir, on_error="return")
    try:
        found = _within(PATIENCE_SECONDS, ask)
    except OSError as error:
        problem = f"the workers of {address} do not answer: {told(error)}"
        raise SoakUsageError(OPTION, f"{problem}; start them anew") from None
    for worker, problem in sorted(found.items()):
        if isinstance(problem, BaseException):
            problem = f"cannot use pytest_soak ({told(problem)}); install the same version there"
        if problem is not None:
            raise SoakUsageError(OPTION, f"the worker at {worker} {problem}")
    if not found:
        problem = f"the scheduler at {address} has no worker"
        raise SoakUsageError(OPTION, f"{problem}; start one by: dask worker {address}")
    return len(found)


def _within(seconds: float, call: Callable[[], Result]) -> Result:
    """What `call` gives, in a thread of its own; TimeoutError where it takes longer.

    dask's own limits do not hold against a server that is none of dask's and says nothing.
    """
    outcome: Future[Result] = Future()

    def settle() -> None:
        try:
            outcome.set_result(call())
        except Exception as error:
            outcome.set_exception(error.with_traceback(None))  # its frames hold what was half made

    Thread(target=settle, daemon=True).start()
    return outcome.result(seconds)


class DaskCluster:
    """Sends windows to a scheduler, which sends them again where a worker dies."""

    def __init__(self, client: Any, address: str, at_once: int) -> None:
        self.at_once = at_once
        self._client = client
        self._address = address
        self._lost: str | None = None

    def submit(self, task: WindowTask) -> Pending:
        """Send a window."""
        future = None
        if self._lost is None:
            try:
                future = self._client.submit(run_packed, pickle.dumps(task), pure=False)
            except Exception as error:
                self._lost = told(error)
        return _Future(self, future)

    def answer(self, future: Any) -> Answer:
        """Wait for a window; ClusterError where none will come, of this one or any later one."""
        packed = None if future is None else self._wait(future)
        if packed is None:
            problem = one_line(f"{self._address} gives no results: {self._lost}")
            raise ClusterError(f"{OPTION}: {problem}; start it again, and go on with --soak-resume")
        found = pickle.loads(packed)
        if isinstance(found, Exception):
            raise found
        return found  # type: ignore[no-any-return]

    def forget(self, future: Any) -> None:
        """Take a window back, as far as there is still somebody to tell."""
        if self._lost is None:
            with suppress(Exception):
                future.cancel()

    def _wait(self, future: Any) -> bytes | None:
        """What came of a window; None, and `_lost` why, where nothing will."""
        looks = 0
        while self._lost is None:
            try:
                return future.result(timeout=LOOK_SECONDS)  # type: ignore[no-any-return]
            except Exception as error:
                if isinstance(error, TimeoutError) and not future.done():
                    looks = 0 if self._has_workers() else looks + 1
                    if looks * LOOK_SECONDS >= PATIENCE_SECONDS:
                        self._lost = f"no worker has been there for {PATIENCE_SECONDS:g} s"
                elif type(error).__name__ == "KilledWorker":
                    problem = f"each worker that ran the window died: {error}"
                    raise TargetError(problem) from None
                else:
                    self._lost = told(error)
        return None

    def _has_workers(self) -> bool:
        try:
            return bool(self._client.scheduler_info()["workers"])
        except Exception as error:
            self._lost = told(error)
            return False


class _Future:
    """A window under way, or one that could not be sent."""

    def __init__(self, cluster: DaskCluster, future: Any) -> None:
        self._cluster = cluster
        self._future = future

    def result(self) -> Answer:
        """What came of it."""
        return self._cluster.answer(self._future)

    def cancel(self) -> None:
        """Let the scheduler forget it."""
        if self._future is not None:
            self._cluster.forget(self._future)

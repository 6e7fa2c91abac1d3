"""How a dask scheduler is found, asked and waited for; it stands in for itself."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from builders import usage_error
from harness import HANGS

from pytest_soak.cluster import scheduler
from pytest_soak.cluster.scheduler import DaskCluster, connected
from pytest_soak.errors import ClusterError, TargetError


class KilledWorker(Exception):  # noqa: N818 - dask's name
    pass


class Future:
    """Gives, or raises, one of `outcomes` after the other."""

    def __init__(self, *outcomes: Any) -> None:
        self._outcomes = list(outcomes)
        self.cancelled = False

    def result(self, timeout: float) -> Any:
        found = self._outcomes.pop(0)
        if isinstance(found, BaseException):
            raise found
        return found

    def done(self) -> bool:
        return not self._outcomes

    def cancel(self) -> None:
        self.cancelled = True


class Client:
    """A client of a scheduler whose workers answer `said` when they are asked."""

    def __init__(self, *futures: Future, workers: int = 1, said: Any = None) -> None:
        self.futures: Iterator[Future] = iter(futures)
        self.workers = workers
        self.said = said
        self.closed = False

    def submit(self, function: Any, task: bytes, pure: bool) -> Future:
        assert isinstance(task, bytes)
        assert not pure, "a window that is asked for twice is run twice"
        return next(self.futures)

    def run(self, function: Any, *given: Any, on_error: str) -> dict[str, Any]:
        return {f"tcp://w:{n}": self.said for n in range(self.workers)}

    def scheduler_info(self) -> dict[str, Any]:
        return {"workers": dict.fromkeys(range(self.workers))}

    def close(self) -> None:
        self.closed = True


def answer(*outcomes: Any, workers: int = 1) -> Any:
    cluster = DaskCluster(Client(Future(*outcomes), workers=workers), "h:1", 2)
    return cluster.submit(()).result()  # type: ignore[arg-type]


GOOD = pickle.dumps("good")


def test_an_answer_is_waited_for_as_long_as_there_are_workers() -> None:
    waits = [TimeoutError() for _ in range(100)]
    assert answer(*waits, GOOD) == "good"


def test_what_a_window_failed_by_is_raised() -> None:
    with pytest.raises(TargetError, match="no book"):
        answer(pickle.dumps(TargetError("no book")))


def test_a_window_that_kills_worker_after_worker_fails() -> None:
    with pytest.raises(TargetError, match="each worker that ran the window died: 4 died"):
        answer(KilledWorker("4 died"))


def test_without_any_worker_nobody_waits_for_ever() -> None:
    waits = [TimeoutError() for _ in range(100)]
    with pytest.raises(ClusterError, match="h:1 gives no results: no worker has been there for 60"):
        answer(*waits, workers=0)


def test_a_worker_that_comes_back_in_time_is_waited_for() -> None:
    client = Client(workers=0)

    class Restarted(Future):
        def result(self, timeout: float) -> Any:
            client.workers = int(len(self._outcomes) % 5 == 0)
            return super().result(timeout)

    client.futures = iter([Restarted(*[TimeoutError() for _ in range(20)], GOOD)])
    pending = DaskCluster(client, "h:1", 2).submit(())  # type: ignore[arg-type]
    assert pending.result() == "good"  # type: ignore[comparison-overlap]


def test_a_lost_scheduler_is_told_of_at_once_by_all_windows() -> None:
    client = Client(Future(RuntimeError("connection\nlost")), Future())
    cluster = DaskCluster(client, "h:1", 2)
    both = [cluster.submit(()) for _ in range(2)]  # type: ignore[arg-type]
    for number in range(3):
        pending = both[number] if number < 2 else cluster.submit(())  # type: ignore[arg-type]
        with pytest.raises(ClusterError) as caught:
            pending.result()
        assert str(caught.value) == (
            "--soak-cluster: h:1 gives no results: RuntimeError: connection lost; "
            "start it again, and go on with --soak-resume"
        )


def test_a_time_limit_that_is_a_result_is_no_reason_to_wait() -> None:
    with pytest.raises(ClusterError, match="TimeoutError"):
        answer(TimeoutError())


def test_a_window_that_nobody_waits_for_is_cancelled() -> None:
    future = Future()
    DaskCluster(Client(future), "h:1", 2).submit(()).cancel()  # type: ignore[arg-type]
    assert future.cancelled


def test_where_nobody_is_left_to_be_told_nothing_is_cancelled() -> None:
    future = Future()
    cluster = DaskCluster(Client(Future(OSError("lost")), future), "h:1", 2)
    lost, other = (cluster.submit(()) for _ in range(2))  # type: ignore[arg-type]
    with pytest.raises(ClusterError):
        lost.result()
    other.cancel()
    assert not future.cancelled


def connect(folder: Path) -> int:
    with connected("h:8786", "sim", folder) as cluster:
        return cluster.at_once


@pytest.fixture
def dask(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    def install(client: Any) -> None:
        def make(address: str, timeout: float, set_as_default: bool) -> Any:
            assert (address, set_as_default) == ("h:8786", False)
            if isinstance(client, BaseException):
                raise client
            return client

        monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=make))

    return install


def test_two_windows_a_worker_are_under_way(tmp_path: Path, dask: Callable[[Any], None]) -> None:
    client = Client(workers=3)
    dask(client)
    assert connect(tmp_path) == 3 * scheduler.WINDOWS_A_WORKER
    assert client.closed


@pytest.mark.parametrize("silent", ["Client", "run"])
def test_a_server_that_says_nothing_is_not_waited_for(
    tmp_path: Path,
    dask: Callable[[Any], None],
    monkeypatch: pytest.MonkeyPatch,
    silent: str,
) -> None:
    monkeypatch.setattr(scheduler, "CONNECT_SECONDS", 0.05)
    monkeypatch.setattr(scheduler, "PATIENCE_SECONDS", 0.05)
    client, end = Client(), Event()
    dask(client)
    place = sys.modules["distributed"] if silent == "Client" else client
    monkeypatch.setattr(place, silent, lambda *given, **more: end.wait(HANGS))
    problem = usage_error(lambda: connect(tmp_path))
    end.set()
    assert ("no dask scheduler answers" if silent == "Client" else "do not answer") in problem


@pytest.mark.parametrize(
    ("client", "problem"),
    [
        (OSError("timed out"), "no dask scheduler answers at h:8786 within 10 s; start one by"),
        (TypeError("no such key"), "what answers at h:8786 is no dask scheduler: TypeError: no su"),
        (Client(workers=0), "the scheduler at h:8786 has no worker; start one by: dask worker h:8"),
        (Client(workers=2, said="has kernel 1"), "the worker at tcp://w:0 has kernel 1"),
        (
            Client(said=ModuleNotFoundError("No module named 'pytest_soak'")),
            "the worker at tcp://w:0 cannot use pytest_soak (ModuleNotFoundError: No module named "
            "'pytest_soak'); install the same version there",
        ),
    ],
)
def test_a_cluster_that_cannot_be_used_is_refused(
    tmp_path: Path, dask: Callable[[Any], None], client: Any, problem: str
) -> None:
    dask(client)
    assert usage_error(lambda: connect(tmp_path)).startswith(f"--soak-cluster: {problem}")
    assert getattr(client, "closed", True)


def test_what_a_script_has_in_itself_is_refused(tmp_path: Path) -> None:
    def soak() -> None:
        with connected("h:8786", "__main__:Bot", tmp_path):
            pass

    assert "__main__:Bot is known to this script alone; put it into" in usage_error(soak)


def test_without_the_extra_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    found = usage_error(lambda: connect(tmp_path))
    assert found == "--soak-cluster: needs dask's scheduler; pip install 'pytest-soak[cluster]'"

"""`--soak-metrics-port`: the run's events as metrics that Prometheus scrapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from pytest_soak.engine.events import Event
from pytest_soak.errors import SoakUsageError
from pytest_soak.metrics.board import MOST_LANES, Series
from pytest_soak.metrics.follow import Follower
from pytest_soak.run.settings import Settings
from pytest_soak.version import __version__

if TYPE_CHECKING:
    from pytest_soak.metrics.server import MetricsServer

OPTION = "metrics-port"
_NAMES = {"env": "SOAK_METRICS_PORT", "ini": "ini soak_metrics_port"}


class Metrics:
    """A handler that keeps the metrics, and serves them from now on until `stop`.

    `told` is told once where not every lane has series of its own. Raises SoakUsageError where the
    port cannot be had, or what it takes is not installed.
    """

    reads_only = True
    optional = True

    def __init__(self, settings: Settings, told: Callable[[str], None] = lambda _: None) -> None:
        self._told = told
        self._lock = Lock()
        self._follower = Follower(
            settings.lanes(), settings.iterations, __version__, settings.target
        )
        self._server = _serve(settings, self._series)

    @property
    def address(self) -> str:
        """Where the metrics are."""
        return self._server.address

    def start(self, settings: Settings) -> None:
        """The run begins."""
        aside = self._follower.board.aside
        if aside:
            self._told(
                f"metrics: {aside} lanes beyond the first {MOST_LANES} have no series of their own;"
                ' their counts are together in lane="other"'
            )

    def handle(self, event: Event) -> None:
        """Something happened."""
        with self._lock:
            self._follower.take(event)

    def close(self) -> None:
        """The run is over; what it came to can still be scraped."""

    def stop(self) -> None:
        """Serve no more."""
        self._server.close()

    def _series(self) -> list[Series]:
        with self._lock:
            return list(self._follower.board.series())


@contextmanager
def served(settings: Settings) -> Iterator[list[Metrics]]:
    """The metrics of a soak that asks for them, none of any other; errors as of `Metrics`."""
    if settings.metrics_port is None:
        yield []
        return
    metrics = Metrics(settings)
    try:
        yield [metrics]
    finally:
        metrics.stop()


def _serve(settings: Settings, series: Callable[[], list[Series]]) -> MetricsServer:
    at = _NAMES.get(settings.sources.get(OPTION, ""), f"--soak-{OPTION}")
    port = settings.metrics_port
    assert port is not None
    try:
        from pytest_soak.metrics.exposition import registry_of
        from pytest_soak.metrics.server import MetricsServer
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "prometheus_client":
            raise
        problem = "needs prometheus-client; pip install 'pytest-soak[live]'"
        raise SoakUsageError(at, problem) from None
    try:
        return MetricsServer(port, registry_of(series))
    except OSError as error:
        problem = f"port {port} of 127.0.0.1 cannot be had: {error.strerror or error}; give another"
        raise SoakUsageError(at, problem) from None

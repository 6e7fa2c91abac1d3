"""What a soak exports, read as Prometheus reads it."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any
from urllib.request import Request, urlopen

from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from pytest_soak.metrics.board import Series
from pytest_soak.metrics.exposition import registry_of

_openmetrics: Any = openmetrics.generate_latest
_families: Any = text_string_to_metric_families
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]
"""Values by the name of a sample and its labels, sorted."""


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def get(port: int, accept: str = OPENMETRICS, **headers: str) -> str:
    request = Request(f"http://127.0.0.1:{port}/metrics", headers={"Accept": accept, **headers})
    with urlopen(request, timeout=60) as answer:
        return str(answer.read().decode())


def plain_text(series: Iterable[Series]) -> str:
    return generate_latest(registry_of(lambda: series)).decode()


def scraped(series: Iterable[Series]) -> Samples:
    """The series as a scrape has them; ValueError for what is no OpenMetrics."""
    return parsed(_openmetrics(registry_of(lambda: series)).decode())


def parsed(text: str) -> Samples:
    found: Samples = {}
    for family in _families(text):
        for sample in family.samples:
            labels = tuple(sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def one(samples: Samples, name: str, **labels: str) -> float:
    """The value of the only sample with these labels, whatever others it has."""
    wanted = set(labels.items())
    (value,) = [v for key, v in samples[name].items() if wanted <= set(key)]
    return value

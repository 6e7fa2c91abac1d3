"""Figures from users' files: one name for each, however the file calls it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pytest_soak.config.documents import Document, kind_of, read_document
from pytest_soak.errors import SoakUsageError, nearest
from pytest_soak.gates.model import range_of
from pytest_soak.kpi.definitions import KNOWN
from pytest_soak.number import number

OTHER_NAMES = {
    "hit_ratio": "md_cache_hit_ratio",
    "md_cache.hit_ratio": "md_cache_hit_ratio",
    "deadline_miss_rate": "deadline_miss_ratio",
    "tick_total.deadline_miss_ratio": "deadline_miss_ratio",
    "tick_total.deadline_miss_rate": "deadline_miss_ratio",
    "fetch_md_p95": "fetch_md_p95_ms",
    "stages.fetch_md.p95_ms": "fetch_md_p95_ms",
    "tick_total_p95": "tick_total_p95_ms",
    "tick_total.p95_ms": "tick_total_p95_ms",
    "tick_count": "ticks",
    "duration_min": "minutes",
    "hours": "covered_hours",
}
"""How files call a figure, and its name here; parts of a nested name are parted by dots."""
_SUMMARY = "summary."
MAKER, TAKER = "maker_taker_ratio", "taker_share_pct"


class Figure(NamedTuple):
    """A figure, or None and why there is none."""

    value: float | None
    lack: str = ""


class Figures(NamedTuple):
    """The figures of files by name."""

    values: Mapping[str, object]

    def get(self, name: str) -> Figure:
        """The figure called `name`, if it is a number that such a figure can be."""
        if name not in self.values:
            others = [other for other in self.values if other not in KNOWN and other != TAKER]
            near = nearest(name, others)
            hint = f"; {near}" if near.startswith("did you mean") else ""
            return Figure(None, f"not given{hint}")
        value = number(self.values[name])
        if value is None:
            return Figure(None, f"no number but {kind_of(self.values[name])}")
        low, high = (0.0, 100.0) if name == TAKER else range_of(name)
        if not math.isfinite(value):
            return Figure(None, f"{value} is no measurement")
        if not low <= value <= high:
            return Figure(None, f"{value:.6g} cannot be, it is from {low:g} to {high:g}")
        return Figure(value)


def read_mapping(path: Path, source: str) -> Document:
    """A file with a mapping, called `source` in messages; SoakUsageError where it is none."""
    document = read_document(path, source, finite=False)
    if not isinstance(document.data, dict):
        document.fail((), f"expected figures by name, got {kind_of(document.data)}")
    return document


def figures_of(documents: Iterable[Document]) -> Figures:
    """All figures of files together; SoakUsageError for one that two of them say otherwise."""
    found: dict[str, object] = {}
    for document in documents:
        for name, value in named(document.data).items():
            if name in found and found[name] != value:
                problem = f"{name} is {value}, and was {found[name]}; keep one of them"
                raise SoakUsageError(document.source, problem)
            found[name] = value
    return Figures(found)


def named(data: Mapping[str, Any]) -> dict[str, object]:
    """Nested figures by their names here; of two names for one, that of here counts."""
    flat = {name.removeprefix(_SUMMARY): value for name, value in flattened(data)}
    others = {OTHER_NAMES[name]: value for name, value in flat.items() if name in OTHER_NAMES}
    found = {**others, **{name: value for name, value in flat.items() if name not in OTHER_NAMES}}
    maker = number(found.get(MAKER))
    if TAKER not in found and maker is not None:
        found[TAKER] = 100.0 * (1.0 - maker)
    return found


def flattened(data: Mapping[str, Any], begin: str = "") -> list[tuple[str, Any]]:
    """What is nested, by names whose parts are parted by dots."""
    found: list[tuple[str, Any]] = []
    for key, value in data.items():
        nested = isinstance(value, dict)
        found += flattened(value, f"{begin}{key}.") if nested else [(f"{begin}{key}", value)]
    return found

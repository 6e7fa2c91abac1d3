"""Seeds as they are typed: `42`, `1,2,3`, `1..8`."""

from __future__ import annotations

import re

from pytest_soak.errors import SoakUsageError

MAX_SEEDS = 10_000


def parse_seeds(items: tuple[str, ...], at: str) -> tuple[int, ...]:
    """The seeds that items mean, each a seed or a range; SoakUsageError for what is neither."""
    seeds: list[int] = []
    for item in items:
        span = re.fullmatch(r"(\d{1,18})(?:\.\.(\d{1,18}))?", item)
        if span is None:
            raise SoakUsageError(
                at, f"expected seeds like 42, 1,2,3 or 1..8 (whole, not negative), got {item!r}"
            )
        first, last = int(span[1]), int(span[2] or span[1])
        if last < first or last - first >= MAX_SEEDS:
            raise SoakUsageError(
                at, f"expected a rising range of at most {MAX_SEEDS} seeds, got {item!r}"
            )
        seeds.extend(range(first, last + 1))
    return tuple(seeds)

"""Why an interval cannot be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pytest_soak.dataset.filters import IntervalFilter

STEADY = "steady"
"""The phase of an iteration that no warm-up touches."""


class Skip(NamedTuple):
    """What is refused on request: what begins before a time, and all phases but the steady one."""

    cold_until_us: int = 0
    warmup: bool = False

    def reasons(self, start_us: int, values: Mapping[str, Any]) -> Iterator[str]:
        """Why the interval that begins then is refused on request."""
        if start_us < self.cold_until_us:
            yield "cold start"
        if self.warmup and values["phase"] != STEADY:
            yield f"phase {values['phase'] or 'not known: ' + values['unknown']['phase']}"


def refusals(values: Mapping[str, Any], lines: int, limits: IntervalFilter) -> list[str]:
    """What a row is refused for; `lines` are those that were read of it. Empty: it can be used."""
    if values["net_quote"] is None:
        return [values["unknown"].get("net_quote", "no data")]
    return list(_refusals(values, lines, limits))


def _refusals(values: Mapping[str, Any], lines: int, limits: IntervalFilter) -> Iterator[str]:
    ticks, coverage, gaps = values["ticks"], values["coverage"], values["seq_gaps"]
    if ticks < limits.least_ticks:
        yield f"{ticks} ticks, {limits.least_ticks} at least"
    if coverage < limits.least_coverage:
        yield f"coverage {coverage:.3g}, {limits.least_coverage:g} at least"
    if gaps > limits.most_seq_gap_share * (lines + gaps):
        yield f"{gaps} of {lines + gaps} lines are missing, {limits.most_seq_gap_share:.2g} at most"
    slow, hits = values["tick_total_p95_ms"], values["md_cache_hit_ratio"]
    if slow is not None and slow > limits.most_tick_p95_ms:
        yield f"tick_total_p95_ms {slow:.4g}, {limits.most_tick_p95_ms:g} at most"
    if hits is not None and hits < limits.least_hit_ratio:
        yield f"md_cache_hit_ratio {hits:.3g}, {limits.least_hit_ratio:g} at least"

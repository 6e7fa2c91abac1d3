"""Lanes beside those of a reference in words: what terminal and report both say."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_soak.artifacts.compare_models import ComparedLanes, Found, Measure, Way

EQUAL = "iteration by iteration"
"""How lanes too few for any other comparison stand beside others: nothing differs in any."""


def title(one: ComparedLanes, reference: str) -> str:
    """What stands against what, and how."""
    beside = "" if one.before == one.after else f", beside {one.before},"
    return f"{one.run}: {one.after} on {one.market}{beside} against {reference}: {_way(one)}"


def asides(one: ComparedLanes) -> Iterator[str]:
    """How values are made, which KPIs do not differ, and of which nothing is said."""
    sums = [kpi.kpi for kpi in one.kpis if kpi.measure is Measure.SUMS]
    identical = [kpi.kpi for kpi in one.kpis if kpi.found is Found.IDENTICAL]
    for what, texts in (
        ("ratios of sums, by volume (others: means of iterations)", sums),
        ("identical", identical),
        ("left out", [f"{kpi} ({why})" for kpi, why in one.left_out.items()]),
    ):
        if texts:
            yield f"{what}: {', '.join(texts)}"


def _way(one: ComparedLanes) -> str:
    if one.way is Way.NONE and one.kpis:
        return EQUAL
    seeds = f", {len(one.seeds)} seeds" if len(one.seeds) > 1 else ""
    why = f" (not paired: {one.unpaired})" if one.unpaired else ""
    return f"{one.way}{seeds}{why}{f', {one.lacking}' if one.lacking else ''}"

"""KPIs of a span of iterations that are no median of theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from math import fsum
from statistics import median
from typing import NamedTuple

from pytest_soak.kpi.definitions import KNOWN, Kpi


class SpanKpi(NamedTuple):
    """Such a KPI: what it is, the KPIs of each iteration that it needs, and how it follows.

    `over` takes them iteration by iteration, in the order of `needs`; None where it has no value,
    which the KPI says why.
    """

    kpi: Kpi
    needs: tuple[str, ...]
    over: Callable[[Sequence[Sequence[float]]], float | None]


def equity_drawdown(rows: Sequence[Sequence[float]]) -> float:
    """The largest drawdown over iterations whose `rows` are (net_quote, max_drawdown_quote).

    It is the larger of the largest one within an iteration and of that of the equity between
    iterations. What stretches from within one iteration into another is thus underrated.
    """
    equity = [0.0, *accumulate(net for net, _ in rows)]
    peaks = accumulate(equity, max)
    between = max(peak - now for peak, now in zip(peaks, equity, strict=True))
    return max(between, *(within for _, within in rows))


def drawdown_ratio(rows: Sequence[Sequence[float]]) -> float | None:
    """The largest drawdown over the sum of |net|; `rows` are as `equity_drawdown` has them."""
    turnover = fsum(abs(net) for net, _ in rows)
    return equity_drawdown(rows) / turnover if turnover else None


_MEANING = "largest drawdown of the judged iterations, of the sum of their |net_quote|"

SPAN_KPIS: dict[str, SpanKpi] = {
    "drawdown_ratio": SpanKpi(
        Kpi("drawdown_ratio", "down", _MEANING, "net_quote is 0 throughout", 0.0),
        ("net_quote", "max_drawdown_quote"),
        drawdown_ratio,
    )
}


def is_own(metric: str) -> bool:
    """Whether a KPI is a bot's own, and no table of ours defines it."""
    return metric not in KNOWN and metric not in SPAN_KPIS


def so_far(metric: str) -> bool:
    """Whether a metric is a KPI of the lane so far."""
    return metric in KNOWN and KNOWN[metric].so_far


def over(metric: str, values: Sequence[float]) -> float:
    """A metric over iterations that have these values of it, at least one, oldest first.

    It is their median, and the last of a KPI of the lane so far.
    """
    return values[-1] if so_far(metric) else median(values)


def derivable(given: set[str]) -> set[str]:
    """The KPIs of a span that follow from those in `given`."""
    return {name for name, span in SPAN_KPIS.items() if given.issuperset(span.needs)}

"""What a desk reads first of a lane: money, the account over time, markouts, times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import fsum
from typing import NamedTuple

import numpy as np

from pytest_soak.kpi.account import Running, joined, largest_drawdown
from pytest_soak.kpi.curves import (
    PERCENTILES,
    SLICES,
    Curves,
    Histogram,
    Markout,
    histograms_sum,
    markouts_sum,
)
from pytest_soak.report.charts import Chart
from pytest_soak.report.sheet_charts import (
    At,
    Horizon,
    histogram_chart,
    markout_chart,
    over_time,
)
from pytest_soak.report.values import ReportIteration, ReportLane
from pytest_soak.stats.estimate import mean_of
from pytest_soak.text import number, signed

LEAST_WINDOWS = 3
"""Of which an interval is told."""
_TOGETHER = [size for size in range(1, SLICES + 1) if SLICES % size == 0]


class Figure(NamedTuple):
    """A picture with its heading, the figure that counts, and lines of what it says."""

    name: str
    value: str
    meaning: str
    chart: Chart
    told: Sequence[str]


@dataclass(frozen=True)
class Sheet:
    """The tear sheet of a lane; `missing` says what there is no picture of, and why."""

    facts: Sequence[tuple[str, str]]
    figures: Sequence[Figure]
    missing: Sequence[str]


def sheet_of(lane: ReportLane, most: int) -> Sheet | None:
    """The tear sheet of a lane, its lines of at most about so many points; None without iterations.

    All iterations count, those of the grace too.
    """
    if not lane.iterations:
        return None
    kept = [one.curves for one in lane.iterations if one.curves is not None]
    if not kept:
        why = "No equity, markout or latency curve: there are KPIs alone, of no window its events."
        return Sheet(_money(lane, None, None), (), (why,))
    runs = list(_account(lane.iterations, most))
    figures: list[Figure] = []
    missing: list[str] = []
    drawdown = largest_drawdown(at.stretch for run in runs for at in run)
    if runs:
        figures += _account_figures(lane, kept, runs)
    else:
        why = next((curves.no_account for curves in kept if curves.no_account), "")
        missing.append(f"No equity, drawdown and inventory: {why}.")
    for part in (_markouts(kept), *_times(kept)):
        if isinstance(part, str):
            missing.append(part)
        else:
            figures.append(part)
    held = [
        abs(x)
        for run in runs
        for at in run
        for x in (at.stretch.inventory_high, at.stretch.inventory_low)
    ]
    return Sheet(_money(lane, drawdown, max(held, default=None)), figures, missing)


def _money(lane: ReportLane, drawdown: float | None, held: float | None) -> list[tuple[str, str]]:
    """The sums of the lane; what it does not measure is left out."""
    net, volume, fills = (_sum(lane, k) for k in ("net_quote", "volume_quote", "num_fills"))
    nets = [v for one in lane.iterations if (v := one.kpis.get("net_quote")) is not None]
    found = [
        ("net", signed(net), net),
        (
            "net of volume",
            f"{1e4 * net / volume:+.2f} bps" if net is not None and volume else "",
            volume,
        ),
        ("volume", number(volume), volume),
        ("fills", number(fills), fills),
        ("largest drawdown", number(drawdown), drawdown),
        ("largest position", number(held), held),
        ("worst iteration", signed(min(nets, default=None)), min(nets, default=None)),
    ]
    return [(name, text) for name, text, value in found if value is not None and text]


def _sum(lane: ReportLane, kpi: str) -> float | None:
    values = [v for one in lane.iterations if (v := one.kpis.get(kpi)) is not None]
    return fsum(values) if values else None


def _account(iterations: Sequence[ReportIteration], most: int) -> Iterator[list[At]]:
    """The lane's account in stretches, parted where a window is missing or kept none."""
    wanted = -(-len(iterations) * SLICES // most)
    together = next((size for size in _TOGETHER if size >= wanted), SLICES)
    windows = -(-wanted // SLICES)
    running, run, last = Running(), list[At](), 0
    for one in iterations:
        account = one.curves.account if one.curves is not None else None
        if run and (account is None or one.number != last + 1):
            yield _thinned(run, windows)
            run = []
        if account is None:
            running.skip(one.kpis.get("net_quote") or 0.0)
        else:
            step = together / SLICES
            run += [
                At(one.number - 0.5 + n * step, stretch)
                for n, stretch in enumerate(running.add(account, together), 1)
            ]
        last = one.number
    if run:
        yield _thinned(run, windows)


def _thinned(run: Sequence[At], size: int) -> list[At]:
    groups = (run[n : n + size] for n in range(0, len(run), size))
    return [At(group[-1].x, joined([at.stretch for at in group])) for group in groups]


def _account_figures(
    lane: ReportLane, kept: Sequence[Curves], runs: Sequence[Sequence[At]]
) -> Iterator[Figure]:
    span = lane.iterations[0].number, lane.iterations[-1].number
    end = runs[-1][-1].stretch
    by = {curves.account.by for curves in kept if curves.account is not None}
    how = (
        "the bot's marks of its account"
        if by == {"marks"}
        else "reckoned from fills, each at its own mid: no marks"
    )
    label = "equity in quote currency, by iteration"
    equity = over_time(label, runs, span, lambda s: (s.low, s.equity, s.high))
    yield Figure("Equity", signed(end.equity), f"quote currency; {how}", equity, ())
    label = "drawdown in quote currency, by iteration"
    fallen = over_time(label, runs, span, lambda s: (-s.drawdown, -s.drawdown, 0.0))
    largest = max(at.stretch.drawdown for run in runs for at in run)
    yield Figure("Drawdown", number(-largest), "from the highest equity before", fallen, ())
    held = over_time(
        "inventory in base, by iteration",
        runs,
        span,
        lambda s: (s.inventory_low, s.inventory, s.inventory_high),
    )
    yield Figure("Inventory", number(end.inventory), "base; the area is all that it held", held, ())


def _markouts(kept: Sequence[Curves]) -> Figure | str:
    by_horizon: dict[int, list[Markout]] = {}
    for curves in kept:
        for one in curves.markouts:
            by_horizon.setdefault(one.after_ms, []).append(one)
    found = {after: markouts_sum(parts) for after, parts in sorted(by_horizon.items())}
    if len(found) < 2:
        return "No markout curve: of no maker fill a later mid is known."
    horizons = [
        Horizon(_after(after), whole.bps or 0.0, _half_width(by_horizon[after]))
        for after, whole in found.items()
    ]
    told = [" · ".join(f"{h.name} {h.bps:+.2f}" for h in horizons)]
    few = {whole.fills for whole in found.values()}
    fills = number(max(few)) if len(few) == 1 else f"{number(min(few))} to {number(max(few))}"
    told.append(f"{fills} maker fills; without fees; the area is the 95 % interval over iterations")
    chart = markout_chart("markout in bps after maker fills", horizons)
    meaning = "bps of price, so long after maker fills"
    return Figure("Markout", f"{horizons[-1].bps:+.2f}", meaning, chart, told)


def _after(after_ms: int) -> str:
    return f"{after_ms / 1000:g} s" if after_ms else "fill"


def _half_width(parts: Sequence[Markout]) -> float | None:
    values = [bps for part in parts if (bps := part.bps) is not None]
    return mean_of(np.array(values)).half_width if len(values) >= LEAST_WINDOWS else None


def _times(kept: Sequence[Curves]) -> Iterator[Figure | str]:
    acks = histograms_sum(curves.acks for curves in kept)
    ticks = histograms_sum(curves.ticks for curves in kept)
    if acks is None:
        yield "No latency: the bot gives no acks."
    else:
        yield _histogram("Latency", "order sent to acknowledged, ms", "acks", acks)
    if ticks is None:
        yield "No tick times: the bot gives no pipeline ticks."
    else:
        yield _histogram("Tick", "a whole pipeline tick, ms", "ticks", ticks)


def _histogram(name: str, meaning: str, what: str, found: Histogram) -> Figure:
    told = [(f"p{percent:g}", found.percentile(percent)) for percent in PERCENTILES]
    words = " · ".join(f"{at} {number(value)}" for at, value in told)
    return Figure(
        name,
        f"p95 {number(dict(told)['p95'])}",
        meaning,
        histogram_chart(f"{what} by their time in milliseconds", found, told),
        (
            f"{words} · max {number(found.largest_ms)}",
            f"{number(found.total)} {what}; percentiles are those of bins 12 % wide",
        ),
    )

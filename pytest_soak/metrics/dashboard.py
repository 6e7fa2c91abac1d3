"""A dashboard for Grafana of all that a soak exports, made of the table of metrics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from pytest_soak.gates.engine import Verdict
from pytest_soak.kpi.definitions import HEADLINES, KNOWN
from pytest_soak.metrics import table
from pytest_soak.metrics.promql import SOURCES
from pytest_soak.metrics.table import Metric, kpi_gauge

SCHEMA = 39
"""The version of the dashboard's JSON, which newer Grafanas bring up to date by themselves."""
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_LANES = 'lane=~"$lane"'
_OURS = re.compile(r"\bsoak_(?!run_)\w+")
_WIDE, _HALF, _THIRD, _SIXTH, _HIGH, _LOW = 24, 12, 8, 4, 8, 4
_UNITS = {"_ms": "ms", "_pct": "percent", "_ratio": "percentunit", "_share": "percentunit"}


class Query(NamedTuple):
    """An expression, and what its curves are called."""

    expr: str
    legend: str = "{{lane}}"


class Panel(NamedTuple):
    """A picture of some queries; `names` are those of the values 0, 1, 2, ..."""

    title: str
    queries: Sequence[Query]
    kind: str = "timeseries"
    unit: str = "short"
    wide: int = _HALF
    about: str = ""
    names: tuple[str, ...] = ()


def dashboard() -> dict[str, Any]:
    """The JSON that Grafana imports: rows of panels, and variables for data source and lanes."""
    return {
        "uid": "pytest-soak",
        "title": "pytest-soak",
        "tags": ["soak"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "annotations": {"list": []},
        "templating": {"list": _variables()},
        "panels": _placed(_sections()),
    }


def _variables() -> list[dict[str, Any]]:
    asked = f"label_values({table.PLANNED.name}, lane)"
    return [
        {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
        {
            "name": "lane",
            "label": "Lane",
            "type": "query",
            "datasource": _SOURCE,
            "definition": asked,
            "query": {"query": asked, "refId": "lane"},
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": ["All"], "value": ["$__all"]},
        },
    ]


def _sections() -> Iterator[tuple[str, list[Panel]]]:
    yield "Run", _run()
    yield "KPIs", _kpis()
    yield "Events", _events()
    yield "Stop criteria", _stops()
    yield "Parameters, resources, windows", _rest()


def _run() -> list[Panel]:
    ranks = (f"{n} * sum by (lane) ({_at(v)})" for n, v in enumerate(Verdict))
    over = (f"{n} * sum by (lane) ({_at(v, table.LANE_VERDICT)})" for n, v in enumerate(Verdict))
    graded = f"sum by (verdict) ({table.GRADED.name})"
    return [
        Panel("Iterations done", [Query(table.RUN_DONE.name, "")], "stat", wide=_SIXTH),
        Panel("Iterations planned", [Query(table.RUN_PLANNED.name, "")], "stat", wide=_SIXTH),
        Panel("Lanes over", [Query(table.LANES_OVER.name, "")], "stat", wide=_SIXTH),
        Panel("Lanes", [Query(table.LANES.name, "")], "stat", wide=_SIXTH),
        Panel("Without series", [Query(table.LANES_ASIDE.name, "")], "stat", wide=_SIXTH),
        Panel("Soaked", [Query(table.INFO.name, "{{target}}")], "stat", wide=_SIXTH),
        Panel("Verdict on the newest iteration", [Query(" + ".join(ranks))], **_VERDICTS),
        Panel("Verdict on the lane", [Query(" + ".join(over))], **_VERDICTS),
        Panel("Verdicts so far", [Query(graded, "{{verdict}}")], wide=_THIRD),
        Panel(
            "Iterations of the lane",
            [Query(table.DONE.name), Query(table.PLANNED.name, "{{lane}} planned")],
            wide=_THIRD,
        ),
        _of(table.ITERATION, "Iteration under way", wide=_THIRD),
    ]


_VERDICTS: dict[str, Any] = {"kind": "state-timeline", "names": tuple(map(str, Verdict))}


def _at(verdict: Verdict, metric: Metric = table.VERDICT) -> str:
    return f'{metric.name}{{verdict="{verdict}"}}'


def _kpis() -> list[Panel]:
    shown = [headline.name for headline in HEADLINES]
    single = [_of(table.KPIS[name], name, _unit(name), wide=_THIRD) for name in shown]
    units: dict[str, list[str]] = {}
    for name in KNOWN:
        if name not in shown:
            units.setdefault(_group(name), []).append(name)
    together = [
        Panel(
            title, [Query(kpi_gauge(n), f"{{{{lane}}}} {n}") for n in names], unit=_unit(names[0])
        )
        for title, names in units.items()
    ]
    return [*single, _of(table.OWN_KPI, "KPIs of the bot's own", wide=_THIRD), *together]


def _group(name: str) -> str:
    unit = next((suffix for suffix in ("_bps", "_ms", "_quote", "_pct") if suffix in name), "")
    if not unit:
        unit = "ratios" if name.endswith(("_ratio", "_share")) else "counts and growth"
    return f"other KPIs: {unit.lstrip('_')}"


def _unit(name: str) -> str:
    return next((unit for suffix, unit in _UNITS.items() if name.endswith(suffix)), "short")


def _events() -> list[Panel]:
    window = "$__rate_interval"
    shares = ("taker_ratio", "deadline_miss_ratio", "md_cache_hit_ratio")
    waits = ("p95_latency_ms", "tick_total_p95_ms", "fetch_md_p95_ms")
    rates = {
        "Traded a second, in quote currency": (table.VOLUME, "lane"),
        "Fills a minute": (table.FILLS, "lane, liquidity"),
        "Stopped quote changes a minute": (table.BLOCKS, "lane, reason"),
        "Ticks a second": (table.TICKS, "lane"),
    }
    return [
        *(
            Panel(title, [Query(_rate(metric, by, title), _legend(by))])
            for title, (metric, by) in rates.items()
        ),
        *(
            Panel(name, [Query(SOURCES[name].promql(window))], unit="ms", wide=_THIRD)
            for name in waits
        ),
        *(
            Panel(name, [Query(SOURCES[name].promql(window))], unit="percentunit", wide=_THIRD)
            for name in shares
        ),
        Panel("Errors a minute", [Query(SOURCES["errors_per_min"].promql(window))]),
        _of(table.BREAKER, "Circuit breaker open"),
    ]


def _rate(metric: Metric, by: str, title: str) -> str:
    times = "60 * " if title.endswith("minute") else ""
    return f"{times}sum by ({by}) (rate({metric.name}[$__rate_interval]))"


def _legend(by: str) -> str:
    return " ".join(f"{{{{{label}}}}}" for label in by.split(", "))


def _stops() -> list[Panel]:
    share = f"{table.PENDING.name} / ({table.LASTS.name} > 0)"
    by = "{{lane}} {{criterion}}"
    return [
        Panel(
            "Pending, as a share of what makes it act",
            [Query(share, by)],
            unit="percentunit",
        ),
        _of(table.PENDING, "Pending", "s"),
        _of(table.WARNED, "Warns"),
        _of(table.STOPPED, "Stopped the lane"),
    ]


def _rest() -> list[Panel]:
    used = {
        table.RSS: "decmbytes",
        table.CPU: "percent",
        table.FDS: "short",
        table.THREADS: "short",
    }
    return [
        _of(table.PARAMETER, "Parameters in force", wide=_WIDE),
        *(_of(metric, metric.meaning, unit, wide=_HALF) for metric, unit in used.items()),
        _of(table.PHASE, "Phase"),
        _of(table.SECONDS, "Length of the newest window", "s"),
    ]


def _of(metric: Metric, title: str, unit: str = "short", wide: int = _HALF) -> Panel:
    """A panel of one metric as it is, a curve for each lane and own label."""
    own = "".join(f" {{{{{label}}}}}" for label in metric.labels)
    return Panel(
        title,
        [Query(metric.name, f"{{{{lane}}}}{own}")],
        unit=unit,
        wide=wide,
        about=metric.meaning,
    )


def of_lanes(expr: str) -> str:
    """`expr` of the lanes that are chosen: a selector behind each metric of a lane."""
    chosen = _OURS.sub(lambda found: f"{found[0]}{{{_LANES}}}", expr)
    return chosen.replace("}{", ",")


def _placed(sections: Iterable[tuple[str, list[Panel]]]) -> list[dict[str, Any]]:
    """Rows of panels, from left to right and down, each with a number of its own."""
    found: list[dict[str, Any]] = []
    y = 0
    for title, panels in sections:
        found.append(_row(title, y))
        y += 1
        for line in _lines(panels):
            high = _LOW if all(panel.kind == "stat" for panel in line) else _HIGH
            for panel, x in zip(line, accumulate((p.wide for p in line), initial=0), strict=False):
                found.append(_drawn(panel, {"x": x, "y": y, "w": panel.wide, "h": high}))
            y += high
    return [panel | {"id": number} for number, panel in enumerate(found, start=1)]


def _lines(panels: Sequence[Panel]) -> Iterator[list[Panel]]:
    """Panels side by side, as many as fit."""
    line: list[Panel] = []
    for panel in panels:
        if sum(other.wide for other in line) + panel.wide > _WIDE:
            yield line
            line = []
        line.append(panel)
    yield line


def _row(title: str, y: int) -> dict[str, Any]:
    place = {"x": 0, "y": y, "w": _WIDE, "h": 1}
    return {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": place}


def _drawn(panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    targets = [
        {
            "refId": f"Q{n}",
            "datasource": _SOURCE,
            "expr": of_lanes(q.expr),
            "legendFormat": q.legend,
        }
        for n, q in enumerate(panel.queries)
    ]
    named = {str(n): {"text": name, "index": n} for n, name in enumerate(panel.names)}
    mappings = [{"type": "value", "options": named}] if named else []
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "mappings": mappings}, "overrides": []},
        "options": {},
        "targets": targets,
    }

"""A stage of an A/B in Markdown, made from its JSON: no number here that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_soak.artifacts.ab_models import AbMetric, AbReport
from pytest_soak.report.markdown import safe, table
from pytest_soak.text import number, signed

_HEADS = (
    "KPI",
    "A",
    "B",
    "B - A",
    "bounds",
    "blocks",
    "phi",
    "correlation",
    "rule",
    "verdict",
)


def ab_text(report: AbReport) -> str:
    """The whole document."""
    return "\n".join([*_lines(report), ""])


def headline(report: AbReport) -> str:
    """The decision, what was judged, and why, on one line."""
    what = f"{report.b.name} against {report.a.name} on {report.market}"
    return f"{report.decision}: {what}, {report.stage} %: {'; '.join(report.reasons)}"


def _lines(report: AbReport) -> Iterator[str]:
    yield f"# {report.decision}: {safe(report.b.name)} against {safe(report.a.name)}"
    yield ""
    yield from (f"- {safe(reason)}" for reason in report.reasons)
    if report.low_power:
        yield (
            f"- **Low power**: begun with {number(report.hours_asked)} h though "
            f"{number(report.needs.planned)} h are needed. A HOLD says little."
        )
    yield ""
    yield from _design(report)
    yield ""
    yield "## What B changes"
    yield ""
    changes = [(safe(name), _value(c.a), _value(c.b)) for name, c in report.changes.items()]
    yield from table([("", "A", "B"), *changes])
    yield ""
    yield "## What it does"
    yield ""
    yield from table([_HEADS, *(_row(metric) for metric in report.metrics)])
    yield ""
    yield "Bounds are on one side each and hold at every look, with the chances in the JSON."
    yield ""
    yield from _money(report)
    yield ""
    yield "## Assignment"
    yield ""
    lanes = [(str(lane.seed), f"`{lane.blocks}`") for lane in report.assignment]
    yield from table([("seed", "blocks of lane T"), *lanes])


def _design(report: AbReport) -> Iterator[str]:
    looks = ", ".join(number(hours) for hours in report.looks)
    beside = "lane C is all A, on the same draws"
    alone = "no lane runs beside it: B is compared with A within groups of blocks"
    yield (
        f"Stage {report.stage} % on {safe(report.market)}: {len(report.assignment)} seeds, "
        f"{number(report.hours_used)} of {number(report.hours_asked)} h of each lane, "
        f"{report.blocks_b} blocks of {report.block_minutes} min under B, of which the first "
        f"{report.skipped_minutes} min are not judged. Lane T switches, "
        f"{beside if report.paired else alone}; {report.cold_blocks} cold blocks come before. "
        f"Promotion is looked at after {looks} h. By a pilot {number(report.needs.planned)} h are "
        "needed."
    )


def _money(report: AbReport) -> Iterator[str]:
    over = "the blocks under B" if report.paired else "as many mean blocks of each"
    yield (
        f"Money over {over}: {number(report.net_quote_b)} instead of {number(report.net_quote_a)}."
    )
    if not report.paired:
        return
    if (placebo := report.placebo) is None:
        yield "Placebo: lane T was never under A after its first block under B."
        return
    yield (
        f"Placebo: over {placebo.blocks} blocks of lane T under A its net_bps differs by "
        f"{signed(placebo.delta)} ({signed(placebo.low)} to {signed(placebo.high)}): "
        f"{placebo.verdict}."
    )


def _row(metric: AbMetric) -> tuple[str, ...]:
    unit = f" {metric.unit}" if metric.unit else ""
    return (
        metric.metric,
        number(metric.a),
        number(metric.b),
        f"{signed(metric.delta)}{unit}",
        f"{signed(metric.low)} to {signed(metric.high)}",
        f"{metric.blocks}" + (f" ({metric.missing} missing)" if metric.missing else ""),
        number(metric.phi),
        number(metric.correlation),
        metric.rule,
        metric.verdict,
    )


def _value(value: bool | float) -> str:
    return str(value).lower() if isinstance(value, bool) else number(value)

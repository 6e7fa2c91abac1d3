"""A stage of an A/B in Markdown, made from its JSON: no number here that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_soak.ab.design import STAGES
from pytest_soak.ab.judge import Decision
from pytest_soak.artifacts.ab_models import AbMetric, AbReport
from pytest_soak.report.markdown import safe, table
from pytest_soak.text import number, plural, signed

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


def what_next(report: AbReport) -> str:
    """What to do after a stage."""
    if report.decision == Decision.PROMOTE:
        ahead = [stage for stage in STAGES if stage > report.stage]
        return f"the same with --stage={int(ahead[0])}" if ahead else "let B take the place of A"
    return "keep A; this B is decided, change it to try again"


def low_power(report: AbReport) -> str:
    """What is to be kept in mind of a stage with too few hours; empty of any other."""
    if not report.low_power:
        return ""
    hours, needed = number(report.hours_asked), number(report.needs.planned)
    return f"begun with {hours} h though {needed} h are needed. A HOLD says little."


def _lines(report: AbReport) -> Iterator[str]:
    yield f"# {report.decision}: {safe(report.b.name)} against {safe(report.a.name)}"
    yield ""
    yield from (f"- {safe(reason)}" for reason in report.reasons)
    if told := low_power(report):
        yield f"- **Low power**: {told}"
    yield ""
    yield design(report, safe(report.market))
    yield ""
    yield "## What B changes"
    yield ""
    changes = [(safe(name), set_to(c.a), set_to(c.b)) for name, c in report.changes.items()]
    yield from table([("", "A", "B"), *changes])
    yield ""
    yield "## What it does"
    yield ""
    yield from table([_HEADS, *(_row(metric) for metric in report.metrics)])
    yield ""
    yield "Bounds are on one side each and hold at every look, with the chances in the JSON."
    yield ""
    yield from money(report)
    yield ""
    yield "## Assignment"
    yield ""
    lanes = [(str(lane.seed), f"`{lane.blocks}`") for lane in report.assignment]
    yield from table([("seed", "blocks of lane T"), *lanes])


def design(report: AbReport, market: str) -> str:
    """How A and B were compared, in sentences; `market` is written as the document wants it."""
    looks = ", ".join(number(hours) for hours in report.looks)
    beside = "lane C is all A, on the same draws"
    alone = "no lane runs beside it: B is compared with A within groups of blocks"
    return (
        f"Stage {report.stage} % on {market}: {plural(len(report.assignment), 'seed')}, "
        f"{number(report.hours_used)} of {number(report.hours_asked)} h of each lane, "
        f"{report.blocks_b} blocks of {report.block_minutes} min under B, of which the first "
        f"{report.skipped_minutes} min are not judged. Lane T switches, "
        f"{beside if report.paired else alone}; {report.cold_blocks} cold blocks come before. "
        f"Promotion is looked at after {looks} h. By a pilot {number(report.needs.planned)} h are "
        "needed."
    )


def money(report: AbReport) -> Iterator[str]:
    """What A and B earned, and whether a block under B is still felt in the next one."""
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


def set_to(value: bool | float) -> str:
    """The value of a parameter or a flag."""
    return str(value).lower() if isinstance(value, bool) else number(value)

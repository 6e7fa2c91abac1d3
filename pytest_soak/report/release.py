"""Reports of a release in Markdown, each made from its JSON: no number here that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_soak.artifacts.budget_models import ShadowReport
from pytest_soak.artifacts.calib_models import CalibDataset
from pytest_soak.artifacts.finish_models import FinishLine
from pytest_soak.artifacts.release_models import FlagsRegistry, PrepLog, RegisteredFlag
from pytest_soak.gates.criteria import Criteria
from pytest_soak.release.session import Session
from pytest_soak.report.markdown import safe, table
from pytest_soak.text import setting


def prep_text(log: PrepLog) -> str:
    """PREP_LOG.md."""
    return "\n".join([*_prep(log), ""])


def _prep(log: PrepLog) -> Iterator[str]:
    failed = [check for check in log.checks if check.verdict == "FAIL"]
    yield f"# {log.verdict}: prep of {safe(log.plan)}"
    yield ""
    for check in failed:
        yield f"- **{safe(check.what)}**: {safe(check.value)}; asked for: {safe(check.requirement)}"
    if failed:
        yield ""
    heads = ("check", "verdict", "value", "requirement", "source")
    rows = [(c.what, c.verdict, c.value, c.requirement, c.source) for c in log.checks]
    yield from table([heads, *(tuple(map(safe, row)) for row in rows)])
    yield ""
    yield from (f"- {safe(note)}" for note in log.notes)
    if log.notes:
        yield ""
    yield f"Target {safe(log.source)}; " + ", ".join(
        f"{safe(name)} {safe(version)}" for name, version in log.versions.items()
    )
    yield ""
    if log.config_sha256 is None:
        yield "No snapshot was written: what is in use must pass first."
    else:
        yield f"Snapshot of what is in use: `{log.config_sha256}`"


def shadow_text(report: ShadowReport) -> str:
    """shadow_report.md."""
    return "\n".join([*_shadow(report), ""])


def _shadow(report: ShadowReport) -> Iterator[str]:
    yield f"# {report.verdict}: shadow of {safe(report.plan)}"
    yield ""
    yield f"Target {safe(report.source)}, candidate `{report.candidate}`,"
    yield f"{report.tick_count} ticks over {report.duration_min} of {report.minutes} minutes."
    yield ""
    rows = [
        (c.metric, "no value" if c.value is None else str(c.value), c.limit, c.verdict, c.reason)
        for c in report.checks
    ]
    heads = ("metric", "value", "must be", "verdict", "reason")
    yield from table([heads, *(tuple(safe(str(cell)) for cell in row) for row in rows)])
    yield ""
    yield from (f"- {safe(line)}" for line in (*report.reasons, *report.notes))
    yield ""
    yield f"Run: `{report.run}`"


_REGISTRY_HEADS = (
    "flag",
    "in use",
    "source",
    "default",
    "bounds",
    "effect",
    "moves",
    "measured",
    "rollback",
    "hot",
    "owner",
)


def registry_text(registry: FlagsRegistry) -> str:
    """FEATURE_FLAGS_REGISTRY.md."""
    return "\n".join([*_registry(registry), ""])


def _registry(registry: FlagsRegistry) -> Iterator[str]:
    yield f"# Feature flags of {safe(registry.source)}"
    yield ""
    yield "Made by `pytest-soak release flags`. With `--check` that fails where this is not what"
    yield "the target declares and what is in use. A flag that is hot may change between two"
    yield "windows, any other when the bot starts."
    yield ""
    rows = [_REGISTRY_HEADS, *(_flag(name, flag) for name, flag in registry.flags.items())]
    yield from table(rows)


def _flag(name: str, flag: RegisteredFlag) -> tuple[str, ...]:
    unit = f" {flag.unit}" if flag.unit else ""
    moves = ", ".join(f"{kpi} {way}" for kpi, way in flag.moves.items())
    cells = (
        name,
        f"{setting(flag.value)}{unit}",
        flag.source,
        f"{setting(flag.default)}{unit}",
        _bounds(flag),
        flag.effect,
        moves,
        flag.measured or "not measured",
        f"{setting(flag.rollback)}{unit}",
        "yes" if flag.hot else "no",
        flag.owner,
    )
    return tuple(map(safe, cells))


def _bounds(flag: RegisteredFlag) -> str:
    if flag.type == "bool":
        return "true, false"
    low, high = ("open" if end is None else setting(end) for end in flag.bounds)
    return f"{low} to {high}"


def start_text(session: Session, line: str, stop: Criteria) -> str:
    """SOAK_START.md: what is going to be soaked by the command `line`, of the plan alone."""
    return "\n".join([*_start(session, line, stop), ""])


def _start(session: Session, line: str, stop: Criteria) -> Iterator[str]:
    plan = session.plan
    yield f"# Soak of {safe(plan.source)}"
    yield ""
    yield f"{session.iterations} iterations of {session.minutes:g} minutes of {safe(plan.target)}"
    seeds = ", ".join(map(str, session.seeds))
    yield f"on {safe(plan.market)}, seeds {seeds}; gate {safe(session.gate)}, hard."
    yield ""
    yield "```sh"
    yield line
    yield "```"
    yield ""
    yield f"It is stopped, as a FAIL, by the criteria `{safe(stop.name)}`:"
    yield ""
    rows = [
        (c.name, c.metric, c.window or "the lane so far", c.limit.text, c.for_, c.action)
        for c in stop.criteria
    ]
    heads = ("name", "metric", "window", "acts if", "for", "what it does")
    yield from table([heads, *(tuple(map(safe, row)) for row in rows)])


def finish_text(report: FinishLine) -> str:
    """FINISH_LINE_REPORT.md."""
    return "\n".join([*_finish(report), ""])


def _finish(report: FinishLine) -> Iterator[str]:
    yield f"# {report.verdict}: soak of {safe(report.plan)}"
    yield ""
    yield f"Target {safe(report.source)}, candidate `{report.candidate}`, {report.hours} hours;"
    yield f"gate {safe(report.gate)}, stop criteria {safe(report.criteria)}."
    yield ""
    rows = [
        (one.lane, one.verdict, str(one.hours), or_none(one.net_quote), one.ending, one.stopped)
        for one in report.lanes
    ]
    heads = ("lane", "verdict", "hours", "net_quote", "ending", "stopped by")
    yield from table([heads, *(tuple(safe(str(c or "")) for c in row) for row in rows)])
    yield ""
    for one in report.lanes:
        medians = ", ".join(f"{kpi} {or_none(value)}" for kpi, value in one.medians.items())
        yield f"- {safe(one.lane)}, medians of the last graded iterations: {safe(medians)}"
    yield from (f"- {safe(line)}" for line in report.reasons)
    yield ""
    yield f"Run: `{report.run}`"


def or_none(value: float | None) -> str:
    """A figure, or that there is none."""
    return "no value" if value is None else str(value)


def calib_text(found: CalibDataset) -> str:
    """calib_summary_*.md: what all rows come to, beside those that are accepted."""
    return "\n".join([*_calib(found), ""])


def _calib(found: CalibDataset) -> Iterator[str]:
    yield f"# {found.verdict}: dataset of {safe(found.plan)}"
    yield ""
    yield f"{found.intervals} intervals of {found.interval_min} minutes, {found.accepted} accepted;"
    yield f"{found.covered_hours} hours covered."
    yield ""
    yield from (f"- {safe(line)}" for line in found.reasons)
    if found.reasons:
        yield ""
    rows = [
        (safe(kpi), or_none(value), or_none(found.accepted_kpis.get(kpi)))
        for kpi, value in found.kpis.items()
    ]
    yield from table([("KPI", "of all rows", "of those accepted"), *rows])
    yield ""
    for row in found.rows:
        if row.reasons:
            yield f"- refused {row.interval_start}: {safe('; '.join(row.reasons))}"
    yield ""
    yield f"Run: `{found.run}`"

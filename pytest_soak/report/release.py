"""Reports of a release in Markdown, each made from its JSON: no number here that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_soak.artifacts.budget_models import ShadowReport
from pytest_soak.artifacts.release_models import PrepLog
from pytest_soak.report.markdown import safe, table


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

"""What there is to read before a soak and while it runs, made of the plan and of what is there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from pytest_soak.artifacts.budget_models import ShadowReport
from pytest_soak.artifacts.names import FEEDS, LATEST
from pytest_soak.artifacts.release_models import PrepLog
from pytest_soak.config.names import shown_path
from pytest_soak.gates.criteria import Criteria, Criterion
from pytest_soak.kpi.definitions import KPIS, RESOURCE_KPIS
from pytest_soak.kpi.windows import WINDOW_METRICS
from pytest_soak.release.plan import Plan
from pytest_soak.release.session import Session
from pytest_soak.report.markdown import safe, table
from pytest_soak.report.release import or_none

_SHOWN_AS = {"taker_ratio": "maker_taker_ratio"}
"""The KPI that is 1 less a metric which is none."""
_FED = {"breaker"}
"""Tables of which a soak keeps a feed of the same name, and no KPI."""


def pre_soak_text(prep: PrepLog, shadow: ShadowReport, session: Session, stop: Criteria) -> str:
    """PRE_SOAK_REPORT.md: what prep and shadow came to, and what is not known yet."""
    return "\n".join([*_pre_soak(prep, shadow, session, stop), ""])


def _pre_soak(
    prep: PrepLog, shadow: ShadowReport, session: Session, stop: Criteria
) -> Iterator[str]:
    yield f"# Before the soak of {safe(session.plan.source)}"
    yield ""
    passed = sum(check.verdict == "PASS" for check in prep.checks)
    yield f"## Prep: {prep.verdict}"
    yield ""
    yield f"{passed} of {len(prep.checks)} checks passed. What is in use: `{prep.config_sha256}`."
    yield ""
    yield from (f"- {safe(note)}" for note in prep.notes)
    if prep.notes:
        yield ""
    yield f"## Shadow: {shadow.verdict}"
    yield ""
    yield f"Candidate `{shadow.candidate}`: {shadow.tick_count} ticks over {shadow.duration_min} of"
    yield f"{shadow.minutes} minutes."
    yield ""
    rows = [(c.metric, or_none(c.value), c.limit, c.verdict) for c in shadow.checks]
    yield from table(
        [("metric", "value", "must be", "verdict"), *(tuple(map(safe, r)) for r in rows)]
    )
    yield ""
    yield from (f"- {safe(line)}" for line in (*shadow.reasons, *shadow.notes))
    yield ""
    yield "## Not known yet"
    yield ""
    yield from (f"- {safe(line)}" for line in _unknown(shadow, session, stop))


def _unknown(shadow: ShadowReport, session: Session, stop: Criteria) -> Iterator[str]:
    plan: Plan = session.plan
    for check in shadow.checks:
        if check.value is None:
            yield f"{check.metric}: {check.reason or 'no value'}"
    hours = session.iterations * session.minutes / 60.0
    yield f"what {hours:g} hours of it earn, by the gate {session.gate}: soak"
    yield f"whether one of {len(stop.criteria)} criteria of {stop.name} ends them: soak"
    yield f"whether its feeds add up to its records, over those {hours:g} hours: dataset"
    seeds = f"{plan.hours.ab:g} hours a stage on the seeds {', '.join(map(str, plan.seeds))}"
    yield f"whether it is better than what is in use, in {seeds}: ab"
    yield "how far its latencies lie apart from run to run: lock"


def checklist_text(session: Session, folder: Path, stop: Criteria) -> str:
    """SOAK_DASHBOARD_CHECKLIST.md: what to look at while it runs, and the command that shows it.

    The commands are for `folder`.
    """
    return "\n".join([*_checklist(session, folder, stop), ""])


def _checklist(session: Session, folder: Path, stop: Criteria) -> Iterator[str]:
    directory = Path(shown_path(session.directory, folder))
    latest = directory / LATEST
    yield f"# To look at while {safe(session.plan.source)} is soaked"
    yield ""
    yield "How far it is: " + _code("pytest-soak verdict", directory)
    yield ""
    if not stop.criteria:
        yield f"The criteria `{safe(stop.name)}` never act."
        return
    yield "What a criterion did is in `stops` of the hour's ITER_SUMMARY, and a stop is a line of"
    yield "the session (`| stop |`). A command shows the metric over the lane so far, not over its"
    yield "window."
    yield ""
    rows = [(*map(safe, _row(one)), _shown(one, latest)) for one in stop.criteria]
    heads = ("", "metric", "window", "limit", "for", "what it does", "without data", "shown by")
    yield from table([heads, *rows])


def _row(one: Criterion) -> tuple[str, ...]:
    blind = one.no_data
    without = "" if blind is None else f"{blind.then} after {blind.for_}"
    window = one.window or "the lane so far"
    return (f"[ ] {one.name}", one.metric, window, one.limit.text, one.for_, one.action, without)


def _shown(one: Criterion, latest: Path) -> str:
    """The command that shows the metric of a criterion, and under which name."""
    metric, table_name = one.metric, WINDOW_METRICS[one.metric].table
    name = _SHOWN_AS.get(metric, metric)
    if name in KPIS:
        less = "" if name == metric else f", 1 - `{name}`"
        return _code("pytest-soak kpis", latest / FEEDS) + less
    if metric in RESOURCE_KPIS:
        return _code("pytest-soak trend", latest)
    if table_name in _FED:
        return safe(f"`tail -n 1 {shlex.quote(str(latest / FEEDS))}/{table_name}_*.jsonl`")
    return "no command: `stops` alone says what it did"


def _code(command: str, path: Path) -> str:
    return safe(f"`{command} {shlex.quote(str(path))}`")

"""What comparisons came to, as a document with one verdict."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.compare_models import (
    ComparedKpi,
    ComparedLanes,
    ComparedRuns,
    Found,
)
from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.comparing.design import alone
from pytest_soak.comparing.findings import ComparedGroups, Finding
from pytest_soak.gates.engine import Verdict, worst
from pytest_soak.text import plural


def document(
    reference: str, target: str, comparisons: Sequence[ComparedGroups], notes: Sequence[str]
) -> ComparedRuns:
    """The document of one or more comparisons with `reference`, which soaked `target`."""
    verdict = worst([_verdict(one) for one in comparisons])
    return ComparedRuns(
        source=target,
        meta=machine(),
        reference=reference,
        runs=list(dict.fromkeys(one.after.run for one in comparisons)),
        verdict=verdict,
        text=_sentence(verdict, reference, comparisons),
        comparisons=[_lanes(one) for one in comparisons],
        notes=list(notes),
    )


def not_compared(reference: str, run: StoredRun, why: str) -> ComparedRuns:
    """The document of a run of which nothing can be said beside `reference`."""
    return ComparedRuns(
        source=run.result.source,
        meta=machine(),
        reference=reference,
        runs=[run.given],
        verdict=Verdict.HOLD,
        text=f"{Verdict.HOLD} against {reference}: not compared: {why}",
        comparisons=[],
        notes=[],
    )


def _verdict(one: ComparedGroups) -> Verdict:
    if one.worse:
        return Verdict.FAIL
    return Verdict.HOLD if one.lacking else Verdict.PASS


def _sentence(verdict: Verdict, reference: str, comparisons: Sequence[ComparedGroups]) -> str:
    """What decided it, by the lanes that it was."""
    against = f"against {reference}"
    if verdict is Verdict.FAIL:
        worse = [f"{_where(one)}: {', '.join(one.worse)}" for one in comparisons if one.worse]
        return f"FAIL {against}: worse in {'; '.join(worse)}"
    if verdict is Verdict.HOLD:
        few = [f"{_where(one)} {one.lacking}" for one in comparisons if one.lacking]
        return f"HOLD {against}: not enough: {'; '.join(few)}"
    count = sum(len(one.findings) for one in comparisons)
    if all(len(one.of(Found.IDENTICAL)) == len(one.findings) for one in comparisons):
        return f"PASS {against}: all {plural(count, 'KPI')} are identical"
    better = sum(len(one.of(Found.BETTER)) for one in comparisons)
    told = f", {better} got better" if better else ""
    return f"PASS {against}: none of {plural(count, 'KPI')} got worse, as far as can be seen{told}"


def _where(one: ComparedGroups) -> str:
    return f"{one.after.run} ({one.after})"


def _lanes(one: ComparedGroups) -> ComparedLanes:
    return ComparedLanes(
        run=one.after.run,
        market=one.after.market.name,
        before=one.before.kind,
        after=one.after.kind,
        way=one.design.way,
        seeds=list(one.design.seeds),
        unpaired=one.design.unpaired,
        verdict=_verdict(one),
        lacking=one.lacking,
        kpis=[_kpi(finding) for finding in one.findings],
        left_out=one.left_out,
        notes=[*one.before.notes, *one.after.notes, *alone(one.design, one.before, one.after)],
    )


def _kpi(finding: Finding) -> ComparedKpi:
    change = finding.change
    known = finding.chance is not None
    return ComparedKpi(
        kpi=change.kpi,
        gated=finding.gated,
        measure=change.measure,
        count=change.units,
        before=change.before,
        after=change.after,
        difference=change.difference.mean,
        correlation=change.correlation,
        half_width=change.difference.half_width if known else None,
        chance=finding.chance,
        detectable=finding.detectable,
        found=finding.found,
    )

"""Stored runs beside a reference run."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_soak.artifacts.compare_models import ComparedRuns
from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.comparing.document import document
from pytest_soak.comparing.findings import compare_groups
from pytest_soak.comparing.groups import groups_of
from pytest_soak.comparing.match import MINUTES, check_windows, match


def compare_runs(reference: StoredRun, others: Sequence[StoredRun]) -> ComparedRuns:
    """Compare every run with the reference; SoakUsageError for what cannot be compared at all."""
    groups, comparisons, notes = groups_of(reference), [], _unfinished(reference)
    for run in others:
        check_windows(reference, run.given, run.result.settings.get(MINUTES))
        matched = match(groups, groups_of(run))
        comparisons += [compare_groups(before, after) for before, after in matched.pairs]
        notes += [*_versions(reference, run), *_unfinished(run), *matched.notes]
    return document(reference.given, reference.result.source, comparisons, notes)


def _unfinished(run: StoredRun) -> list[str]:
    lanes = run.result.unfinished
    return [f"not finished in {run.given}, and left out: {', '.join(lanes)}"] if lanes else []


def _versions(reference: StoredRun, run: StoredRun) -> list[str]:
    old, new = (str(one.result.meta.get("pytest_soak", "unknown")) for one in (reference, run))
    told = f"{reference.given} was made by pytest-soak {old}, {run.given} by {new}"
    return [] if old == new else [told]

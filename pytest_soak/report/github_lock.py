"""What GitHub Actions shows of a build that was held against the lock of a release."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_soak.artifacts.lock_models import GatesStatus
from pytest_soak.gates.engine import Verdict
from pytest_soak.report.github import command, shown, table
from pytest_soak.report.release_lock import CHECK_HEADS, check_cells, check_line

_KINDS = {Verdict.FAIL: "error", Verdict.HOLD: "warning", Verdict.WARN: "warning"}


def lock_summary(status: GatesStatus, last: str) -> Iterator[str]:
    """The Markdown of a step's summary; `last` is the line that says what it came to."""
    yield f"### {shown(last)}"
    yield ""
    if status.checks:
        yield from table([CHECK_HEADS, *map(check_cells, status.checks)])
        yield ""
    for line in (*status.reasons, *status.notes):
        yield f"- {shown(line)}"
    yield ""


def lock_annotations(status: GatesStatus) -> list[str]:
    """An error for each limit that is missed, a warning for each that nothing can be said of.

    What failed, or is held, without such a limit is one annotation.
    """
    found: dict[str, list[str]] = {"error": [], "warning": []}
    for one in status.checks:
        if one.verdict is not Verdict.PASS:
            kind = _KINDS[one.verdict]
            found[kind].append(command(kind, f"lock {status.lock}", check_line(one)))
    if status.verdict is not Verdict.PASS and not found[_KINDS[status.verdict]]:
        kind = _KINDS[status.verdict]
        found[kind].append(command(kind, f"lock {status.lock}", "; ".join(status.reasons)))
    return [*found["error"], *found["warning"]]

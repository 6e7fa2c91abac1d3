"""A run beside its baseline in words: one sentence, and a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_soak.artifacts.baseline_models import AgainstBaseline, BaselineCheck
from pytest_soak.artifacts.compare_models import Way
from pytest_soak.comparing.words import EQUAL
from pytest_soak.errors import escaped, one_line
from pytest_soak.gates.engine import Verdict, worst
from pytest_soak.text import NO_VALUE, number, plural, signed, table

HEADS = ("KPI", "before", "after", "difference, +- 95 %", "could see", "fail unless", "verdict")


def baseline_sentence(beside: Sequence[AgainstBaseline]) -> str:
    """The verdict on all of it (one or more), and what decided it."""
    verdict = worst([one.verdict for one in beside])
    against = ", ".join(dict.fromkeys(one.baseline for one in beside))
    if verdict is Verdict.PASS:
        count = plural(sum(len(one.checks) for one in beside), "limit")
        return f"no worse than {against} by {count}"
    bad = worst([check.verdict for one in beside for check in one.checks])
    told = [
        f"{_where(one, beside)}{text}"
        for one in beside
        for found, text in _told(one)
        if found is bad
    ]
    return f"{verdict} against {against}: {'; '.join(told)}"


def baseline_lines(beside: Sequence[AgainstBaseline]) -> Iterator[str]:
    """Each group of lanes with its table, why a check is not PASS, and what else is to be known."""
    for one in beside:
        yield title(one)
        yield from table([HEADS, *rows_of(one)])
        yield from reasons(one)


def title(one: AgainstBaseline) -> str:
    """What stands against what, and how."""
    beside = "" if one.before == one.after else f" ({one.before} there)"
    seeds = f", {len(one.seeds)} seeds" if len(one.seeds) > 1 else ""
    why = f" (not paired: {one.unpaired})" if one.unpaired else ""
    told = f"{one.after} on {one.market} against {one.baseline}{beside}: {_way(one)}{seeds}{why}"
    return one_line(told)


def rows_of(one: AgainstBaseline) -> Iterator[tuple[str, ...]]:
    """A row of HEADS for each check."""
    for check in one.checks:
        yield (
            escaped(check.metric),
            number(check.before),
            number(check.after),
            _difference(check),
            "" if check.detectable is None else number(check.detectable) + _unit(check),
            check.fail_unless or "",
            str(check.verdict),
        )


def reasons(one: AgainstBaseline) -> Iterator[str]:
    """Why each check that does not pass does not, and what else is to be known."""
    told = [f"{verdict}: {text}" for verdict, text in _told(one)]
    yield from map(one_line, [*told, *one.notes])


def _way(one: AgainstBaseline) -> str:
    """How they stand beside each other; what is equal in every iteration is never too little."""
    held = any(check.verdict is Verdict.HOLD for check in one.checks)
    return one.way if held or one.way is not Way.NONE else EQUAL


def _difference(check: BaselineCheck) -> str:
    if check.difference is None:
        return NO_VALUE
    sure = "" if check.half_width is None else f" +- {number(check.half_width)}"
    return f"{signed(check.difference)}{sure}{_unit(check)}"


def _unit(check: BaselineCheck) -> str:
    return " %" if check.basis == "relative" else ""


def _where(one: AgainstBaseline, beside: Sequence[AgainstBaseline]) -> str:
    return "" if len(beside) == 1 else f"{one.after} on {one.market} "


def _told(one: AgainstBaseline) -> Iterator[tuple[Verdict, str]]:
    """Each reason with the KPIs that it is of."""
    kpis: dict[tuple[Verdict, str], list[str]] = {}
    for check in one.checks:
        if check.reason:
            kpis.setdefault((check.verdict, check.reason), []).append(check.metric)
    for (verdict, reason), names in kpis.items():
        yield verdict, f"{', '.join(names)} {reason}"

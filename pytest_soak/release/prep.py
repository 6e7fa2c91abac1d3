"""Whether a release can begin: checks of its configurations, each with what it saw. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from pydantic import BaseModel, ConfigDict

from pytest_soak.ab.arms import Arm
from pytest_soak.ab.limits import load_rails
from pytest_soak.artifacts.release_models import PrepCheck
from pytest_soak.config.documents import shipped, validate
from pytest_soak.config.flag_layers import DEFAULT
from pytest_soak.config.flags import Value
from pytest_soak.errors import one_line, unknown
from pytest_soak.gates.expressions import parse
from pytest_soak.number import number
from pytest_soak.release.choice import Choice
from pytest_soak.release.plan import Requirement
from pytest_soak.text import number as text_of
from pytest_soak.text import plural, setting


class Figures(BaseModel):
    """The figures of `prep.yaml`, which says what each is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    require: dict[str, Requirement]
    feeds_mb_a_day: float
    cap: str
    capped: str
    cap_share_of_limit: float


@cache
def load_figures() -> Figures:
    """The figures of the package."""
    return validate(Figures, shipped("pytest_soak.release", "prep.yaml"))


_FOUND = {
    "target": "can be imported and built",
    "market": "known",
    "config": "readable, with known flags within their bounds",
    "control": "known, within the tables of the target",
    "candidate": "within the tables of the target, and other than what is in use",
    "gate shadow": "known, and over KPIs that the target gives",
    "gate soak": "known, and over KPIs that the target gives",
    "stop": "known",
}
"""What can be wrong with what a plan names, and what is asked of it."""


def checks(
    choice: Choice, free_mb: float | None, rolled_back: int | None = None
) -> list[PrepCheck]:
    """All checks, in order; that of the disk is left out where what is free is not asked.

    `rolled_back` is the line of the ledger on which an A/B has rolled back this very candidate.
    """
    found = [_check("plan", True, "read", "every key known, every value in range", _plan(choice))]
    found += (_named(what, asked, choice) for what, asked in _FOUND.items())
    found.append(_untried(choice, rolled_back))
    found += _version(choice)
    found += _required(choice)
    if free_mb is not None:
        found.append(_room(choice, free_mb))
    return found


def _plan(choice: Choice) -> str:
    return choice.plan.source


def _check(what: str, good: bool, value: str, requirement: str, source: str) -> PrepCheck:
    return PrepCheck(
        what=what,
        verdict="PASS" if good else "FAIL",
        value=one_line(value),
        requirement=one_line(requirement),
        source=one_line(source),
    )


def _named(what: str, asked: str, choice: Choice) -> PrepCheck:
    problem = choice.problems.get(what)
    if problem is not None:
        return _check(what, False, problem.problem, asked, problem.source)
    plan = choice.plan
    names = {
        "target": plan.target,
        "market": plan.market,
        "config": ", ".join(file.name for file in choice.files) or "none: every flag by default",
        "control": "" if choice.control is None else choice.control.name,
        "candidate": "" if choice.candidate is None else choice.candidate.name,
        "gate shadow": plan.gates.shadow,
        "gate soak": plan.gates.soak,
        "stop": plan.stop,
    }
    if not names[what] or _not_resolved(what, choice):
        return _check(what, False, "not known", asked, _plan(choice))
    return _check(what, True, names[what], asked, _plan(choice))


def _not_resolved(what: str, choice: Choice) -> bool:
    """Whether something before it failed, so that nobody has looked at it."""
    if what.startswith("gate "):
        return choice.gates.get(what.removeprefix("gate ")) is None
    found = {"config": choice.flags, "stop": choice.stop, "market": choice.scenario}
    return what in found and found[what] is None


def _untried(choice: Choice, rolled_back: int | None) -> PrepCheck:
    told = "not" if rolled_back is None else f"on line {rolled_back} of the ledger"
    asked = "a candidate that was rolled back is changed before it is tried again"
    return _check("candidate rolled back", rolled_back is None, told, asked, _plan(choice))


def _version(choice: Choice) -> Iterator[PrepCheck]:
    if choice.bot is None:
        return
    known = choice.bot.can.version or choice.bot.can.source
    asked = "told by `version`, or by the file of its class"
    yield _check("target version", bool(known), known or "not told", asked, choice.plan.target)


def _required(choice: Choice) -> Iterator[PrepCheck]:
    """What is required of flags, of the candidate's where it sets another value.

    Of the usual requirements those of declared flags alone hold.
    """
    if choice.bot is None:
        return
    declared = choice.bot.tables.flags
    given = choice.plan.require
    usual = {name: what for name, what in load_figures().require.items() if name in declared}
    for name, requirement in (usual if given is None else given).items():
        asked = asked_of(requirement)
        if name not in declared:
            yield _check(
                f"flag {name}", False, unknown("flag", name, declared), asked, _plan(choice)
            )
            continue
        told: list[Value] = []
        for arm in _arms(choice):
            if arm.flags[name] not in told:
                yield _flag(name, requirement, arm, choice)
            told.append(arm.flags[name])


def _arms(choice: Choice) -> list[Arm]:
    return [arm for arm in (choice.control, choice.candidate) if arm is not None]


def _flag(name: str, requirement: bool | list[str], arm: Arm, choice: Choice) -> PrepCheck:
    value = arm.flags[name]
    source = DEFAULT if choice.flags is None else choice.flags.sources.get(name, DEFAULT)
    is_changed = choice.flags is None or choice.flags.values[name] != value
    at = _plan(choice) if is_changed else source
    what = f"flag {name} of {arm.name}"
    return _check(what, fulfils(requirement, value), setting(value), asked_of(requirement), at)


def fulfils(requirement: bool | list[str], value: Value) -> bool:
    """Whether a flag's value is what is required of it."""
    if isinstance(requirement, bool):
        return value is requirement
    given = number(value)
    return given is not None and all(parse(limit).holds(given) for limit in requirement)


def asked_of(requirement: bool | list[str]) -> str:
    """What is required of a flag, in words."""
    return setting(requirement) if isinstance(requirement, bool) else " and ".join(requirement)


def needed_mb(choice: Choice) -> float:
    """What the feeds of the soak take, in MB."""
    days = choice.plan.hours.soak / 24
    return load_figures().feeds_mb_a_day * days * len(choice.plan.seeds)


def _room(choice: Choice, free_mb: float) -> PrepCheck:
    """The disk; how much of it is free is told only where that is too little, as it varies."""
    lanes = plural(len(choice.plan.seeds), "lane")
    a_day = load_figures().feeds_mb_a_day
    needed = needed_mb(choice)
    asked = f"{text_of(needed)} MB for feeds of {lanes} of {choice.plan.hours.soak:g} h, "
    asked += f"{a_day:g} MB a day"
    enough = free_mb >= needed
    value = "enough" if enough else f"{text_of(free_mb)} MB free"
    return _check("disk", enough, value, asked, "the folder of the release")


def notes(choice: Choice) -> list[str]:
    """What is no failure, and may lead to one."""
    told = [] if choice.flags is None else [one_line(note) for note in choice.flags.notes]
    return [*told, *(note for arm in _arms(choice) for note in _near_the_limit(arm))]


def _near_the_limit(arm: Arm) -> Iterator[str]:
    """A cap so near the absolute limit that the share which it holds on average may pass that."""
    figures = load_figures()
    cap = number(arm.flags.get(figures.cap))
    limits = [100 * c.limit.limit for c in load_rails().criteria if c.metric == figures.capped]
    if cap is None or not _switched_on(figures.cap, arm.flags):
        return
    for limit in limits:
        if cap > figures.cap_share_of_limit * limit:
            share = f"more than {figures.cap_share_of_limit:g} of the absolute limit, {limit:g} %"
            why = "the cap holds an average, and an hour may pass the limit"
            yield f"NOTE: {arm.name} has {figures.cap} = {cap:g}, {share}: {why}"


def _switched_on(cap: str, flags: Mapping[str, Value]) -> bool:
    return flags.get(f"{cap.rpartition('.')[0]}.enabled", True) is True

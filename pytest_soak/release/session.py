"""The pytest session of a measured step, as the arguments of `python -m pytest`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_soak.ab.arms import Arm
from pytest_soak.canonical import compact
from pytest_soak.config.names import shown_path
from pytest_soak.errors import SoakUsageError
from pytest_soak.options import OPTIONS
from pytest_soak.release.plan import Plan

FREE = ("iteration-timeout", "settle", "sleep", "show-config", "cluster", "report")
"""Options of a soak that change nothing of what is measured, so that they may be added."""


class Session(NamedTuple):
    """What a step soaks: `seeds` under one configuration, into the artifact root `directory`."""

    plan: Plan
    arm: Arm
    seeds: tuple[int, ...]
    iterations: int
    minutes: float
    gate: str
    directory: Path
    stop: str = "off"
    feeds: bool = False


def arguments(
    session: Session, folder: Path, more: Sequence[str] = (), *, resume: bool = False
) -> list[str]:
    """The arguments for pytest in `folder`, with `more` at their end.

    Raises SoakUsageError where `more` has an option that the plan decides.
    """
    plan = session.plan
    decided = {
        "iterations": str(session.iterations),
        "minutes": f"{session.minutes:g}",
        "target": plan.target,
        "market": plan.market,
        "seed": ",".join(map(str, session.seeds)),
        "profile": "default",
        "overrides-json": compact(session.arm.overrides),
        "gate": session.gate,
        "gate-mode": "hard",
        "stop": session.stop,
        "dir": shown_path(session.directory, folder),
    }
    given = [f"--soak-{name}={value}" for name, value in decided.items()]
    given += [f"--soak-flag={name}={_text(value)}" for name, value in session.arm.flags.items()]
    given += ["--soak-feeds"] if session.feeds else []
    given += ["--soak-resume"] if resume else []
    _check_more(more)
    return [*given, *more]


def _text(value: bool | float) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _check_more(more: Sequence[str]) -> None:
    for argument in more:
        name = argument.partition("=")[0].replace("--no-soak", "--soak")
        known = [option for option in OPTIONS if option.flag_text.startswith(name)]
        if name.startswith("--soak") and not any(option.name in FREE for option in known):
            problem = "the plan decides what is measured; change it in the plan"
            raise SoakUsageError(f"-- {argument}", problem)
